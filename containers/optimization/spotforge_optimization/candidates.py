"""What competes: each candidate in a few typed words. How it is built lies in `tournament`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from spotforge_optimization.calibration import Method

Kind = Literal["fp32", "fp32-optimized", "dynamic", "static"]
FP32 = "fp32"


@dataclass(frozen=True)
class Candidate:
    """`calibration` and `smoothed` are of static ones."""

    name: str
    kind: Kind
    says: str
    calibration: Method | None = None
    smoothed: bool = False

    @property
    def int8(self) -> bool:
        return self.kind in ("dynamic", "static")


ALWAYS = (
    Candidate(FP32, "fp32", "the exported model, as parity proved it"),
    Candidate("fp32-optimized", "fp32-optimized", "onnxruntime's fusions, done once and stored"),
    Candidate("static-minmax", "static", "ranges from the least to the largest value", calibration="minmax"),
)
OPTIONAL = (
    Candidate("dynamic", "dynamic", "ranges taken anew from every batch"),
    Candidate("static-percentile", "static", "ranges without the outermost 0.001 %", calibration="percentile"),
    Candidate("static-entropy", "static", "ranges of the least Kullback-Leibler divergence", calibration="entropy"),
    Candidate("static-smoothed", "static", "outlying channels moved into the weights", calibration="minmax", smoothed=True),
)


def competing(names: Sequence[str]) -> tuple[Candidate, ...]:
    """FP32, FP32 optimised and static INT8 by MinMax always, with those of the spec."""
    return (*ALWAYS, *(candidate for candidate in OPTIONAL if candidate.name in names))
