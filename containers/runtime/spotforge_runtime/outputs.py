"""What this attempt writes: each object once, each listed in the manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotforge_runtime.attempt import AttemptIdentity
from spotforge_runtime.documents import to_json
from spotforge_runtime.errors import ContractBroken
from spotforge_runtime.retention import Retention
from spotforge_runtime.s3_uri import uri_of
from spotforge_runtime.storage import ObjectStore

if TYPE_CHECKING:
    from pydantic import BaseModel

    from spotforge_runtime.contracts.models import StoredObject


class StageOutputs:
    """By default an output lies in the attempt's folder of the experiments bucket, under its name."""

    def __init__(self, storage: ObjectStore, bucket: str, attempt: AttemptIdentity) -> None:
        self._storage = storage
        self._bucket = bucket
        self._prefix = attempt.prefix
        self._written: dict[str, StoredObject] = {}

    def write(
        self,
        name: str,
        path: Path,
        *,
        bucket: str | None = None,
        key: str | None = None,
        retention: Retention | None = None,
    ) -> StoredObject:
        """Stores a file. Bucket, key and retention only for what lies elsewhere than in the attempt's folder."""
        return self._store(name, bucket, key, lambda to, at: self._storage.upload(path, to, at, retention=retention))

    def write_bytes(
        self,
        name: str,
        data: bytes,
        *,
        bucket: str | None = None,
        key: str | None = None,
        retention: Retention | None = None,
    ) -> StoredObject:
        return self._store(name, bucket, key, lambda to, at: self._storage.put(data, to, at, retention=retention))

    def write_json(
        self,
        name: str,
        document: BaseModel | Mapping[str, Any],
        *,
        bucket: str | None = None,
        key: str | None = None,
        retention: Retention | None = None,
    ) -> StoredObject:
        return self.write_bytes(name, to_json(document), bucket=bucket, key=key, retention=retention)

    def refer(self, stored: StoredObject) -> StoredObject:
        """Lists an object that is already stored, for example of a dataset version that is reused."""
        if stored.name in self._written:
            raise ContractBroken(f"The stage wrote two outputs named '{stored.name}'.", where=stored.name)
        self._written[stored.name] = stored
        return stored

    @property
    def written(self) -> list[StoredObject]:
        """Everything stored or referred to, in that order."""
        return list(self._written.values())

    def _store(self, name: str, bucket: str | None, key: str | None, send: Callable[[str, str], tuple[int, str]]) -> StoredObject:
        from spotforge_runtime.contracts.models import StoredObject

        if name in self._written:
            raise ContractBroken(f"The stage wrote two outputs named '{name}'.", where=name)
        to, at = bucket or self._bucket, key or self._prefix + name
        size, sha256 = send(to, at)
        return self.refer(StoredObject(name=name, bucket=to, key=at, bytes=size, sha256=sha256))


def uri_of_output(stored: StoredObject) -> str:
    """`s3://bucket/key` of an output, for summaries and diagnostics."""
    return uri_of(stored.bucket, stored.key)
