"""How much the MAE changes from FP32 to INT8, with a paired-bootstrap interval over the rows.

change = (mean|e8| - mean|e32|) / max(mean|e32|, 1/n). The floor of one error of one class in n rows is what keeps the ratio
defined where FP32 makes no error at all, in the sample or in a resample of it.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

RESAMPLES = 5_000  # the ends of a 95 % percentile interval then rest on 125 resamples each
CONFIDENCE = 0.95
SETTLED_HALF_WIDTH = 0.01  # an interval as narrow tells a change of 1 % from none
BATCH_ELEMENTS = 2_000_000  # of one batch of resamples: 16 MB an array, whatever the number of rows

Errors = npt.NDArray[np.number[Any]]


@dataclass(frozen=True)
class MaeChange:
    """`low` to `high` is the two-sided 95 % interval, `upper_bound` the end of the one-sided one."""

    rows: int
    fp32_mae: float
    int8_mae: float
    change: float
    low: float
    high: float
    upper_bound: float
    method: str

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2

    @property
    def rows_to_settle(self) -> int:
        """Rows at which the interval would be as narrow as 1 % to either side: its width falls with the root of the rows.

        >>> MaeChange(1_000, 1.0, 1.0, 0.0, -0.02, 0.02, 0.017, "paired percentile bootstrap").rows_to_settle
        4000
        """
        return max(1, math.ceil(round(self.rows * (self.half_width / SETTLED_HALF_WIDTH) ** 2, 6)))


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
    low, high, upper, method = change, change, change, "degenerate"
    if before.size > 1 and np.any(before != after):
        from scipy.stats import bootstrap

        found = bootstrap(
            (before, after),
            relative_change,
            paired=True,
            vectorized=True,
            n_resamples=resamples,
            batch=max(1, min(resamples, BATCH_ELEMENTS // before.size)),
            confidence_level=CONFIDENCE,
            method="percentile",
            rng=np.random.default_rng(seed),
        )
        low, high = float(found.confidence_interval.low), float(found.confidence_interval.high)
        upper = float(np.quantile(found.bootstrap_distribution, CONFIDENCE))
        method = "paired percentile bootstrap"
    return MaeChange(before.size, float(before.mean()), float(after.mean()), change, low, high, upper, method)
