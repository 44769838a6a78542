"""Immutable versions in the datasets bucket: files first, `dataset.json` last. Without it the version does not exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from spotforge_runtime import instants
from spotforge_runtime.context import StageContext
from spotforge_runtime.contracts import names
from spotforge_runtime.documents import to_json
from spotforge_runtime.errors import ContractBroken
from spotforge_runtime.retention import Retention
from spotforge_runtime.s3_uri import uri_of
from spotforge_runtime.storage import AccessRefused, ObjectMissing, StoredHead
from spotforge_runtime.tree_hash import tree_hash, version_of

from spotforge_data.dataset_store import DatasetStore
from spotforge_data.local_file import LocalFile
from spotforge_data.side_by_side import side_by_side

if TYPE_CHECKING:
    from spotforge_runtime.contracts.models import DatasetFile, DatasetVersion

Kind = Literal["raw", "processed", "base-model"]
DATASET_DOCUMENT = "dataset.json"


@dataclass(frozen=True)
class StoredVersion:
    bucket: str
    prefix: str
    sha256: str
    files: Mapping[str, LocalFile]
    reused: bool

    @property
    def uri(self) -> str:
        return uri_of(self.bucket, self.prefix)

    @property
    def version(self) -> str:
        return version_of(self.sha256)

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files.values())


def prefix_of(kind: Kind, tenant: str, name: str, sha256: str) -> str:
    """The folder of a version; ends with `/`. Base models belong to nobody: the same one is stored once."""
    if kind == "base-model":
        return f"base-models/{sha256}/"
    return f"{kind}/{tenant}/{name}/{version_of(sha256)}/"


def store_version(
    store: DatasetStore,
    kind: Kind,
    name: str,
    files: Mapping[str, LocalFile],
    *,
    parent: str | None = None,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> StoredVersion:
    """Stores files (relative path → file) as a version, or verifies and reuses the identical one that is there. Of raw data
    every object is retained: what is made of it can be made again, and base models can be fetched again.

    ContractBroken when a stored version does not hold what its name says; nothing is ever overwritten."""
    sha256 = tree_hash({path: file.sha256 for path, file in files.items()})
    bucket, prefix = store.bucket, prefix_of(kind, store.tenant, name, sha256)
    stored = _read_document(store, prefix)
    if stored is not None:
        _verify(store, prefix, stored, files)
        on_bytes(sum(file.bytes for file in files.values()))
        return StoredVersion(bucket, prefix, sha256, files, reused=True)
    retention = store.retention if kind == "raw" else None

    def one(path: str) -> None:
        store.storage.upload(files[path].location, bucket, prefix + path, retention=retention)
        on_bytes(files[path].bytes)

    side_by_side(files, one)
    _close(store, prefix, _document(kind, store.tenant, name, sha256, files, parent), files, retention)
    return StoredVersion(bucket, prefix, sha256, files, reused=False)


def refer_outputs(context: StageContext, version: StoredVersion, output_names: Mapping[str, str]) -> None:
    """Lists a version's files in the manifest; `output_names` maps paths to the names of outputs."""
    from spotforge_runtime.contracts.models import StoredObject

    for path, name in output_names.items():
        file = version.files[path]
        context.outputs.refer(
            StoredObject(name=name, bucket=version.bucket, key=version.prefix + path, bytes=file.bytes, sha256=file.sha256)
        )


def files_of_version(store: DatasetStore, prefix: str) -> Sequence[DatasetFile] | None:
    """The files of the version in a folder, as its document lists them; None when there is no such version."""
    document = _read_document(store, prefix)
    return None if document is None else document.files


def _document(
    kind: Kind, tenant: str, name: str, sha256: str, files: Mapping[str, LocalFile], parent: str | None
) -> DatasetVersion:
    from spotforge_runtime.contracts.models import DatasetFile, DatasetVersion

    return DatasetVersion(
        schema_version=names.SCHEMA_VERSION,
        kind=kind,
        tenant=tenant,
        name=name,
        version=version_of(sha256),
        sha256=sha256,
        created_at=instants.now(),
        parent=parent,
        files=[DatasetFile(path=path, bytes=file.bytes, sha256=file.sha256) for path, file in sorted(files.items())],
    )


def _close(
    store: DatasetStore,
    prefix: str,
    document: DatasetVersion,
    files: Mapping[str, LocalFile],
    retention: Retention | None,
) -> None:
    try:
        store.storage.put(to_json(document), store.bucket, prefix + DATASET_DOCUMENT, retention=retention)
    except ContractBroken:
        # Another experiment closed the same version a moment ago; its document differs in the time alone.
        stored = _read_document(store, prefix)
        if stored is None:
            raise
        _verify(store, prefix, stored, files)


def _read_document(store: DatasetStore, prefix: str) -> DatasetVersion | None:
    from pydantic import ValidationError
    from spotforge_runtime.contracts.models import DatasetVersion

    uri = uri_of(store.bucket, prefix + DATASET_DOCUMENT)
    try:
        return DatasetVersion.model_validate_json(store.storage.read_bytes(uri))
    except (ObjectMissing, AccessRefused):
        return None
    except ValidationError as error:
        raise ContractBroken(f"The stored version's document is not valid: {error}", where=uri) from error


def _verify(store: DatasetStore, prefix: str, stored: DatasetVersion, files: Mapping[str, LocalFile]) -> None:
    listed = {file.path: StoredHead(file.bytes, file.sha256) for file in stored.files}
    expected = {path: StoredHead(file.bytes, file.sha256) for path, file in files.items()}
    there: dict[str, StoredHead | None] = {}
    if listed == expected:
        heads = side_by_side(expected, lambda path: store.storage.head(store.bucket, prefix + path))
        there = dict(zip(expected, heads, strict=True))
    if there != expected:
        broken = sorted(path for path in expected | listed if there.get(path) != expected.get(path))
        raise ContractBroken(
            f"The stored version does not hold what its name says: {', '.join(broken[:5])}.",
            where=uri_of(store.bucket, prefix),
            remedy="Remove the version by hand once nothing needs it, then submit again. Nothing was overwritten.",
        )
