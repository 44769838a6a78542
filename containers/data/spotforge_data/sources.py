"""Where a dataset or a base model comes from: the user's upload, an allowed S3 prefix, or a hub commit."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from spotforge_runtime.contracts import names
from spotforge_runtime.errors import InvalidInput
from spotforge_runtime.s3_uri import parse_uri
from spotforge_runtime.storage import CHUNK_BYTES, AccessRefused, ListedObject, ObjectMissing

from spotforge_data.dataset_store import DatasetStore
from spotforge_data.versions import files_of_version

# The rule of the contracts' relativePath: nothing that leaves its folder or needs quoting.
PATH_RULE = re.compile(r"(?!/)(?!.*(^|/)\.{1,2}(/|$))(?!.*//)[A-Za-z0-9._/ -]*[A-Za-z0-9._-]")
LONGEST_PATH = 512


@dataclass(frozen=True)
class SourceFile:
    """A file to be read: its path within the source, its size, and its content in pieces."""

    path: str
    bytes: int
    content: Callable[[], Iterator[builtins.bytes]]


def list_source(store: DatasetStore, uri: str, where: str, hub_folder: Path | None = None) -> list[SourceFile]:
    """The files of a source, sorted by path. `where` is the spec's field, for messages; a hub's files are
    downloaded into `hub_folder`. InvalidInput when there are none, they may not be read, or a path breaks the rule."""
    kind, _, rest = uri.partition(":")
    if kind == "upload":
        prefix = names.KEY_UPLOAD.format(tenant=store.tenant, upload_id=rest)
        files = _list_folder(store, store.bucket, prefix, uri, where)
    elif kind == "hf" and hub_folder is not None:
        files = list_hub(rest, hub_folder, where)
    else:
        files = _list_prefix(store, uri, where)
    if not files:
        raise InvalidInput(f"The source {uri} holds no files.", where=where, remedy="Send the files first, then submit again.")
    for file in files:
        if len(file.path) > LONGEST_PATH or not PATH_RULE.fullmatch(file.path):
            raise InvalidInput(
                f"The source {uri} has a file with a path that cannot be stored: '{file.path[:100]}'.",
                where=where,
                remedy="Rename it: letters, digits, . _ - space and /, at most 512 characters.",
            )
    return sorted(files, key=lambda file: file.path)


def _list_prefix(store: DatasetStore, uri: str, where: str) -> list[SourceFile]:
    """`s3://bucket/folder/` or `…/folder` is everything below it, `s3://bucket/folder/data.csv` the one object."""
    bucket, key = parse_uri(uri)
    if bucket == store.bucket and key.startswith(f"raw/{store.tenant}/"):
        return _list_version(store, key, uri, where)
    if key and not key.endswith("/"):
        head = store.storage.head(bucket, key)
        if head is not None:
            name = key.rpartition("/")[2]
            return [SourceFile(name, head.bytes, partial(_stream, store, bucket, key, uri, where))]
        key += "/"
    return _list_folder(store, bucket, key, uri, where)


def _list_version(store: DatasetStore, prefix: str, uri: str, where: str) -> list[SourceFile]:
    """A stored version is what its document says, without the document: its tree hash is that of what came."""
    files = files_of_version(store, prefix)
    if files is None:
        raise _unreadable(uri, where, "There is no version of a dataset.")
    return [
        SourceFile(file.path, file.bytes, partial(_stream, store, store.bucket, prefix + file.path, uri, where)) for file in files
    ]


def _list_folder(store: DatasetStore, bucket: str, prefix: str, uri: str, where: str) -> list[SourceFile]:
    try:
        found = store.storage.list(bucket, prefix)
    except (AccessRefused, ObjectMissing) as error:
        raise _unreadable(uri, where, error.message) from error
    return [_source_file(store, bucket, prefix, item, uri, where) for item in found if not item.key.endswith("/")]


def _source_file(store: DatasetStore, bucket: str, prefix: str, item: ListedObject, uri: str, where: str) -> SourceFile:
    content = partial(_stream, store, bucket, item.key, uri, where)
    return SourceFile(item.key.removeprefix(prefix), item.bytes, content)


def _stream(store: DatasetStore, bucket: str, key: str, uri: str, where: str) -> Iterator[bytes]:
    try:
        yield from store.storage.stream(bucket, key)
    except (AccessRefused, ObjectMissing) as error:
        raise _unreadable(uri, where, error.message) from error


def _unreadable(uri: str, where: str, why: str) -> InvalidInput:
    return InvalidInput(
        f"The source {uri} cannot be read. {why}",
        where=where,
        remedy="Check the address, and that the deployment may read it; or upload the files through POST /v1/uploads.",
    )


def list_hub(reference: str, folder: Path, where: str) -> list[SourceFile]:
    """Files of `owner/name@commit` on the hub, downloaded at exactly that commit; only what a model needs, no code."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    repository, _, commit = reference.partition("@")
    try:
        snapshot_download(
            repository,
            revision=commit,
            local_dir=folder,
            allow_patterns=["*.json", "*.safetensors", "*.txt", "*.model", "README.md", "LICENSE*"],
        )
    except HfHubHTTPError as error:
        raise _unreadable(f"hf:{reference}", where, f"The hub answered: {error}") from error
    paths = (path for path in folder.rglob("*") if path.is_file())
    relative = ((path, path.relative_to(folder).as_posix()) for path in paths)
    return [
        SourceFile(name, path.stat().st_size, partial(_read_file, path))
        for path, name in relative
        if not name.startswith(".cache/")
    ]


def _read_file(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while data := file.read(CHUNK_BYTES):
            yield data
