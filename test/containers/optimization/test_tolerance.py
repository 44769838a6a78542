import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spotforge_optimization.tolerance import Tolerance, compare

ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True, width=32)
TOLERANCES = st.builds(Tolerance, st.floats(0, 1), st.floats(0, 1))


@given(ANY_FLOAT, ANY_FLOAT, TOLERANCES)
def test_an_element_mismatches_exactly_when_it_is_beyond_the_tolerance(a: float, b: float, tolerance: Tolerance) -> None:
    found = compare(np.array([[a]]), np.array([[b]]), tolerance)
    within = math.isfinite(a) and math.isfinite(b) and abs(a - b) <= tolerance.absolute + tolerance.relative * abs(b)
    assert found.mismatches == (0 if within else 1)


@given(st.sampled_from([math.nan, math.inf, -math.inf]), ANY_FLOAT, TOLERANCES)
def test_what_is_not_finite_never_passes_on_either_side(bad: float, other: float, tolerance: Tolerance) -> None:
    assert compare(np.array([bad]), np.array([other]), tolerance).mismatches == 1
    assert compare(np.array([other]), np.array([bad]), tolerance).mismatches == 1
    assert compare(np.array([bad]), np.array([bad]), tolerance).mismatches == 1


@given(st.lists(st.tuples(ANY_FLOAT, ANY_FLOAT), min_size=1, max_size=20), TOLERANCES)
def test_a_mismatch_has_a_ratio_above_1_and_a_match_at_most_1(pairs: list[tuple[float, float]], tolerance: Tolerance) -> None:
    found = compare(np.array([a for a, _ in pairs]), np.array([b for _, b in pairs]), tolerance)
    assert not np.isnan(found.ratio).any()
    # Division rounds: a ratio of exactly 1 may stand for a difference one unit in the last place beyond.
    assert (found.ratio[found.mismatch] >= 1).all()
    assert (found.ratio[~found.mismatch] <= 1).all()


def test_the_tolerance_is_relative_to_the_reference_not_to_the_measured_value() -> None:
    tolerance = Tolerance(absolute=0, relative=0.5)
    assert compare(np.array([1.0]), np.array([2.0]), tolerance).mismatches == 0
    assert compare(np.array([2.0]), np.array([1.0]), tolerance).mismatches == 1


def test_the_worst_element_is_the_one_with_the_largest_ratio_and_one_that_is_not_finite_is_worse_still() -> None:
    reference = np.array([[1.0, 1000.0], [1.0, 1.0]])
    measured = reference + np.array([[1e-3, 2e-3], [2e-4, 0]])
    assert compare(measured, reference, Tolerance(1e-5, 1e-5)).worst == (0, 0)
    measured[1, 1] = np.nan
    assert compare(measured, reference, Tolerance(1e-5, 1e-5)).worst == (1, 1)


def test_equal_elements_pass_a_tolerance_of_zero() -> None:
    found = compare(np.array([0.0, 3.0]), np.array([0.0, 3.0]), Tolerance(0, 0))
    assert (found.mismatches, found.ratio.tolist()) == (0, [0.0, 0.0])


def test_nothing_to_compare_has_no_worst_element() -> None:
    assert compare(np.zeros((0, 3)), np.zeros((0, 3)), Tolerance(0, 0)).worst is None


def test_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2,\) and \(3,\)"):
        compare(np.zeros(2), np.zeros(3), Tolerance(0, 0))
