"""Which split a row belongs to. A group is the unit: rows of one document never straddle the split."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from spotforge_data.row_rules import Row

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Splits:
    train: list[Row]
    validation: list[Row]
    test: list[Row]


def split_of(group: str, *, seed: int, validation: float, test: float) -> Split:
    """A group's split, from the hash of seed and group alone: neither other rows nor their order matter, so that a dataset
    that grows keeps every old group where it was."""
    position = _position(f"{seed}\n{group}")
    if position < test:
        return "test"
    return "validation" if position < test + validation else "train"


def split_rows(rows: Sequence[Row], *, seed: int, validation: float, test: float) -> Splits:
    """Rows of each split, in their order. `validation` and `test` are shares of the groups."""
    splits: dict[Split, list[Row]] = {"train": [], "validation": [], "test": []}
    known: dict[str, Split] = {}
    for row in rows:
        split = known.get(row.group)
        if split is None:
            split = known[row.group] = split_of(row.group, seed=seed, validation=validation, test=test)
        splits[split].append(row)
    return Splits(splits["train"], splits["validation"], splits["test"])


def choose_calibration(train: Sequence[Row], count: int, *, seed: int) -> list[Row]:
    """`count` rows of train (all, if there are fewer), in their order: each class in proportion, none that is there left
    out while there is room, and within a class those with the smallest hash of seed and row number."""
    by_class: dict[int, list[Row]] = defaultdict(list)
    for row in train:
        by_class[row.label].append(row)
    shares = _proportional({label: len(rows) for label, rows in by_class.items()}, min(count, len(train)))
    chosen = [
        row
        for label, rows in by_class.items()
        for row in sorted(rows, key=lambda row: _position(f"calibration\n{seed}\n{row.row}"))[: shares[label]]
    ]
    return sorted(chosen, key=lambda row: row.row)


def _proportional(sizes: dict[int, int], total: int) -> dict[int, int]:
    """Shares of `total` by size (largest remainder), one at least for each class as long as there is room."""
    everything = sum(sizes.values())
    exact = {label: total * size / everything for label, size in sizes.items()}
    shares = {label: min(sizes[label], max(1, int(exact[label]))) for label in sizes}
    while sum(shares.values()) > total:
        # A class gives up its only row when every other one is down to one as well.
        giving = [label for label in shares if shares[label] > 1] or [label for label in shares if shares[label] == 1]
        shares[max(giving, key=lambda label: (shares[label] - exact[label], shares[label], -label))] -= 1
    while sum(shares.values()) < total:
        open_classes = (label for label in sizes if shares[label] < sizes[label])
        shares[max(open_classes, key=lambda label: (exact[label] - shares[label], -label))] += 1
    return shares


def _position(text: str) -> float:
    """A text's place in [0, 1): the first 8 bytes of its SHA-256 over 2^64."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
