"""Retention that a writer asks for, where stock forgets it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

UNTIL = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
LOCKED: dict[str, Any] = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": UNTIL}


def lockable(account: Any, name: str) -> str:
    s3 = account.client("s3")
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def in_parts(s3: Any, bucket: str, key: str, **asked: Any) -> str:
    started = {"Bucket": bucket, "Key": key, "UploadId": s3.create_multipart_upload(Bucket=bucket, Key=key, **asked)["UploadId"]}
    part = s3.upload_part(**started, PartNumber=1, Body=b"x")
    finished = s3.complete_multipart_upload(**started, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    return str(finished["VersionId"])


def test_an_upload_in_parts_is_locked_as_its_start_asked(account: Any) -> None:
    s3, bucket = account.client("s3"), lockable(account, "locked-in-parts")
    version = in_parts(s3, bucket, "locked", **LOCKED)
    assert s3.head_object(Bucket=bucket, Key="locked")["ObjectLockRetainUntilDate"] == UNTIL
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=bucket, Key="locked", VersionId=version)
    s3.delete_object(Bucket=bucket, Key="locked", VersionId=version, BypassGovernanceRetention=True)
    s3.delete_object(Bucket=bucket, Key="free", VersionId=in_parts(s3, bucket, "free"))


@pytest.mark.parametrize("parts", [False, True])
def test_a_replica_is_locked_as_its_source_is(account: Any, parts: bool) -> None:
    s3, role = account.client("s3"), account.role({"Action": "s3:*", "Resource": "*"}, service="s3.amazonaws.com")
    source, copy, open_copy = (f"{name}-{parts}".lower() for name in ("lock-source", "lock-copy", "lock-open-copy"))
    lockable(account, source)
    lockable(account, copy)
    s3.create_bucket(Bucket=open_copy)
    s3.put_bucket_versioning(Bucket=open_copy, VersioningConfiguration={"Status": "Enabled"})
    rules = [
        {
            "ID": prefix,
            "Status": "Enabled",
            "Priority": priority,
            "Filter": {"Prefix": prefix},
            "DeleteMarkerReplication": {"Status": "Disabled"},
            "Destination": {"Bucket": f"arn:aws:s3:::{target}"},
        }
        for priority, (prefix, target) in enumerate((("a/", copy), ("b/", open_copy)), start=1)
    ]
    s3.put_bucket_replication(Bucket=source, ReplicationConfiguration={"Role": role, "Rules": rules})
    for key in ("a/locked", "b/locked"):
        if parts:
            in_parts(s3, source, key, **LOCKED)
        else:
            s3.put_object(Bucket=source, Key=key, Body=b"x", ChecksumAlgorithm="SHA256", **LOCKED)
    assert s3.head_object(Bucket=copy, Key="a/locked")["ObjectLockRetainUntilDate"] == UNTIL
    assert "ObjectLockMode" not in s3.head_object(Bucket=open_copy, Key="b/locked")
