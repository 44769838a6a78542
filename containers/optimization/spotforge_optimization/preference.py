"""Which model a bundle's user gets unless they say otherwise, and why."""

from dataclasses import dataclass
from typing import Literal

from spotforge_optimization.benchmark_timings import BenchmarkTimings
from spotforge_optimization.gates import Judgement


@dataclass(frozen=True)
class Preference:
    model: Literal["fp32", "int8"]
    reason: str


def preferred(judgement: Judgement, timings: BenchmarkTimings) -> Preference:
    """INT8 only when it ships and is proven to be faster here, at batch 1 and at batch 8. In all other cases FP32, and that
    INT8 lost is a result and no failure."""
    if not judgement.ships:
        return Preference("fp32", f"FP32 ships alone: INT8 failed its gate ({judgement.says}).")
    passed = "INT8 passed its gate"
    if judgement.verdict == "inconclusive":
        passed = f"INT8 ships on its fidelity ({judgement.says})"
    if timings.int8_faster:
        return Preference("int8", f"{passed} and is faster on this CPU: {timings.says}.")
    if timings.undecided:
        cells = " and ".join(f"batch {cell.batch}" for cell in timings.undecided)
        return Preference("fp32", f"{passed}, but the timings are too noisy or too alike to rank at {cells}: {timings.says}.")
    return Preference("fp32", f"{passed}, but is not faster on this CPU: {timings.says}.")
