"""How much each class counts in the loss."""

from collections.abc import Sequence


def balanced_weights(class_counts: Sequence[int]) -> list[float]:
    """Each class as much as every other one: N / (present classes · n_c), 0 where a class has no rows. Their mean over the
    training rows is 1, so that the learning rate keeps its meaning.

    >>> balanced_weights([30, 10, 0])
    [0.6666666666666666, 2.0, 0.0]
    """
    present = sum(1 for count in class_counts if count)
    return [sum(class_counts) / (present * count) if count else 0.0 for count in class_counts]
