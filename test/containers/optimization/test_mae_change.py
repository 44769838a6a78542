import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from spotforge_optimization.gates import mae_gate, rejection, score_gate
from spotforge_optimization.mae_change import MaeChange, mae_change, relative_change

ERRORS = st.integers(1, 40).flatmap(lambda n: st.tuples(*[arrays(np.int64, n, elements=st.integers(0, 6))] * 2))


@settings(max_examples=25, deadline=None)
@given(ERRORS)
def test_the_interval_is_always_finite_and_in_order(errors: tuple[np.ndarray, np.ndarray]) -> None:
    found = mae_change(*errors, seed=1, resamples=200)
    assert math.isfinite(found.low) and math.isfinite(found.high) and found.low <= found.high


def test_equal_errors_change_nothing_and_need_no_resampling() -> None:
    errors = np.array([0, 1, 2, 1])
    found = mae_change(errors, errors, seed=1)
    assert (found.change, found.low, found.high, found.method) == (0, 0, 0, "degenerate")


def test_the_same_change_in_every_row_gives_an_interval_of_no_width() -> None:
    found = mae_change(np.full(50, 1), np.full(50, 2), seed=1, resamples=300)
    assert (found.change, found.low, found.high) == (1, 1, 1)


def test_a_reference_without_any_error_is_measured_against_one_error_in_all_rows() -> None:
    after = np.zeros(100, dtype=np.int64)
    after[:3] = 1
    found = mae_change(np.zeros(100, dtype=np.int64), after, seed=1, resamples=500)
    assert found.change == pytest.approx(3)
    assert 0 <= found.low <= 3 <= found.high


def test_a_single_row_has_no_spread() -> None:
    found = mae_change(np.array([1]), np.array([2]), seed=1)
    assert (found.change, found.low, found.high, found.method) == (1, 1, 1, "degenerate")


def test_the_same_seed_gives_the_same_interval() -> None:
    rng = np.random.default_rng(3)
    before, after = rng.integers(0, 4, 300), rng.integers(0, 4, 300)
    assert mae_change(before, after, seed=5, resamples=400) == mae_change(before, after, seed=5, resamples=400)
    assert mae_change(before, after, seed=5, resamples=400) != mae_change(before, after, seed=6, resamples=400)


def test_resampling_in_small_batches_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    before, after = rng.integers(0, 4, 300), rng.integers(0, 4, 300)
    at_once = mae_change(before, after, seed=5, resamples=400)
    monkeypatch.setattr("spotforge_optimization.mae_change.BATCH_ELEMENTS", 1000)
    assert mae_change(before, after, seed=5, resamples=400) == at_once


def test_the_interval_of_a_paired_sample_is_narrower_than_the_spread_of_its_parts() -> None:
    rng = np.random.default_rng(4)
    before = rng.integers(0, 4, 2000)
    after = before.copy()
    after[:40] += 1  # 2 % of the rows, one class worse
    found = mae_change(before, after, seed=1, resamples=1000)
    assert 0 < found.low < found.change < found.high < 0.03


def test_the_relative_change_is_vectorised_over_resamples() -> None:
    before, after = np.array([[1, 1], [2, 2]]), np.array([[1, 2], [1, 1]])
    assert relative_change(before, after).tolist() == [0.5, -0.5]


@pytest.mark.parametrize("sizes", [(0, 0), (2, 3)])
def test_lists_that_do_not_pair_up_are_refused(sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="equally long"):
        mae_change(np.zeros(sizes[0]), np.zeros(sizes[1]), seed=1)


def a_change(low: float, change: float, high: float) -> MaeChange:
    return MaeChange(0.6, 0.6 * (1 + change), change, low, high, "paired percentile bootstrap")


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_the_mae_gate_rejects_only_an_interval_wholly_above_the_allowed_loss(low: float, allowed: float) -> None:
    assert mae_gate(a_change(low, low + 0.01, low + 0.02), allowed).passed == (low <= allowed)


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_score_gate_rejects_what_is_above_the_allowed_delta(measured: float, allowed: float) -> None:
    assert score_gate(measured, allowed).passed == (measured <= allowed)


def test_what_is_not_a_number_passes_neither_gate() -> None:
    assert not score_gate(math.nan, 0.02).passed
    assert not mae_gate(a_change(math.nan, math.nan, math.nan), 0.01).passed


def test_a_rejection_names_every_failed_gate_with_what_was_measured_and_what_is_allowed() -> None:
    message = rejection([score_gate(0.15, 0.02), mae_gate(a_change(0.3, 0.54, 0.8), 0.01)])
    assert message is not None
    for part in ("maxMeanScoreDelta", "0.1500", "0.0200", "maxMaeIncrease", "+54.00%", "+30.00% to +80.00%", "+1.00%"):
        assert part in message


def test_a_rejection_leaves_out_the_gate_that_passed_and_there_is_none_when_both_did() -> None:
    passed, failed = score_gate(0.01, 0.02), mae_gate(a_change(0.3, 0.54, 0.8), 0.01)
    message = rejection([passed, failed])
    assert message is not None and "maxMeanScoreDelta" not in message
    assert rejection([passed, mae_gate(a_change(-0.01, 0, 0.01), 0.01)]) is None
