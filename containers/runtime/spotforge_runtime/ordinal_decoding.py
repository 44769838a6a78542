"""How a model's logits become exceedances, classes and scores, by its head (§3 `decode`). The one place that knows.

A model of K classes has K-1 logits, with the head `cross-entropy` K:

- `cumulative-link` (McCullagh 1980, "Regression Models for Ordinal Data") and `coral` (Cao et al. 2020, "Rank Consistent
  Ordinal Regression"): sigmoid(logit[k]) = P(y > k);
- `corn` (Shi et al. 2021, "Deep Neural Networks for Rank-Consistent Ordinal Regression Based On Conditional Probabilities"):
  sigmoid(logit[k]) = P(y > k | y > k-1);
- `cross-entropy`: softmax(logits)[c] = P(y = c).

Answers are the median class, which minimises the expected absolute error, and the expected score.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from spotforge_runtime.contracts import names

Head = names.Head
Floats = npt.NDArray[np.floating[Any]]
Doubles = npt.NDArray[np.float64]
Labels = npt.NDArray[np.integer[Any]]
Classes = npt.NDArray[np.int64]


def logits_of(classes: int, head: Head) -> int:
    """How many logits a model of `classes` classes has.

    >>> logits_of(7, "cumulative-link"), logits_of(7, "cross-entropy")
    (6, 7)
    """
    return classes if head == "cross-entropy" else classes - 1


def exceedance(logits: Floats, head: Head) -> Doubles:
    """P(y > k), shape (rows, K-1), in float64 and without overflow for any finite logit.

    >>> exceedance(np.array([[0.0, 0.0]]), "coral").tolist(), exceedance(np.array([[0.0, 0.0]]), "corn").tolist()
    ([[0.5, 0.5]], [[0.5, 0.25]])
    >>> exceedance(np.log(np.array([[0.25, 0.25, 0.5]])), "cross-entropy").round(4).tolist()
    [[0.75, 0.5]]
    """
    wide = np.asarray(logits, dtype=np.float64)
    if head == "cross-entropy":
        weights = np.exp(wide - wide.max(axis=1, keepdims=True))
        shares = weights / weights.sum(axis=1, keepdims=True)
        return np.asarray(np.cumsum(shares[:, :0:-1], axis=1)[:, ::-1])
    decay = np.exp(-np.abs(wide))
    above = np.where(wide >= 0, 1.0 / (1.0 + decay), decay / (1.0 + decay))
    return np.asarray(np.cumprod(above, axis=1) if head == "corn" else above)


def predicted_class(logits: Floats, head: Head) -> Classes:
    """The median class, shape (rows,), 0 … K-1: how many P(y > k) exceed 0.5.

    >>> predicted_class(np.array([[3.0, 0.2, -1.0], [-0.1, -2.0, -3.0]]), "cumulative-link").tolist()
    [2, 0]
    """
    return np.asarray((exceedance(logits, head) > 0.5).sum(axis=1), dtype=np.int64)


def expected_score(logits: Floats, head: Head) -> Doubles:
    """E[y] in classes, 0 … K-1, shape (rows,): the sum over k of P(y > k).

    >>> expected_score(np.array([[2.0, -1.0]]), "cumulative-link").round(4).tolist()
    [1.1497]
    """
    return np.asarray(exceedance(logits, head).sum(axis=1))


def class_probabilities(logits: Floats, head: Head) -> Doubles:
    """P(y = c), shape (rows, K): differences of neighbouring exceedances.

    Never negative, but with `coral`, whose biases nothing keeps in order.
    """
    above = exceedance(logits, head)
    ones, zeros = np.ones((len(above), 1)), np.zeros((len(above), 1))
    return np.asarray(np.hstack([ones, above]) - np.hstack([above, zeros]))


def mean_absolute_error(predicted: Labels, labels: Labels) -> float:
    """In classes.

    >>> mean_absolute_error(np.array([0, 2, 2]), np.array([0, 1, 4]))
    1.0
    """
    return float(np.abs(predicted.astype(np.int64) - labels.astype(np.int64)).mean())


def absolute_errors(logits: Floats, labels: Labels, head: Head) -> Classes:
    """|median class - label| in classes, shape (rows,)."""
    return np.abs(predicted_class(logits, head) - np.asarray(labels, dtype=np.int64))


def score_errors(logits: Floats, labels: Labels, head: Head) -> Doubles:
    """|expected score - label| in classes, shape (rows,). Unlike the class's it moves with every change of a logit."""
    return np.abs(expected_score(logits, head) - np.asarray(labels, dtype=np.float64))


def mean_score_delta(logits: Floats, reference: Floats, head: Head) -> float:
    """mean |expected score - expected score of the reference| / (K - 1): 0 is equal, 1 the whole scale."""
    scores, others = exceedance(logits, head), exceedance(reference, head)
    return float(np.abs(scores.sum(axis=1) - others.sum(axis=1)).mean() / scores.shape[1])


def median_label(labels: Labels) -> int:
    """The baseline's one answer: the lowest class that at least half of the labels do not exceed.

    >>> median_label(np.array([0, 0, 1, 5])), median_label(np.array([3, 1, 2]))
    (0, 2)
    """
    ordered = np.sort(labels)
    return int(ordered[(len(ordered) - 1) // 2])
