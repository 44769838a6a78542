"""Where a model's classes lie from the labels."""

import numpy as np
from spotforge_runtime.ordinal_decoding import Floats, Head, Labels, predicted_class

from spotforge_optimization.report.report_data import Confusion, ModelName


def confusion(model: ModelName, logits: Floats, labels: Labels, head: Head, classes: int) -> Confusion:
    """Of logits of shape (rows, K-1 or K) and labels 0 … K-1 of shape (rows,)."""
    predicted = predicted_class(logits, head)
    matrix = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(matrix, (np.asarray(labels, dtype=np.int64), predicted), 1)
    distance = np.bincount(np.abs(predicted - labels), minlength=classes)
    return Confusion(model=model, matrix=matrix.tolist(), by_distance=distance.tolist())
