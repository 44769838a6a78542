"""The default INT8 gates. Speed is reported, never gated."""

from dataclasses import asdict, dataclass
from typing import Any

from spotforge_optimization.mae_change import MaeChange


@dataclass(frozen=True)
class GateOutcome:
    name: str
    passed: bool
    measured: dict[str, float]
    allowed: float
    says: str

    def as_document(self) -> dict[str, Any]:
        return asdict(self)


def score_gate(mean_score_delta: float, allowed: float) -> GateOutcome:
    """Fidelity to FP32, the tighter of the two: passes while the mean score delta is at most `allowed`."""
    passed = mean_score_delta <= allowed
    says = f"mean |expected score INT8 - FP32| / (K - 1) is {mean_score_delta:.4f}, allowed is {allowed:.4f}"
    return GateOutcome("maxMeanScoreDelta", passed, {"meanAbsScoreDelta": mean_score_delta}, allowed, says)


def mae_gate(change: MaeChange, allowed: float) -> GateOutcome:
    """Rejects only a proven loss: the whole interval above `allowed`. One that reaches down to it passes."""
    passed = change.low <= allowed
    measured = {"maeChange": change.change, "maeChangeLow": change.low, "maeChangeHigh": change.high}
    says = (
        f"MAE changes by {change.change:+.2%} (95 % interval {change.low:+.2%} to {change.high:+.2%}, from {change.fp32_mae:.4f} "
        f"to {change.int8_mae:.4f} classes), rejected when the interval lies wholly above {allowed:+.2%}"
    )
    return GateOutcome("maxMaeIncrease", passed, measured, allowed, says)


def rejection(outcomes: list[GateOutcome]) -> str | None:
    """One sentence per failed gate, None when all passed."""
    failed = [outcome for outcome in outcomes if not outcome.passed]
    if not failed:
        return None
    return "INT8 failed " + "; ".join(f"gate {outcome.name}: {outcome.says}" for outcome in failed)
