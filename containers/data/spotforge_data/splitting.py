"""Which split a row belongs to. A group is the unit: rows of one document never straddle the split."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Split = Literal["train", "validation", "test"]
# In this order: what lies in a later split outranks the same in an earlier one.
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
TRAIN, VALIDATION, TEST = range(3)


def split_of(group: str, *, seed: int, validation: float, test: float) -> Split:
    """A group's split, from the hash of seed and group alone: neither other rows nor their order matter, so that a dataset
    that grows keeps every old group where it was."""
    return SPLITS[int(splits_of(positions_of([group], seed=seed), validation=validation, test=test)[0])]


def positions_of(groups: Iterable[str], *, seed: int) -> npt.NDArray[np.uint64]:
    """The place of each group: the first 8 bytes of the SHA-256 of seed and group. It stands for the group from here on; two
    groups that shared one would share the split too."""
    import numpy as np

    return np.fromiter((hashed(f"{seed}\n{group}") for group in groups), dtype=np.uint64)


def splits_of(positions: npt.NDArray[np.uint64], *, validation: float, test: float) -> npt.NDArray[np.uint8]:
    """Indexes into SPLITS. `validation` and `test` are shares of the groups."""
    import numpy as np

    at = positions / 2.0**64
    return np.where(at < test, TEST, np.where(at < test + validation, VALIDATION, TRAIN)).astype(np.uint8)


def hashed(text: str) -> int:
    """The first 8 bytes of a text's SHA-256, as an integer."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
