"""What the search for near duplicates keeps of each row: of fixed size, whatever the row holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl


@dataclass(frozen=True)
class Fingerprints:
    """Of n rows: `place` uint32, where each stands among all; `keys` (n, bands) uint64, of which near duplicates are likely to
    share one; `marks` (n, width), by which two rows are compared."""

    place: npt.NDArray[np.uint32]
    keys: npt.NDArray[np.uint64]
    marks: npt.NDArray[Any]


class Fingerprinter(Protocol):
    """Takes the fingerprints of one kind of content, and compares them."""

    bands: ClassVar[int]
    width: ClassVar[int]
    dtype: ClassVar[str]

    def take(self, content: pl.Series, first_place: int) -> Fingerprints:
        """Fingerprints of a batch whose first row stands at `first_place`. Rows that say too little have none."""
        ...

    def alike(self, one: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Which pairs of marks, given as two arrays (pairs, width), belong to near duplicates."""
        ...
