"""What a stage locks against deletion, held against a real S3."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from containers.stage_rig import StageRig, an_id
from spotforge_runtime import storage as storage_module
from spotforge_runtime.errors import ContractBroken
from spotforge_runtime.retention import Retention
from spotforge_runtime.storage import ObjectStore

BUCKET = "rig-locked"


@pytest.fixture(scope="module")
def storage(rig: StageRig) -> ObjectStore:
    rig.s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    rig.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return rig.storage


def stored(rig: StageRig, key: str) -> Any:
    return rig.s3.head_object(Bucket=BUCKET, Key=key)


def test_it_counts_days_from_the_writing_on() -> None:
    asked = Retention(30).arguments()
    assert asked["ObjectLockMode"] == "GOVERNANCE"
    assert timedelta(days=30) - (asked["ObjectLockRetainUntilDate"] - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("parts", [False, True], ids=["in one", "in parts"])
def test_a_retained_object_is_neither_deleted_nor_overwritten(
    rig: StageRig, storage: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: bool
) -> None:
    if parts:
        monkeypatch.setattr(storage_module, "MULTIPART_FROM_BYTES", 3)
    source, key = tmp_path / "source", an_id()
    source.write_bytes(b"content")
    storage.upload(source, BUCKET, key, retention=Retention(30))
    head = stored(rig, key)
    assert head["ObjectLockMode"] == "GOVERNANCE"
    assert head["ObjectLockRetainUntilDate"] > datetime.now(UTC) + timedelta(days=29)

    with pytest.raises(ClientError, match="AccessDenied"):
        rig.s3.delete_object(Bucket=BUCKET, Key=key, VersionId=head["VersionId"])
    source.write_bytes(b"another")
    with pytest.raises(ContractBroken, match="written once"):
        storage.upload(source, BUCKET, key, retention=Retention(30))
    assert rig.read(f"s3://{BUCKET}/{key}") == b"content"
    # Governance, not compliance: whoever holds the right that no role of ours has still can.
    rig.s3.delete_object(Bucket=BUCKET, Key=key, VersionId=head["VersionId"], BypassGovernanceRetention=True)


def test_an_identical_object_keeps_the_time_that_it_has(rig: StageRig, storage: ObjectStore) -> None:
    key = an_id()
    storage.put(b"content", BUCKET, key, retention=Retention(1))
    until = stored(rig, key)["ObjectLockRetainUntilDate"]
    storage.put(b"content", BUCKET, key, retention=Retention(30))
    assert stored(rig, key)["ObjectLockRetainUntilDate"] == until


def test_without_it_nothing_is_locked(rig: StageRig, storage: ObjectStore) -> None:
    storage.put(b"content", BUCKET, key := an_id())
    assert "ObjectLockMode" not in stored(rig, key)
    assert rig.a_stage("ingest").context().retention is None


def test_a_stage_takes_it_from_its_variables(rig: StageRig) -> None:
    assert rig.a_stage("ingest", variables={"RETENTION_DAYS": "30"}).context().retention == Retention(30)
    with pytest.raises(ContractBroken, match="RETENTION_DAYS is 0; expected an integer from 1 up"):
        rig.a_stage("ingest", variables={"RETENTION_DAYS": "0"})
