"""Finds rows that are nearly the same, among any number of them, in memory that grows by some 30 bytes a row.

Fingerprints lie on disk: a file for each band of keys, one for the marks. A band at a time is sorted; rows that share a key
are compared with the first of them, and with those that follow them closely."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from spotforge_data.fingerprints import Fingerprinter

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

# Rows of one key that are compared with each other, beside the first of them: enough for keys that meet by chance, while
# copies by the thousand cost a few comparisons each.
NEIGHBOURS = 8
PAIRS_AT_A_TIME = 4096


class NearDuplicates:
    """Collects fingerprints batch by batch, then names the pairs. Use as a context manager; `folder` is its own."""

    def __init__(self, fingerprinter: Fingerprinter, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._fingerprinter = fingerprinter
        self._marks = folder / "marks"
        self._places = folder / "places"
        self._bands = [folder / f"band-{band}" for band in range(fingerprinter.bands)]
        self._open = ExitStack()
        self._files = {path: self._open.enter_context(path.open("wb")) for path in (self._marks, self._places, *self._bands)}
        self._rows = 0

    def __enter__(self) -> NearDuplicates:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.close()
        for path in self._files:
            path.unlink()

    def add(self, content: pl.Series) -> None:
        """The next rows, in their order."""
        taken = self._fingerprinter.take(content, self._rows)
        self._files[self._places].write(taken.place.tobytes())
        self._files[self._marks].write(taken.marks.tobytes())
        for band, path in enumerate(self._bands):
            self._files[path].write(taken.keys[:, band].tobytes())
        self._rows += len(content)

    def pairs(self, rank: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
        """(pairs, 2): places of near duplicates, the first of each pair with the higher `rank`, or before the other. Of many
        that are alike, each is paired with the one that ranks highest, not all with all."""
        import numpy as np

        for file in self._files.values():
            file.flush()
        place = np.fromfile(self._places, np.uint32)
        descending = np.uint8(255) - rank[place]
        found = np.empty(0, np.uint64)
        for path in self._bands:
            order, same = _by_key(np.fromfile(path, np.uint64), descending)
            for one, other in _candidates(order, same):
                alike = self._alike(one, other)
                pairs = one[alike].astype(np.uint64) << np.uint64(32) | other[alike].astype(np.uint64)
                found = np.union1d(found, pairs)
        both = np.stack([found >> np.uint64(32), found & np.uint64(0xFFFFFFFF)], axis=1)
        return place[both.astype(np.int64)]

    def _alike(self, one: npt.NDArray[np.uint32], other: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
        """Compares pairs a few thousand at a time."""
        import numpy as np

        parts: list[npt.NDArray[np.bool_]] = [np.empty(0, bool)]
        with self._marks.open("rb", buffering=0) as file:
            for start in range(0, len(one), PAIRS_AT_A_TIME):
                chunk = slice(start, start + PAIRS_AT_A_TIME)
                marks = self._read_marks(file.fileno(), one[chunk]), self._read_marks(file.fileno(), other[chunk])
                parts.append(self._fingerprinter.alike(*marks))
        return np.concatenate(parts)

    def _read_marks(self, file: int, rows: npt.NDArray[np.uint32]) -> npt.NDArray[Any]:
        """Row by row: a map of the file would soon hold all of it, since the kernel maps a neighbourhood with each page."""
        import numpy as np

        marks = np.empty((len(rows), self._fingerprinter.width), self._fingerprinter.dtype)
        bytes_each = marks.itemsize * self._fingerprinter.width
        for at, row in enumerate(rows.tolist()):
            os.preadv(file, [marks[at]], row * bytes_each)
        return marks


def _by_key(
    keys: npt.NDArray[np.uint64], descending: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """The rows that share their key with another, by key, rank and place; and for each the index at which its key begins."""
    import numpy as np

    order = np.lexsort((descending, keys)).astype(np.uint32)
    keys = keys[order]
    as_before = np.zeros(len(keys), bool)
    as_before[1:] = keys[1:] == keys[:-1]
    shared = as_before.copy()
    shared[:-1] |= as_before[1:]
    order, begins = order[shared], ~as_before[shared]
    return order, np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0)).astype(np.uint32)


def _candidates(
    order: npt.NDArray[np.uint32], first: npt.NDArray[np.uint32]
) -> list[tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]]:
    import numpy as np

    at = np.arange(len(order), dtype=np.uint32)
    beyond = at > first + NEIGHBOURS
    pairs = [(order[first[beyond]], order[at[beyond]])]
    for step in range(1, NEIGHBOURS + 1):
        together = first[step:] == first[:-step]
        pairs.append((order[:-step][together], order[step:][together]))
    return pairs
