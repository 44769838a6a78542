import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from spotforge_optimization.mae_change import mae_change, relative_change

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


@settings(max_examples=25, deadline=None)
@given(ERRORS)
def test_the_one_sided_bound_lies_within_the_two_sided_interval(errors: tuple[np.ndarray, np.ndarray]) -> None:
    found = mae_change(*errors, seed=1, resamples=200)
    assert found.low <= found.upper_bound <= found.high
    assert found.half_width == (found.high - found.low) / 2


def test_four_times_the_rows_halve_the_interval_so_that_the_rows_to_settle_stay_about_the_same() -> None:
    rng = np.random.default_rng(2)
    before = rng.gamma(2.0, 0.4, 8_000)
    after = before + rng.normal(0, 0.2, 8_000)
    few, many = (mae_change(before[:n], after[:n], seed=1, resamples=500) for n in (2_000, 8_000))
    assert few.half_width / many.half_width == pytest.approx(2, rel=0.15)
    assert few.rows_to_settle == pytest.approx(many.rows_to_settle, rel=0.3)
