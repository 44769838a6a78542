"""How cumulative-link logits become classes, scores and probabilities (§3 `decode`).

Logits have shape (rows, K-1); logit[k] = f(x) - theta[k] and sigmoid(logit[k]) = P(y > k) for k = 0 … K-2
(McCullagh 1980, "Regression Models for Ordinal Data").
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Classes = npt.NDArray[np.int64]


def exceedance(logits: Floats) -> npt.NDArray[np.float64]:
    """P(y > k), shape (rows, K-1); in float64 and without overflow for any finite logit."""
    wide = np.asarray(logits, dtype=np.float64)
    decay = np.exp(-np.abs(wide))
    return np.asarray(np.where(wide >= 0, 1.0 / (1.0 + decay), decay / (1.0 + decay)))


def predicted_class(logits: Floats) -> Classes:
    """The median class, shape (rows,): how many P(y > k) exceed 0.5, that is how many logits are above 0."""
    return np.asarray((np.asarray(logits) > 0).sum(axis=1), dtype=np.int64)


def expected_score(logits: Floats) -> npt.NDArray[np.float64]:
    """E[y] in classes, 0 … K-1, shape (rows,): the sum over k of P(y > k)."""
    return np.asarray(exceedance(logits).sum(axis=1))


def class_probabilities(logits: Floats) -> npt.NDArray[np.float64]:
    """P(y = c), shape (rows, K): differences of neighbouring exceedances; never negative while the cutpoints ascend."""
    above = exceedance(logits)
    ones, zeros = np.ones((len(above), 1)), np.zeros((len(above), 1))
    return np.asarray(np.hstack([ones, above]) - np.hstack([above, zeros]))


def absolute_errors(logits: Floats, labels: npt.NDArray[np.integer[Any]]) -> Classes:
    """|median class - label| in classes, shape (rows,)."""
    return np.abs(predicted_class(logits) - np.asarray(labels, dtype=np.int64))


def mean_score_delta(logits: Floats, reference: Floats) -> float:
    """mean |expected score - expected score of the reference| / (K - 1): 0 is equal, 1 the whole scale."""
    deltas = np.abs(expected_score(logits) - expected_score(reference))
    return float(deltas.mean() / np.asarray(logits).shape[1])
