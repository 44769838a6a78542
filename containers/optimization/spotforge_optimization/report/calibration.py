"""Whether P(y > k) means what it says, and where the expected score lies for each label."""

import numpy as np
from spotforge_runtime.ordinal_decoding import Floats, Head, Labels, exceedance

from spotforge_optimization.report.report_data import (
    Calibration,
    ModelName,
    ReliabilityBin,
    ScoreAtLabel,
    ThresholdCalibration,
)

BINS = 10  # of equal width, as in Guo et al. 2017, "On Calibration of Modern Neural Networks", here for each threshold's event


def calibration(model: ModelName, logits: Floats, labels: Labels, head: Head) -> Calibration:
    """Of logits of shape (rows, K-1 or K) and labels 0 … K-1 of shape (rows,)."""
    above = exceedance(logits, head)
    happened = np.asarray(labels)[:, None] > np.arange(above.shape[1])
    bins = reliability(above.ravel(), happened.ravel())
    total = sum(each.count for each in bins)
    return Calibration(
        model=model,
        error=sum(abs(each.predicted - each.observed) * each.count for each in bins) / total if total else 0.0,
        bins=bins,
        thresholds=[
            ThresholdCalibration(threshold=k, predicted=float(above[:, k].mean()), observed=float(happened[:, k].mean()))
            for k in range(above.shape[1])
        ],
        scores=scores_at_labels(above.sum(axis=1), labels),
    )


def reliability(predicted: Floats, happened: "np.typing.NDArray[np.bool_]") -> list[ReliabilityBin]:
    """The bins that hold anything, lowest first; a probability on a border falls into the upper bin, 1 into the last."""
    place = np.minimum((predicted * BINS).astype(np.int64), BINS - 1)
    return [
        ReliabilityBin(
            predicted=float(predicted[place == number].mean()),
            observed=float(happened[place == number].mean()),
            count=int((place == number).sum()),
        )
        for number in range(BINS)
        if (place == number).any()
    ]


def scores_at_labels(scores: Floats, labels: Labels) -> list[ScoreAtLabel]:
    """For each label that has rows, lowest first."""
    found = []
    for label in np.unique(labels):
        own = scores[labels == label]
        low, high = np.percentile(own, (10, 90))
        found.append(ScoreAtLabel(label=int(label), rows=len(own), mean=float(own.mean()), low=float(low), high=float(high)))
    return found
