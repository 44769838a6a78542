"""The splits that `prepare` wrote, as the training stage reads them."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from spotforge_runtime.errors import ContractBroken


@dataclass(frozen=True)
class SplitTable:
    """One split: what each row holds, its class index 0 ... K-1, and its row in the raw file."""

    content: list[Any]
    labels: NDArray[np.int32]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.content)

    @property
    def texts(self) -> list[str]:
        return self.content

    @property
    def images(self) -> list[bytes]:
        """Each as its file's bytes."""
        return self.content


def read_split(file: Path, classes: int, column: str) -> SplitTable:
    """`column` holds the content. ContractBroken when the file is not what `prepare` promises: it is our own, so no user can
    mend it."""
    table = pl.read_parquet(file)
    missing = [name for name in (column, "label", "row") if name not in table.columns]
    if missing or table.height == 0:
        raise ContractBroken(f"{file.name} of the prepare stage has {table.height} rows and lacks {missing or 'no column'}.")
    labels = table["label"].to_numpy().astype(np.int32)
    if labels.min() < 0 or labels.max() >= classes:
        raise ContractBroken(
            f"{file.name} of the prepare stage has labels from {labels.min()} to {labels.max()}; expected 0 to {classes - 1}."
        )
    return SplitTable(table[column].to_list(), labels, table["row"].to_numpy().astype(np.int64))


def choose_rows(table: SplitTable, most: int | None, seed: int) -> SplitTable:
    """At most `most` rows, drawn by `seed` alone, in the order of the table.

    >>> table = SplitTable(["a", "b", "c"], np.array([0, 1, 2], dtype=np.int32), np.array([1, 2, 3]))
    >>> choose_rows(table, 2, seed=1).content
    ['a', 'c']
    """
    if most is None or most >= len(table):
        return table
    chosen = sorted(random.Random(seed).sample(range(len(table)), most))  # noqa: S311 - a draw of rows, not a secret
    return SplitTable([table.content[i] for i in chosen], table.labels[chosen], table.rows[chosen])
