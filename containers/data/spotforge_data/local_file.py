"""A file on the job's own disk, with what a version records of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spotforge_runtime.hashing import sha256_of_file


@dataclass(frozen=True)
class LocalFile:
    location: Path
    bytes: int
    sha256: str

    @staticmethod
    def at(location: Path) -> LocalFile:
        """Reads the file once, for its hash."""
        return LocalFile(location, location.stat().st_size, sha256_of_file(location))
