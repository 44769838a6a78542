"""Which candidates are worth having: those that no other beats in one respect without losing in another."""

from collections.abc import Sequence

Costs = Sequence[float]


def dominates(one: Costs, other: Costs) -> bool:
    """As good in every respect and better in one; less is better.

    >>> dominates((1, 2), (1, 3)), dominates((1, 2), (1, 2)), dominates((1, 2), (0, 3))
    (True, False, False)
    """
    return all(a <= b for a, b in zip(one, other, strict=True)) and any(a < b for a, b in zip(one, other, strict=True))


def pareto_front(costs: Sequence[Costs]) -> list[bool]:
    """For each: is it dominated by none?

    >>> pareto_front([(10.0, 0.0), (6.0, 0.004), (7.0, 0.009), (5.0, 0.03)])
    [True, True, False, True]
    """
    return [not any(dominates(other, own) for other in costs) for own in costs]
