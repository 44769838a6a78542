"""Objects: written once, read back verified, every refusal with one meaning."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from containers.stage_rig import StageRig, an_id
from spotforge_runtime import storage as storage_module
from spotforge_runtime.errors import ContractBroken, Infrastructure, StageError
from spotforge_runtime.patience import Patience, may_pass
from spotforge_runtime.storage import AccessRefused, ObjectMissing, ObjectStore, StoredHead

BUCKET = "rig-experiments"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def refusal(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Any")  # type: ignore[typeddict-item]


class Refusing:
    """An S3 client that refuses the first `times` calls, then passes them on."""

    def __init__(self, client: Any, error: Exception, times: int = 10**9) -> None:
        self._client, self._error, self._left = client, error, times

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: Any) -> Any:
            self._left -= 1
            if self._left >= 0:
                raise self._error
            return getattr(self._client, name)(**arguments)

        return call


def impatient() -> Patience:
    """Two minutes of patience that pass at once."""
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    return Patience(clock=lambda: clock[0], sleep=sleep)


def store_with(rig: StageRig, error: Exception, times: int = 10**9) -> ObjectStore:
    refusing: Any = Refusing(rig.s3, error, times)
    return ObjectStore(refusing, patience=impatient())


def test_what_is_stored_comes_back_with_its_hash(rig: StageRig, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(3_000_000))
    key = an_id()
    size, digest = rig.storage.upload(source, BUCKET, key)
    seen: list[int] = []
    found = rig.storage.download(BUCKET, key, tmp_path / "a" / "copy", sha256=digest, bytes=size, on_bytes=seen.append)

    assert (tmp_path / "a" / "copy").read_bytes() == source.read_bytes()
    assert found == digest == sha256(source.read_bytes())
    assert sum(seen) == size and len(seen) > 1
    assert rig.storage.head(BUCKET, key) == StoredHead(size, digest)
    checksum = rig.s3.head_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED").get("ChecksumSHA256")
    assert checksum is not None


def test_an_identical_second_write_is_fine_and_another_one_is_refused(rig: StageRig) -> None:
    key = an_id()
    rig.storage.put(b"first", BUCKET, key)
    rig.storage.put(b"first", BUCKET, key)
    with pytest.raises(ContractBroken, match="written once and holds something else"):
        rig.storage.put(b"second", BUCKET, key)
    assert rig.read(f"s3://{BUCKET}/{key}") == b"first"
    rig.storage.put(b"second", BUCKET, key, once=False)
    assert rig.read(f"s3://{BUCKET}/{key}") == b"second"


def test_an_identical_object_that_somebody_else_stored_is_fine_too(rig: StageRig) -> None:
    key = an_id()
    rig.s3.put_object(Bucket=BUCKET, Key=key, Body=b"content")
    rig.storage.put(b"content", BUCKET, key)
    with pytest.raises(ContractBroken):
        rig.storage.put(b"CONTENT", BUCKET, key)


def test_of_many_writers_of_different_content_one_wins(rig: StageRig) -> None:
    key = an_id()
    outcomes: list[int | None] = []

    def write(number: int) -> None:
        try:
            rig.storage.put(f"writer {number}".encode(), BUCKET, key)
            outcomes.append(number)
        except ContractBroken:
            outcomes.append(None)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [number for number in outcomes if number is not None]
    assert len(outcomes) == 8
    assert [f"writer {number}".encode() for number in winners] == [rig.read(f"s3://{BUCKET}/{key}")]


def test_large_files_go_up_in_parts_and_are_written_once_as_well(
    rig: StageRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_module, "MULTIPART_FROM_BYTES", 1_000_000)
    monkeypatch.setattr(storage_module, "PART_BYTES", 5 * 1024 * 1024)
    source = tmp_path / "source"
    source.write_bytes(os.urandom(11_000_001))
    key = an_id()
    size, digest = rig.storage.upload(source, BUCKET, key)
    rig.storage.upload(source, BUCKET, key)
    rig.storage.download(BUCKET, key, tmp_path / "copy", sha256=digest, bytes=size)

    assert rig.storage.head(BUCKET, key) == StoredHead(size, sha256(source.read_bytes()))
    source.write_bytes(os.urandom(11_000_001))
    with pytest.raises(ContractBroken):
        rig.storage.upload(source, BUCKET, key)
    assert not rig.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads")


def test_content_that_is_not_what_was_recorded_is_not_kept(rig: StageRig, tmp_path: Path) -> None:
    key = an_id()
    rig.storage.put(b"changed", BUCKET, key)
    for expected in ({"sha256": sha256(b"original")}, {"bytes": 3}):
        with pytest.raises(ContractBroken, match="is not what was recorded"):
            rig.storage.download(BUCKET, key, tmp_path / "copy", **expected)
        assert not (tmp_path / "copy").exists()


def test_a_connection_that_breaks_is_taken_up_where_it_broke(rig: StageRig) -> None:
    key, data, ranges = an_id(), os.urandom(2_500_000), []
    rig.storage.put(data, BUCKET, key)

    class BreakingBody:
        def __init__(self, body: Any) -> None:
            self.body, self.reads = body, 0

        def read(self, size: int) -> bytes:
            self.reads += 1
            if self.reads > 1:
                raise ConnectionResetError("gone")
            piece: bytes = self.body.read(size)
            return piece

    class Breaking:
        def get_object(self, **arguments: Any) -> Any:
            ranges.append(arguments.get("Range"))
            answer = rig.s3.get_object(**arguments)
            return {**answer, "Body": BreakingBody(answer["Body"])}

    breaking: Any = Breaking()
    assert b"".join(ObjectStore(breaking, patience=impatient()).stream(BUCKET, key)) == data
    assert ranges == [None, "bytes=1048576-", "bytes=2097152-"]


def test_an_object_that_ends_early_is_refused(rig: StageRig) -> None:
    class Short:
        def get_object(self, **_: Any) -> Any:
            class Body:
                def read(self, *_: int) -> bytes:
                    return b""

            return {"ETag": "e", "ContentLength": 5, "Body": Body()}

    short: Any = Short()
    with pytest.raises(ContractBroken, match="ended after 0 of 5 bytes"):
        list(ObjectStore(short).stream(BUCKET, "key"))


def test_listing_goes_over_pages(rig: StageRig) -> None:
    class Pages:
        def list_objects_v2(self, **arguments: Any) -> Any:
            if "ContinuationToken" in arguments:
                return {"IsTruncated": False, "Contents": [{"Key": "b", "Size": 2}]}
            return {"IsTruncated": True, "NextContinuationToken": "t", "Contents": [{"Key": "a", "Size": 1}]}

    pages: Any = Pages()
    assert [(item.key, item.bytes) for item in ObjectStore(pages).list(BUCKET, "")] == [("a", 1), ("b", 2)]


def test_a_missing_object_is_missing_and_a_probe_says_no(rig: StageRig) -> None:
    with pytest.raises(ObjectMissing, match="does not exist"):
        rig.storage.read_bytes(f"s3://{BUCKET}/nothing-here")
    assert rig.storage.head(BUCKET, "nothing-here") is None
    assert not rig.storage.exists(BUCKET, "nothing-here")
    rig.storage.put(b"x", BUCKET, key := an_id())
    assert rig.storage.exists(BUCKET, key)
    rig.storage.delete(BUCKET, key)
    assert not rig.storage.exists(BUCKET, key)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refusal("AccessDenied", 403), AccessRefused),
        (refusal("NoSuchKey", 404), ObjectMissing),
        (refusal("SlowDown", 503), Infrastructure),
        (refusal("InvalidRequest", 400), StageError),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), Infrastructure),
        (NoCredentialsError(), AccessRefused),
    ],
)
def test_each_refusal_has_one_meaning(rig: StageRig, error: Exception, expected: type[StageError]) -> None:
    with pytest.raises(StageError, match="s3://bucket/key") as caught:
        store_with(rig, error).read_bytes("s3://bucket/key")
    assert type(caught.value) is expected


def test_a_refusal_that_passes_is_not_noticed(rig: StageRig) -> None:
    key = an_id()
    store_with(rig, refusal("ServiceUnavailable", 503), times=4).put(b"x", BUCKET, key)
    assert rig.read(f"s3://{BUCKET}/{key}") == b"x"


def test_patience_lasts_two_minutes() -> None:
    clock, tries = [1000.0], [0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    def refuse() -> None:
        tries[0] += 1
        raise ConnectionResetError("gone")

    with pytest.raises(Infrastructure, match=r"Could not write s3://b/k: refused for 120 s.*ConnectionResetError"):
        Patience(clock=lambda: clock[0], sleep=sleep).call("write s3://b/k", "s3://b/k", refuse)
    assert 105 <= clock[0] - 1000 <= 120
    assert tries[0] > 10


def test_an_expired_token_may_pass_and_a_defect_may_not() -> None:
    assert may_pass(refusal("ExpiredToken", 400))
    assert may_pass(refusal("Whatever", 500))
    assert not may_pass(refusal("AccessDenied", 403))
    assert not may_pass(KeyError("x"))


def test_an_upload_in_parts_that_fails_leaves_nothing(rig: StageRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_module, "MULTIPART_FROM_BYTES", 10)
    source = tmp_path / "source"
    source.write_bytes(b"more than ten bytes")

    class NoParts:
        def __getattr__(self, name: str) -> Any:
            return getattr(rig.s3, name)

        def upload_part(self, **_: Any) -> Any:
            raise refusal("AccessDenied", 403)

        def abort_multipart_upload(self, **arguments: Any) -> Any:
            rig.s3.abort_multipart_upload(**arguments)
            raise refusal("AccessDenied", 403)

    no_parts: Any = NoParts()
    with pytest.raises(AccessRefused):
        ObjectStore(no_parts).upload(source, BUCKET, an_id())
    assert not rig.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads")
