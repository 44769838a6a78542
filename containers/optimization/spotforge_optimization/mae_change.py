"""How much the MAE changes from FP32 to INT8, with a paired-bootstrap interval over the test rows.

change = (mean|e8| - mean|e32|) / max(mean|e32|, 1/n). The floor of one error of one class in n rows is what keeps the ratio
defined where FP32 makes no error at all, in the sample or in a resample of it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

RESAMPLES = 5_000  # the ends of a 95 % percentile interval then rest on 125 resamples each
CONFIDENCE = 0.95
BATCH_ELEMENTS = 2_000_000  # of one batch of resamples: 16 MB an array, whatever the number of rows

Errors = npt.NDArray[np.number[Any]]


@dataclass(frozen=True)
class MaeChange:
    fp32_mae: float
    int8_mae: float
    change: float
    low: float
    high: float
    method: str


def relative_change(fp32: Errors, int8: Errors, axis: int = -1) -> Any:
    """Of paired absolute errors, along an axis; vectorised over the others."""
    before, after = np.mean(fp32, axis=axis), np.mean(int8, axis=axis)
    return (after - before) / np.maximum(before, 1.0 / np.shape(fp32)[axis])


def mae_change(fp32: Errors, int8: Errors, *, seed: int, resamples: int = RESAMPLES) -> MaeChange:
    """Paired percentile bootstrap (Efron & Tibshirani 1993, ch. 13) of the rows; errors in classes, shape (rows,).

    Percentile, not BCa: BCa is undefined when all resamples agree and its jackknife grows with the square of the rows.
    Degenerate data (one row, or the same change in every resample) give an interval of no width; none gives NaN.
    """
    before, after = np.asarray(fp32, dtype=np.float64), np.asarray(int8, dtype=np.float64)
    if before.shape != after.shape or before.ndim != 1 or before.size == 0:
        raise ValueError(f"expected two equally long, not empty lists of errors, got {before.shape} and {after.shape}")
    change = float(relative_change(before, after))
    low, high, method = change, change, "degenerate"
    if before.size > 1 and np.any(before != after):
        from scipy.stats import bootstrap

        interval = bootstrap(
            (before, after),
            relative_change,
            paired=True,
            vectorized=True,
            n_resamples=resamples,
            batch=max(1, min(resamples, BATCH_ELEMENTS // before.size)),
            confidence_level=CONFIDENCE,
            method="percentile",
            rng=np.random.default_rng(seed),
        ).confidence_interval
        low, high, method = float(interval.low), float(interval.high), "paired percentile bootstrap"
    return MaeChange(float(before.mean()), float(after.mean()), change, low, high, method)
