"""The order of training examples: batches of like lengths, in another order every epoch, the same order after a resume."""

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

from spotforge_training.ranks import ALONE, Ranks

# How many batches are sorted together. More: less padding. Fewer: batches are drawn more freely from the whole epoch.
BATCHES_SORTED_TOGETHER = 50


def length_grouped_order(lengths: Sequence[int], batch: int, seed: int, epoch: int) -> list[int]:
    """A permutation of the examples for one epoch, cut into batches of `batch` examples of about one length.

    Shuffled, then sorted by length within stretches of BATCHES_SORTED_TOGETHER batches (a quarter of the data, when that is
    less), then whole batches are shuffled, for a stretch from long to short would make the length drift in step with the
    learning rate. The batch with the longest text comes first, so that running out of memory happens at once.

    transformers' own `group_by_length` draws from the global random state, which a resumed epoch has already moved past,
    keeps each stretch sorted, and also reorders evaluation. Here the order is a function of (seed, epoch) alone.

    >>> length_grouped_order([5, 1, 4, 2], batch=2, seed=0, epoch=0)
    [0, 2, 3, 1]
    """
    draw = np.random.default_rng([seed, epoch])
    shuffled = draw.permutation(len(lengths))
    stretch = batch * max(1, min(BATCHES_SORTED_TOGETHER, len(lengths) // (4 * batch)))
    of_length = np.asarray(lengths)
    batches: list[list[int]] = []
    remainder: list[int] = []
    for start in range(0, len(shuffled), stretch):
        part = shuffled[start : start + stretch]
        ordered = part[np.argsort(-of_length[part], kind="stable")].tolist()
        cut = [ordered[i : i + batch] for i in range(0, len(ordered), batch)]
        if len(cut[-1]) < batch:
            remainder = cut.pop()  # only the last stretch has one; it stays last, or it would shift the batches behind it
        batches.extend(cut)
    order = [batches[i] for i in draw.permutation(len(batches))]
    if order:
        longest = max(range(len(order)), key=lambda i: of_length[order[i][0]])
        order[0], order[longest] = order[longest], order[0]
    return [int(i) for group in [*order, remainder] for i in group]


class LengthGroups(Sampler[int]):
    """Sampler over `length_grouped_order`; `set_epoch` is called by the data loader when an epoch begins.

    Of several processes each takes every n-th example: of each batch as many as the others, and of about the same lengths.
    `batch` is the whole batch, a multiple of their number.
    """

    def __init__(self, lengths: Sequence[int], batch: int, seed: int, ranks: Ranks = ALONE) -> None:
        self._lengths = lengths
        self._batch = batch
        self._seed = seed
        self._ranks = ranks
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths) // self._ranks.count

    def __iter__(self) -> Iterator[int]:
        order = length_grouped_order(self._lengths, self._batch, self._seed, self._epoch)
        return iter(order[self._ranks.index :: self._ranks.count][: len(self)])
