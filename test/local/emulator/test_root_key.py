"""Exactly one key is root."""

import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from spotforge_emulator.process import Emulator


def refusal(call: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    code: str = caught.value.response["Error"]["Code"]
    return code


def test_the_configured_key_is_root(emulator: Emulator) -> None:
    assert emulator.client("sts").get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:root"


@pytest.mark.parametrize("key", ["test", "000000000000", "AKIAIOSFODNN7EXAMPLE"])
def test_other_keys_are_refused_whatever_their_secret(emulator: Emulator, key: str) -> None:
    other = emulator.client("s3", aws_access_key_id=key, aws_secret_access_key=emulator.secret_access_key)
    assert refusal(other.list_buckets) == "InvalidAccessKeyId"


def test_the_root_key_needs_its_secret(emulator: Emulator) -> None:
    forged = emulator.client("s3", aws_secret_access_key="guessed")
    assert refusal(forged.list_buckets) == "SignatureDoesNotMatch"


def test_nobody_is_refused_and_not_root(emulator: Emulator) -> None:
    emulator.client("s3").create_bucket(Bucket="closed")
    emulator.client("s3").put_object(Bucket="closed", Key="secret", Body=b"x")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{emulator.endpoint}/closed/secret")
    assert caught.value.code == 403
    unsigned = emulator.client("dynamodb", config=Config(signature_version=UNSIGNED))
    assert refusal(unsigned.list_tables).startswith("MissingAuthenticationToken")


def test_without_auth_any_key_is_root(open_emulator: Emulator) -> None:
    assert open_emulator.client("s3", aws_access_key_id="whoever").list_buckets()["Buckets"] == []


@pytest.mark.parametrize("path", ["/_ministack/reset", "/_ministack/config"])
def test_nobody_wipes_the_account_without_credentials(emulator: Emulator, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(emulator.endpoint + path, method="POST", data=b"{}"))
    assert caught.value.code == 403
