"""What the train stage left, as sections: its curves, and its cutpoints over time."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from spotforge_optimization.report.report_data import CutpointsAt

CURVES = ("step", "epoch", "loss", "learningRate", "validationLoss", "validationMae")
Line = Mapping[str, Any]


def curves(lines: Sequence[Line]) -> list[dict[str, float | None]]:
    """The figures of metrics.jsonl that curves are drawn of; None where one was not finite."""
    return [{name: _finite(line[name]) for name in CURVES if name in line} for line in lines]


def cutpoints_over_time(lines: Sequence[Line], last: Sequence[float]) -> list[CutpointsAt]:
    """One entry a line that has cutpoints; the published ones come last, in the place of those of the last step. None at all
    for a head without cutpoints."""
    found = [CutpointsAt(step=line["step"], cutpoints=line["cutpoints"]) for line in lines if line.get("cutpoints")]
    if not last:
        return found
    end = max((float(line["step"]) for line in lines), default=0.0)
    return [*(each for each in found if each.step < end), CutpointsAt(step=end, cutpoints=list(last))]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
