"""The INT8 gate: fidelity to FP32, and the loss of MAE of the expected score. Speed is weighed elsewhere, and never gated."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from spotforge_optimization.mae_change import SETTLED_HALF_WIDTH, MaeChange

Verdict = Literal["passed", "inconclusive", "failed"]


@dataclass(frozen=True)
class GateOutcome:
    name: str
    verdict: Verdict
    measured: dict[str, float]
    allowed: float
    says: str

    def as_document(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Judgement:
    """What both gates say together. INT8 ships unless one of them failed."""

    verdict: Verdict
    outcomes: tuple[GateOutcome, ...]

    @property
    def ships(self) -> bool:
        return self.verdict != "failed"

    @property
    def says(self) -> str:
        """One clause a gate that did not pass, or what was measured when all did."""
        open_ones = [outcome for outcome in self.outcomes if outcome.verdict != "passed"]
        if not open_ones:
            return "; ".join(outcome.says for outcome in self.outcomes)
        return "; ".join(f"gate {outcome.name} {outcome.verdict}: {outcome.says}" for outcome in open_ones)


def judge(mean_score_delta: float, change: MaeChange, *, max_mean_score_delta: float, max_mae_increase: float) -> Judgement:
    """`failed` when a gate did; `inconclusive` when fidelity passed and the rows are too few to tell of the MAE."""
    outcomes = (score_gate(mean_score_delta, max_mean_score_delta), mae_gate(change, max_mae_increase))
    verdicts = [outcome.verdict for outcome in outcomes]
    verdict: Verdict = "failed" if "failed" in verdicts else "inconclusive" if "inconclusive" in verdicts else "passed"
    return Judgement(verdict, outcomes)


def score_gate(mean_score_delta: float, allowed: float) -> GateOutcome:
    """Fidelity to FP32, which needs no labels and has little noise: passes while the mean score delta is at most `allowed`."""
    says = f"mean |expected score INT8 - FP32| / (K - 1) is {mean_score_delta:.4f}, allowed is {allowed:.4f}"
    verdict: Verdict = "passed" if mean_score_delta <= allowed else "failed"
    return GateOutcome("maxMeanScoreDelta", verdict, {"meanAbsScoreDelta": mean_score_delta}, allowed, says)


def mae_gate(change: MaeChange, allowed: float) -> GateOutcome:
    """Passes when the loss is proven to be below `allowed`, fails when it is proven not to be or when the interval is narrow
    enough and still does not prove it; between the two, where the rows are too few to tell 1 %, it is inconclusive."""
    measured = {
        "maeChange": change.change,
        "maeChangeLow": change.low,
        "maeChangeHigh": change.high,
        "maeChangeUpperBound": change.upper_bound,
        "rowsToSettle": change.rows_to_settle,
    }
    says = (
        f"MAE of the expected score changes by {change.change:+.2%} (from {change.fp32_mae:.4f} to {change.int8_mae:.4f}; "
        f"95 % interval {change.low:+.2%} to {change.high:+.2%}), and is {change.upper_bound:+.2%} at most (one-sided 95 %), "
        f"allowed is less than {allowed:+.2%}"
    )
    verdict: Verdict = "failed"
    if change.upper_bound < allowed:
        verdict = "passed"
    elif change.low <= allowed and change.half_width > SETTLED_HALF_WIDTH:
        verdict = "inconclusive"
        says += f"; {change.rows} rows are too few to tell, about {change.rows_to_settle} would settle it"
    return GateOutcome("maxMaeIncrease", verdict, measured, allowed, says)
