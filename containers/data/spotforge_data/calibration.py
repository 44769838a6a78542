"""Which rows quantisation is calibrated on: few, and yet every class and every length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotforge_data.row_facts import RowFacts
from spotforge_data.splitting import hashed

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

DECILES = 10


def choose_calibration(facts: RowFacts, count: int, *, seed: int) -> npt.NDArray[np.int64]:
    """Places of `count` of these rows (of all, if there are fewer), ascending. Each class has its share, none that is there is
    left out, and none of the deciles of length either, while there is room; within that the rows with the smallest hash of
    seed and row number are chosen."""
    import numpy as np

    if count >= len(facts):
        return np.arange(len(facts))
    order = np.argsort(np.fromiter((hashed(f"calibration\n{seed}\n{row}") for row in facts.row), np.uint64), kind="stable")
    label, decile = facts.label[order], length_deciles(facts.length)[order]
    first = _first_of_each(label)
    taken = np.isin(decile, decile[first])
    more = _first_of_each(np.where(taken, -1, decile))
    needed = np.concatenate([first, more[~taken[more]]])[:count]
    chosen = np.zeros(len(facts), dtype=bool)
    chosen[needed] = True
    shares = _proportional(np.bincount(label), np.bincount(label[needed], minlength=label.max() + 1), count)
    for index, share in enumerate(shares):
        of_class = np.flatnonzero((label == index) & ~chosen)
        chosen[of_class[: share - int(chosen[label == index].sum())]] = True
    return np.sort(order[chosen])


def length_deciles(length: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """0 for the shortest tenth of the rows to 9 for the longest; rows of one length share a decile."""
    import numpy as np

    bounds = np.quantile(length, np.arange(1, DECILES) / DECILES) if len(length) else np.empty(0)
    return np.searchsorted(bounds, length, side="right")


def _first_of_each(values: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
    """The first place of each distinct value, ascending."""
    import numpy as np

    return np.sort(np.unique(values, return_index=True)[1])


def _proportional(sizes: npt.NDArray[np.int64], least: npt.NDArray[np.int64], total: int) -> list[int]:
    """Shares of `total` by size (largest remainder), at least `least` and at most the size."""
    exact = [total * int(size) / int(sizes.sum()) for size in sizes]
    shares = [max(int(low), min(int(size), int(share))) for low, size, share in zip(least, sizes, exact, strict=True)]
    while sum(shares) > total:
        giving = (index for index, share in enumerate(shares) if share > least[index])
        shares[max(giving, key=lambda index: (shares[index] - exact[index], -index))] -= 1
    while sum(shares) < total:
        taking = (index for index, share in enumerate(shares) if share < sizes[index])
        shares[max(taking, key=lambda index: (exact[index] - shares[index], -index))] += 1
    return shares
