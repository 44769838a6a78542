"""Brings the files of a source to the job's own disk, hashed on the way."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from spotforge_runtime.errors import InvalidInput
from spotforge_runtime.tree_hash import tree_hash

from spotforge_data.local_file import LocalFile
from spotforge_data.side_by_side import side_by_side
from spotforge_data.sources import SourceFile


class ReportProgress(Protocol):
    """`Progress.report`, as far as it is used here."""

    def __call__(self, *, step: int, total_steps: int, message: str) -> None: ...


class ByteMeter:
    """Turns bytes into progress. May be told by several threads."""

    def __init__(self, report: ReportProgress, total: int) -> None:
        self._report = report
        self._total = total
        self._done = 0
        self._one_at_a_time = threading.Lock()
        self.message = ""

    def add(self, count: int) -> None:
        with self._one_at_a_time:
            self._done += count
            self._report(step=self._done, total_steps=self._total, message=self.message)


def fetch(files: Sequence[SourceFile], folder: Path, meter: ByteMeter, message: str) -> dict[str, LocalFile]:
    """Streams files into a folder. Relative path → where it lies, its bytes and SHA-256."""
    meter.message = message

    def one(file: SourceFile) -> LocalFile:
        location = folder / file.path
        location.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with location.open("wb") as target:
            for data in file.content():
                digest.update(data)
                size += len(data)
                target.write(data)
                meter.add(len(data))
        return LocalFile(location, size, digest.hexdigest())

    return dict(zip((file.path for file in files), side_by_side(files, one), strict=True))


def check_hash(
    what: str,
    files: dict[str, LocalFile],
    expected: Sequence[str | None],
    where: str,
    *,
    also: dict[str, LocalFile] | None = None,
) -> None:
    """InvalidInput, naming expected and found, unless the tree hash of `files` (or of `also`) is each of the expected ones."""
    found = [tree_hash({path: file.sha256 for path, file in group.items()}) for group in (files, also or files)]
    for sha256 in expected:
        if sha256 is not None and sha256 not in found:
            raise InvalidInput(
                f"The {what} is not the one that was named: expected tree hash {sha256}, found {found[0]} "
                f"over {len(files)} files, {sum(file.bytes for file in files.values())} bytes.",
                where=where,
                remedy="Send the right files, or correct the hash. Nothing was stored.",
            )
