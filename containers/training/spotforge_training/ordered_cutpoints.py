"""K - 1 cutpoints on the latent axis that cannot cross, whatever the optimiser does to their parameters."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

# Nearer to each other, two cutpoints would leave the class between them no probability that float32 can tell from none.
SMALLEST_GAP = 1e-3


class OrderedCutpoints(nn.Module):
    """theta[0] = `first`; theta[k] = theta[k-1] + softplus(`gaps`[k-1]) + SMALLEST_GAP.

    `forward()` returns theta, shape (K-1,), strictly ascending. Ordered by construction, as in the proportional-odds
    model of McCullagh (1980), "Regression Models for Ordinal Data", section 1.

    >>> [round(theta, 3) for theta in OrderedCutpoints.at([-1.0, 0.5, 2.0])().tolist()]
    [-1.0, 0.5, 2.0]
    """

    def __init__(self, thresholds: int) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.zeros(()))
        self.gaps = nn.Parameter(torch.zeros(thresholds - 1))

    def forward(self) -> Tensor:
        rises = nn.functional.softplus(self.gaps) + SMALLEST_GAP
        return torch.cat([self.first.reshape(1), self.first + rises.cumsum(0)])

    @classmethod
    def at(cls, values: Sequence[float]) -> "OrderedCutpoints":
        """Cutpoints that start at ascending `values`; neighbours closer than SMALLEST_GAP are moved apart."""
        cutpoints = cls(len(values))
        rises = [max(high - low - SMALLEST_GAP, 1e-6) for low, high in pairwise(values)]
        with torch.no_grad():
            cutpoints.first.fill_(values[0])
            cutpoints.gaps.copy_(torch.tensor([_inverse_softplus(rise) for rise in rises]))
        return cutpoints


def quantile_cutpoints(class_counts: Sequence[int]) -> list[float]:
    """Where the cutpoints lie when f(x) = 0 must predict exactly the class frequencies: theta[k] = logit P(y <= k).

    Started anywhere else, the first epoch is spent on moving the cutpoints to the frequencies. Half an example is added to
    every class, so that one without examples still gets a finite gap.

    >>> [round(theta, 4) for theta in quantile_cutpoints([10, 20, 10])]
    [-1.0826, 1.0826]
    >>> quantile_cutpoints([5, 5])
    [0.0]
    """
    smoothed = [count + 0.5 for count in class_counts]
    total = sum(smoothed)
    thetas = []
    below = 0.0
    for weight in smoothed[:-1]:
        below += weight
        thetas.append(math.log(below / (total - below)))
    return thetas


def _inverse_softplus(value: float) -> float:
    return value + math.log(-math.expm1(-value))
