"""Objects in S3: immutable writes, verified reads, and one meaning for every refusal."""

# ruff: noqa: N818 - failures are named like those of the contract they extend

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from spotforge_runtime.errors import ContractBroken, StageError
from spotforge_runtime.hashing import sha256_of_bytes, sha256_of_file
from spotforge_runtime.patience import Patience, error_code, http_status
from spotforge_runtime.retention import Retention
from spotforge_runtime.s3_uri import parse_uri, uri_of

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

MIB = 1024 * 1024
MULTIPART_FROM_BYTES = 64 * MIB
PART_BYTES = 16 * MIB
CONCURRENT_PARTS = 4  # 64 MiB in memory at most
CHUNK_BYTES = 1 * MIB
# S3 keeps only a checksum of checksums for a multipart object; the content's own hash travels as metadata.
SHA256_METADATA = "sha256"

Answer = TypeVar("Answer")


class ObjectMissing(StageError):
    """The object is not there. Without the right to list, S3 answers 403 for it as well."""


class AccessRefused(StageError):
    """The role may not do this. Waiting does not help."""


@dataclass(frozen=True)
class ListedObject:
    key: str
    bytes: int


@dataclass(frozen=True)
class StoredHead:
    bytes: int
    sha256: str | None


class ObjectStore:
    """S3 as the stages use it. Safe to use from several threads."""

    def __init__(self, client: S3Client, *, patience: Patience | None = None) -> None:
        self.client = client
        self._patience = patience or Patience()

    def with_patience(self, seconds: float) -> ObjectStore:
        """The same objects, seen by somebody who bears a refusal for that long."""
        return ObjectStore(self.client, patience=Patience(seconds))

    def read_bytes(self, uri: str) -> bytes:
        """A small object's content. ObjectMissing, AccessRefused, Infrastructure."""
        bucket, key = parse_uri(uri)
        return self._call("read", uri, lambda: self.client.get_object(Bucket=bucket, Key=key)["Body"].read())

    def stream(self, bucket: str, key: str) -> Iterator[bytes]:
        """An object's content in pieces of at most 1 MiB. A connection lost between pieces is taken up where it broke."""
        uri = uri_of(bucket, key)
        opened = self._call("read", uri, lambda: self.client.get_object(Bucket=bucket, Key=key))
        etag, total = opened["ETag"], opened["ContentLength"]
        body: StreamingBody | None = opened["Body"]
        position = 0

        def piece() -> bytes:
            nonlocal body
            if body is None:
                span = f"bytes={position}-"
                body = self.client.get_object(Bucket=bucket, Key=key, Range=span, IfMatch=etag)["Body"]
            try:
                return body.read(CHUNK_BYTES)
            except Exception:
                body = None
                raise

        while position < total:
            data = self._call("read", uri, piece)
            if not data:
                raise ContractBroken(f"{uri} ended after {position} of {total} bytes.", where=uri)
            position += len(data)
            yield data

    def download(
        self,
        bucket: str,
        key: str,
        to: Path,
        *,
        sha256: str | None = None,
        bytes: int | None = None,
        on_bytes: Callable[[int], None] | None = None,
    ) -> str:
        """Streams an object into a file and returns its SHA-256. ContractBroken when size or hash are not the expected."""
        to.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with to.open("wb") as file:
            for data in self.stream(bucket, key):
                digest.update(data)
                size += len(data)
                file.write(data)
                if on_bytes:
                    on_bytes(len(data))
        found = digest.hexdigest()
        if (sha256 is not None and sha256 != found) or (bytes is not None and bytes != size):
            to.unlink()
            raise ContractBroken(
                f"The content of {uri_of(bucket, key)} is not what was recorded: expected "
                f"{bytes if bytes is not None else 'any number of'} bytes with SHA-256 {sha256}, found {size} with {found}.",
                where=uri_of(bucket, key),
                remedy="The object was changed after it was written; run the stage that wrote it again.",
            )
        return found

    def upload(
        self,
        path: Path,
        bucket: str,
        key: str,
        *,
        once: bool = True,
        retention: Retention | None = None,
        on_bytes: Callable[[int], None] | None = None,
    ) -> tuple[int, str]:
        """Stores a file; returns bytes and SHA-256. With `once` nothing is ever overwritten: an identical object that is
        there already is fine, another one is ContractBroken. With `retention` it cannot be deleted for that time."""
        size = path.stat().st_size
        if size <= MULTIPART_FROM_BYTES:
            data = path.read_bytes()
            stored = self.put(data, bucket, key, once=once, retention=retention)
        else:
            stored = self._upload_parts(path, size, bucket, key, once=once, retention=retention)
        if on_bytes:
            on_bytes(size)
        return stored

    def put(
        self, data: bytes, bucket: str, key: str, *, once: bool = True, retention: Retention | None = None
    ) -> tuple[int, str]:
        """Stores bytes; otherwise like `upload`."""
        sha256 = sha256_of_bytes(data)
        arguments: dict[str, Any] = {"Bucket": bucket, "Key": key, "Body": data, "ChecksumSHA256": _base64(sha256)}
        arguments |= {"Metadata": {SHA256_METADATA: sha256}} | ({"IfNoneMatch": "*"} if once else {})
        arguments |= retention.arguments() if retention else {}
        try:
            self._call("write", uri_of(bucket, key), lambda: self.client.put_object(**arguments))
        except _AlreadyThereError:
            self._check_identical(bucket, key, len(data), sha256)
        return len(data), sha256

    def head(self, bucket: str, key: str) -> StoredHead | None:
        """Size and recorded hash of an object; None when it is not there (or may not be seen)."""
        uri = uri_of(bucket, key)
        try:
            found = self._call("look at", uri, lambda: self.client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED"))
        except (ObjectMissing, AccessRefused):
            return None
        checksum = found.get("ChecksumSHA256")
        recorded = found.get("Metadata", {}).get(SHA256_METADATA)
        if recorded is None and checksum and "-" not in checksum:
            recorded = base64.b64decode(checksum).hex()
        return StoredHead(found["ContentLength"], recorded)

    def exists(self, bucket: str, key: str) -> bool:
        return self.head(bucket, key) is not None

    def list(self, bucket: str, prefix: str) -> list[ListedObject]:
        """Every object below a prefix, in S3's order (bytewise by key)."""
        uri = uri_of(bucket, prefix)
        found: list[ListedObject] = []
        token: dict[str, Any] = {}
        while True:
            arguments: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix, **token}
            page = self._call("list", uri, partial(self.client.list_objects_v2, **arguments))
            found += [ListedObject(item["Key"], item["Size"]) for item in page.get("Contents", [])]
            if not page.get("IsTruncated"):
                return found
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def delete(self, bucket: str, key: str) -> None:
        self._call("delete", uri_of(bucket, key), lambda: self.client.delete_object(Bucket=bucket, Key=key))

    def _upload_parts(
        self, path: Path, size: int, bucket: str, key: str, *, once: bool, retention: Retention | None
    ) -> tuple[int, str]:
        uri, sha256 = uri_of(bucket, key), sha256_of_file(path)
        place: dict[str, Any] = {"Bucket": bucket, "Key": key}
        start: dict[str, Any] = {**place, "ChecksumAlgorithm": "SHA256", "Metadata": {SHA256_METADATA: sha256}}
        start |= retention.arguments() if retention else {}
        started = self._call("write", uri, lambda: self.client.create_multipart_upload(**start))
        upload = {**place, "UploadId": started["UploadId"]}

        def send(number: int) -> dict[str, Any]:
            with path.open("rb") as file:
                file.seek((number - 1) * PART_BYTES)
                data = file.read(PART_BYTES)
            checksum = _base64(sha256_of_bytes(data))
            part: dict[str, Any] = {**upload, "PartNumber": number, "Body": data, "ChecksumSHA256": checksum}
            answer = self._call("write", uri, lambda: self.client.upload_part(**part))
            return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum}

        try:
            with ThreadPoolExecutor(CONCURRENT_PARTS, thread_name_prefix="part") as pool:
                parts = list(pool.map(send, range(1, -(-size // PART_BYTES) + 1)))
            finish: dict[str, Any] = {**upload, "MultipartUpload": {"Parts": parts}, **({"IfNoneMatch": "*"} if once else {})}
            self._call("write", uri, lambda: self.client.complete_multipart_upload(**finish))
        except BaseException as error:
            self._abandon(upload)
            if not isinstance(error, _AlreadyThereError):
                raise
            self._check_identical(bucket, key, size, sha256)
        return size, sha256

    def _abandon(self, upload: dict[str, Any]) -> None:
        """Best effort: a rule of the bucket removes what is left of an upload that was never completed."""
        try:
            self.client.abort_multipart_upload(**upload)
        except Exception:
            return

    def _check_identical(self, bucket: str, key: str, size: int, sha256: str) -> None:
        head, uri = self.head(bucket, key), uri_of(bucket, key)
        if head is not None and head.sha256 is None and head.bytes == size:
            digest = hashlib.sha256()
            for data in self.stream(bucket, key):
                digest.update(data)
            head = StoredHead(head.bytes, digest.hexdigest())
        if head != StoredHead(size, sha256):
            found = "which this role cannot read" if head is None else f"{head.bytes} bytes with SHA-256 {head.sha256}"
            raise ContractBroken(
                f"{uri} is written once and holds something else: tried {size} bytes with SHA-256 {sha256}, found {found}.",
                where=uri,
                remedy="Two attempts wrote to the same place, or somebody else did; nothing was overwritten.",
            )

    def _call(self, what: str, uri: str, function: Callable[[], Answer]) -> Answer:
        from botocore.exceptions import ClientError, NoCredentialsError

        try:
            return self._patience.call(f"{what} {uri}", uri, function)
        except ClientError as error:
            code, status = error_code(error), http_status(error)
            if status == 412:
                raise _AlreadyThereError(uri) from error
            if status == 404:
                raise ObjectMissing(f"Could not {what} {uri}: it does not exist ({code}).", where=uri) from error
            if status == 403:
                raise AccessRefused(
                    f"Could not {what} {uri}: access refused ({code}), or it does not exist.",
                    where=uri,
                    remedy="Grant the stage's role this access, or correct the address.",
                ) from error
            raise StageError(f"Could not {what} {uri}: {code} {error}", where=uri) from error
        except NoCredentialsError as error:
            raise AccessRefused(
                f"Could not {what} {uri}: the stage has no credentials.", where=uri, remedy="Start it with its job role."
            ) from error


class _AlreadyThereError(StageError):
    """An immutable write met an object."""


def _base64(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()
