"""What is remembered of each row while the rows themselves stay on disk: 24 bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True)
class RowFacts:
    """Arrays of one length, in the order of the rows. `row` int64 (data row of the file, from 1), `label` int32 (class index),
    `length` int32 (characters of a text, 0 of a picture), `position` uint64 (the group's place, see `splitting`)."""

    row: npt.NDArray[np.int64]
    label: npt.NDArray[np.int32]
    length: npt.NDArray[np.int32]
    position: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.row)

    def taken(self, places: npt.NDArray[np.int64]) -> RowFacts:
        """The rows at these places."""
        return RowFacts(self.row[places], self.label[places], self.length[places], self.position[places])

    @staticmethod
    def joined(parts: Sequence[RowFacts]) -> RowFacts:
        """One after the other; empty for no part."""
        import numpy as np

        return RowFacts(
            row=np.concatenate([np.empty(0, np.int64), *(part.row for part in parts)]),
            label=np.concatenate([np.empty(0, np.int32), *(part.label for part in parts)]),
            length=np.concatenate([np.empty(0, np.int32), *(part.length for part in parts)]),
            position=np.concatenate([np.empty(0, np.uint64), *(part.position for part in parts)]),
        )
