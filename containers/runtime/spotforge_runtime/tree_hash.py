"""One hash for a folder: SHA-256 over the lines `{sha256}  {relative path}`, sorted bytewise by path."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from spotforge_runtime.hashing import sha256_of_file

VERSION_LENGTH = 16


def tree_hash(files: Mapping[str, str]) -> str:
    """Tree hash of files given as relative path → SHA-256 (both as text, hashes in lower-case hexadecimal)."""
    lines = (f"{files[path]}  {path}\n".encode() for path in sorted(files, key=str.encode))
    return hashlib.sha256(b"".join(lines)).hexdigest()


def tree_hash_of_folder(folder: Path) -> str:
    """Tree hash of every regular file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return tree_hash({path.relative_to(folder).as_posix(): sha256_of_file(path) for path in files})


def version_of(sha256: str) -> str:
    """The name of a stored version: the first 16 hexadecimal characters of its tree hash."""
    return sha256[:VERSION_LENGTH]
