"""Bucket properties of CloudFormation, and uploads."""

import base64
import hashlib
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError


def bucket(**properties: Any) -> dict[str, Any]:
    return {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties}}


OUTPUT = {"Name": {"Ref": "Bucket"}}
FULL = {
    "VersioningConfiguration": {"Status": "Enabled"},
    "BucketEncryption": {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
    "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "BlockPublicPolicy": True, "IgnorePublicAcls": True},
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    "ObjectLockEnabled": True,
    "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}},
    "LifecycleConfiguration": {
        "Rules": [
            {
                "Id": "scratch",
                "Status": "Enabled",
                "Prefix": "tmp/",
                "ExpirationInDays": 3,
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
                "Transitions": [{"StorageClass": "GLACIER_IR", "TransitionInDays": 1}],
            },
            {
                "Id": "tagged",
                "Status": "Disabled",
                "Prefix": "a/",
                "TagFilters": [{"Key": "k", "Value": "v"}],
                "ExpirationInDays": 9,
            },
        ]
    },
    "Tags": [{"Key": "purpose", "Value": "test"}],
}


def test_no_property_of_a_bucket_is_dropped(account: Any) -> None:
    s3 = account.client("s3")
    name = account.deploy(bucket(**FULL), OUTPUT)["Name"]
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    rule = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]["BlockPublicPolicy"] is True
    assert s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"] == [
        {"ObjectOwnership": "BucketOwnerEnforced"}
    ]
    retention = s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert retention == {"Mode": "GOVERNANCE", "Days": 1}
    assert {"Key": "purpose", "Value": "test"} in s3.get_bucket_tagging(Bucket=name)["TagSet"]
    scratch, tagged = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert (scratch["ID"], scratch["Filter"]["Prefix"], scratch["Expiration"]["Days"]) == ("scratch", "tmp/", 3)
    assert scratch["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 1
    assert scratch["NoncurrentVersionExpiration"]["NoncurrentDays"] == 7
    assert scratch["Transitions"] == [{"Days": 1, "StorageClass": "GLACIER_IR"}]
    assert tagged["Filter"]["And"]["Tags"] == [{"Key": "k", "Value": "v"}]


def test_a_locked_object_cannot_be_deleted(account: Any) -> None:
    s3 = account.client("s3")
    name = account.deploy(bucket(**FULL), OUTPUT)["Name"]
    version = s3.put_object(Bucket=name, Key="a", Body=b"x", ChecksumAlgorithm="SHA256")["VersionId"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=name, Key="a", VersionId=version)


def test_removed_properties_are_removed_from_the_bucket(account: Any) -> None:
    s3 = account.client("s3")
    without = {key: value for key, value in FULL.items() if not key.startswith("ObjectLock")}
    stack = account.deploy(bucket(**without), OUTPUT)
    account.deploy(bucket(Tags=[{"Key": "other", "Value": "1"}]), OUTPUT, stack=stack["StackName"])
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=stack["Name"])
    assert s3.get_bucket_versioning(Bucket=stack["Name"])["Status"] == "Suspended"
    assert {"Key": "other", "Value": "1"} in s3.get_bucket_tagging(Bucket=stack["Name"])["TagSet"]


def test_replication_copies_objects(account: Any, eventually: Any) -> None:
    s3, role = account.client("s3"), account.role({"Action": "s3:*", "Resource": "*"}, service="s3.amazonaws.com")
    versioned = {"VersioningConfiguration": {"Status": "Enabled"}}
    target = account.deploy(bucket(**versioned), OUTPUT)["Name"]
    rule = {
        "Id": "all",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{target}"},
    }
    source = account.deploy(bucket(**versioned, ReplicationConfiguration={"Role": role, "Rules": [rule]}), OUTPUT)["Name"]
    s3.put_object(Bucket=source, Key="a", Body=b"copied")
    eventually(lambda: s3.list_objects_v2(Bucket=target).get("KeyCount"))


def test_a_property_that_s3_refuses_fails_the_stack(account: Any) -> None:
    rules = [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "rot13"}}]
    with pytest.raises(AssertionError, match="encryption refused"):
        account.deploy(bucket(BucketEncryption={"ServerSideEncryptionConfiguration": rules}))


def test_kms_without_a_key_is_the_accounts_own(account: Any) -> None:
    s3 = account.client("s3")
    s3.create_bucket(Bucket="managed-key")
    assert s3.put_object(Bucket="managed-key", Key="a", Body=b"x", ServerSideEncryption="aws:kms")["SSEKMSKeyId"].endswith(
        "alias/aws/s3"
    )


@pytest.fixture(scope="module")
def upload(account: Any) -> tuple[str, str]:
    """A presigned PUT of `hello`, and its checksum."""
    account.client("s3").create_bucket(Bucket="uploads")
    role = account.role({"Action": "s3:PutObject", "Resource": "arn:aws:s3:::uploads/*"})
    signer = account.acting_as(role)("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
    digest = base64.b64encode(hashlib.sha256(b"hello").digest()).decode()
    parameters = {"Bucket": "uploads", "Key": "a", "ChecksumSHA256": digest}
    return signer.generate_presigned_url("put_object", Params=parameters), digest


def send(url: str, body: bytes, digest: str) -> int:
    request = urllib.request.Request(url, method="PUT", data=body, headers={"x-amz-checksum-sha256": digest})
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_a_presigned_upload_is_held_to_its_checksum(upload: tuple[str, str]) -> None:
    url, digest = upload
    assert send(url, b"hellO", digest) == 400
    other = base64.b64encode(hashlib.sha256(b"hellO").digest()).decode()
    assert send(url, b"hellO", other) == 403, "the checksum is signed"
    assert send(url, b"hello", digest) == 200


def test_an_object_is_written_once(account: Any) -> None:
    s3 = account.client("s3")
    s3.create_bucket(Bucket="once")
    s3.put_object(Bucket="once", Key="a", Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket="once", Key="a", Body=b"2", IfNoneMatch="*")
    assert s3.get_object(Bucket="once", Key="a")["Body"].read() == b"1"
