"""What the stage `benchmark` knows when it calls for the report."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
from spotforge_runtime.contracts.models import BenchmarkSummary
from spotforge_runtime.ordinal_decoding import Floats

from spotforge_optimization.report.report_data import BatchLatency


@dataclass(frozen=True)
class Judged:
    """Labels are 0 … K-1, shape (rows,), logits (rows, K-1 or K), both of test. `rejected` is the sentence of the gate that is
    about to reject the experiment."""

    labels: npt.NDArray[Any]
    fp32: Floats
    int8: Floats
    summary: BenchmarkSummary
    latencies: Sequence[BatchLatency]
    rejected: str | None = None
