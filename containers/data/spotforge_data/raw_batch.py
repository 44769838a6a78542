"""Rows of a data file as they come: some thousands at a time, columns not yet judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

# Enough for expressions to pay, few enough that texts of the greatest length fit into memory.
BATCH_ROWS = 4096


@dataclass(frozen=True)
class RawRow:
    """A row as the file has it. `row` counts data rows from 1; values keep their type (a csv has text only)."""

    row: int
    content: Any
    label: Any
    group: Any


@dataclass(frozen=True)
class RawBatch:
    """Consecutive rows, the first one's number, and a series for each of the three columns."""

    first_row: int
    content: pl.Series
    label: pl.Series
    group: pl.Series

    def __len__(self) -> int:
        return len(self.content)

    def row(self, index: int) -> RawRow:
        """One row by its place in the batch, from 0."""
        return RawRow(self.first_row + index, self.content[index], self.label[index], self.group[index])


def series_of(values: Sequence[Any]) -> pl.Series:
    """Values of one type as a series of that type; those that no type holds alike stay the Python objects they are."""
    import polars as pl

    types = {str: pl.String, int: pl.Int64, float: pl.Float64}
    found = set(map(type, values)) - {type(None)}
    if not found:
        return pl.Series(values, dtype=pl.String)
    dtype = types.get(found.pop(), pl.Object) if len(found) == 1 else pl.Object
    try:
        return pl.Series(values, dtype=dtype)
    except (TypeError, OverflowError, UnicodeEncodeError):  # integers beyond 64 bits, half characters
        return pl.Series(values, dtype=pl.Object)
