"""Fingerprints of pictures: the hash of the file for copies, and a perceptual hash for what only looks the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from spotforge_runtime.hashing import sha256_of_file

from spotforge_data.fingerprints import Fingerprints
from spotforge_data.pictures import PictureFolder, difference_hash

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

# Of 64 bits. Pictures that differ in three share at least one of four quarters, so that none is missed.
MOST_BITS_APART = 3
QUARTERS = 4
# A plain surface has next to no edges, or nothing but one slope: it resembles every other one, and only copies count.
FEWEST_EDGES = 6


class PictureFingerprinter:
    """Marks of a picture: its 64-bit difference hash, and the first 8 bytes of its file's SHA-256."""

    bands: ClassVar[int] = QUARTERS + 1
    width: ClassVar[int] = 2
    dtype: ClassVar[str] = "uint64"

    def __init__(self, folder: PictureFolder) -> None:
        self._folder = folder
        self._known: dict[str, tuple[int, int, bool]] = {}

    def take(self, content: pl.Series, first_place: int) -> Fingerprints:
        import numpy as np

        seen = [self._look(path) for path in content]
        looks = np.array([look for look, _, _ in seen], np.uint64)
        files = np.array([file for _, file, _ in seen], np.uint64)
        plain = np.array([plain for _, _, plain in seen], bool)
        quarters = [(looks >> np.uint64(16 * index)) & np.uint64(0xFFFF) for index in range(QUARTERS)]
        keys = np.stack([*(np.where(plain, files, quarter) for quarter in quarters), files], axis=1)
        place = np.arange(first_place, first_place + len(content), dtype=np.uint32)
        # Plain pictures are compared by file alone: their own file's hash stands in for the look.
        return Fingerprints(place, keys, np.stack([np.where(plain, files, looks), files], axis=1))

    def alike(self, one: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        import numpy as np

        near = np.bitwise_count(one[:, 0] ^ other[:, 0]) <= MOST_BITS_APART
        same: npt.NDArray[np.bool_] = near | (one[:, 1] == other[:, 1])
        return same

    def _look(self, path: str) -> tuple[int, int, bool]:
        if path not in self._known:
            self._known[path] = _look_at(self._folder.location(path))
        return self._known[path]


def _look_at(location: Path) -> tuple[int, int, bool]:
    bits = difference_hash(location)
    brighter = int(bits.sum())
    look = sum(1 << index for index, bit in enumerate(bits) if bit)
    return look, int(sha256_of_file(location)[:16], 16), not FEWEST_EDGES <= brighter <= len(bits) - FEWEST_EDGES
