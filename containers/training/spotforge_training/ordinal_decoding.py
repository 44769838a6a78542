"""From logits[k] = logit P(y > k) to answers."""

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]


def probabilities_above(logits: Logits) -> NDArray[np.float64]:
    """P(y > k), shape (N, K-1): the sigmoid of the logits, without overflow at either end."""
    wide = logits.astype(np.float64)
    return np.where(wide >= 0, 1.0, np.exp(-np.abs(wide))) / (1.0 + np.exp(-np.abs(wide)))


def median_class(logits: Logits) -> NDArray[np.int32]:
    """The median of the predicted distribution, which minimises the expected absolute error: how many P(y > k) exceed 0.5.

    Args:
        logits: shape (N, K-1).

    Returns:
        shape (N,), class indices 0 ... K-1.

    >>> median_class(np.array([[3.0, 0.2, -1.0], [-0.1, -2.0, -3.0]], dtype=np.float32)).tolist()
    [2, 0]
    """
    above: NDArray[np.int32] = (logits > 0).sum(axis=1, dtype=np.int32)
    return above


def expected_score(logits: Logits) -> NDArray[np.float64]:
    """The mean of the predicted distribution in classes, 0 ... K-1: the sum over k of P(y > k).

    >>> [round(score, 4) for score in expected_score(np.array([[2.0, -1.0]], dtype=np.float32)).tolist()]
    [1.1497]
    """
    total: NDArray[np.float64] = probabilities_above(logits).sum(axis=1)
    return total


def mean_absolute_error(predicted: NDArray[np.int32], labels: NDArray[np.int32]) -> float:
    """In classes.

    >>> mean_absolute_error(np.array([0, 2, 2], dtype=np.int32), np.array([0, 1, 4], dtype=np.int32))
    1.0
    """
    return float(np.abs(predicted.astype(np.int64) - labels.astype(np.int64)).mean())


def median_label(labels: NDArray[np.int32]) -> int:
    """The baseline's one answer: the lowest class that at least half of the labels do not exceed.

    >>> median_label(np.array([0, 0, 1, 5], dtype=np.int32)), median_label(np.array([3, 1, 2], dtype=np.int32))
    (0, 2)
    """
    ordered = np.sort(labels)
    return int(ordered[(len(ordered) - 1) // 2])
