import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spotforge_optimization.gates import judge, mae_gate, score_gate
from spotforge_optimization.mae_change import MaeChange


def a_change(low: float, high: float, *, change: float | None = None, upper: float | None = None, rows: int = 1_000) -> MaeChange:
    middle = (low + high) / 2 if change is None else change
    bound = middle + (high - middle) * 1.645 / 1.96 if upper is None else upper
    return MaeChange(rows, 0.6, 0.6 * (1 + middle), middle, low, high, bound, "paired percentile bootstrap")


def verdict(delta: float, change: MaeChange) -> str:
    return judge(delta, change, max_mean_score_delta=0.01, max_mae_increase=0.01).verdict


def test_a_loss_that_is_proven_to_be_small_passes() -> None:
    assert verdict(0.005, a_change(-0.004, 0.006)) == "passed"


def test_an_interval_narrow_enough_to_tell_that_reaches_beyond_the_gate_fails() -> None:
    assert verdict(0.005, a_change(0.002, 0.016)) == "failed"


def test_where_the_rows_are_too_few_to_tell_fidelity_decides() -> None:
    wide = a_change(-0.02, 0.03)
    assert verdict(0.005, wide) == "inconclusive"
    assert verdict(0.02, wide) == "failed"


def test_what_is_proven_needs_no_narrow_interval() -> None:
    assert verdict(0.005, a_change(-0.09, -0.01)) == "passed"
    assert verdict(0.005, a_change(0.02, 0.09)) == "failed"


def test_an_inconclusive_verdict_says_how_many_rows_would_settle_it() -> None:
    found = judge(0.005, a_change(-0.02, 0.03), max_mean_score_delta=0.01, max_mae_increase=0.01)
    assert found.ships and "1000 rows are too few to tell, about 6250 would settle it" in found.says


CHANGES = st.tuples(st.floats(-0.5, 0.5), st.floats(0, 0.2), st.floats(0, 1)).map(
    lambda drawn: a_change(drawn[0], drawn[0] + drawn[1], upper=drawn[0] + drawn[1] * drawn[2])
)


@given(st.floats(0, 0.1), CHANGES, st.floats(0, 0.1), st.floats(0, 0.1))
def test_int8_ships_only_within_its_fidelity_and_without_a_proven_loss(
    delta: float, change: MaeChange, allowed_delta: float, allowed_mae: float
) -> None:
    found = judge(delta, change, max_mean_score_delta=allowed_delta, max_mae_increase=allowed_mae)
    assert found.ships == (found.verdict != "failed")
    if found.ships:
        assert delta <= allowed_delta
        assert change.upper_bound < allowed_mae or (change.low <= allowed_mae and change.half_width > 0.01)
    if found.verdict == "passed":
        assert change.upper_bound < allowed_mae


@given(st.floats(0, 0.1), st.floats(0, 0.1), CHANGES)
def test_a_wider_gate_never_turns_a_pass_into_a_failure(delta: float, more: float, change: MaeChange) -> None:
    narrow = judge(delta, change, max_mean_score_delta=0.02, max_mae_increase=0.02)
    wide = judge(delta, change, max_mean_score_delta=0.02 + more, max_mae_increase=0.02 + more)
    assert wide.ships or not narrow.ships


def test_what_is_not_a_number_fails_both_gates() -> None:
    assert score_gate(math.nan, 0.02).verdict == "failed"
    broken = MaeChange(9, 0.6, 0.6, math.nan, math.nan, math.nan, math.nan, "degenerate")
    with pytest.raises(ValueError, match="NaN"):
        broken.rows_to_settle  # noqa: B018
    assert verdict(0.02, a_change(0.3, 0.8, change=0.54)) == "failed"


def test_a_failure_names_every_gate_with_what_was_measured_and_what_is_allowed() -> None:
    says = judge(0.15, a_change(0.3, 0.8, change=0.54), max_mean_score_delta=0.02, max_mae_increase=0.01).says
    for part in ("maxMeanScoreDelta", "0.1500", "0.0200", "maxMaeIncrease", "+54.00%", "+30.00% to +80.00%", "+1.00%"):
        assert part in says
    assert "maxMeanScoreDelta" not in judge(0.01, a_change(0.3, 0.8), max_mean_score_delta=0.02, max_mae_increase=0.01).says
    assert mae_gate(a_change(-0.01, 0), 0.01).as_document()["measured"]["rowsToSettle"] == 250
