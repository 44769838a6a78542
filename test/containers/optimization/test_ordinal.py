import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from spotforge_optimization.ordinal import (
    absolute_errors,
    class_probabilities,
    exceedance,
    expected_score,
    mean_score_delta,
    predicted_class,
)

ORDERED_LOGITS = arrays(np.float64, (5, 4), elements=st.floats(-30, 30)).map(lambda a: -np.sort(-a, axis=1))


@given(ORDERED_LOGITS)
def test_the_predicted_class_is_the_median_of_the_class_distribution(logits: np.ndarray) -> None:
    cumulative = np.cumsum(class_probabilities(logits), axis=1)
    decided = predicted_class(logits)
    for row, chosen in enumerate(decided):
        assert cumulative[row, chosen] >= 0.5 - 1e-12
        assert chosen == 0 or cumulative[row, chosen - 1] <= 0.5 + 1e-12


@given(ORDERED_LOGITS)
def test_the_expected_score_is_the_mean_of_the_class_distribution(logits: np.ndarray) -> None:
    probabilities = class_probabilities(logits)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(expected_score(logits), probabilities @ np.arange(5), atol=1e-9)


@given(arrays(np.float32, (3, 2), elements=st.floats(allow_nan=False, allow_infinity=False, width=32)))
def test_probabilities_stay_between_0_and_1_for_any_finite_logit(logits: np.ndarray) -> None:
    above = exceedance(logits)
    assert np.isfinite(above).all()
    assert ((above >= 0) & (above <= 1)).all()


def test_a_literal_example_decodes_as_the_contract_says() -> None:
    logits = np.array([[2.0, 0.5, -1.0]])
    assert predicted_class(logits).tolist() == [2]
    assert expected_score(logits)[0] == pytest.approx(0.880797 + 0.622459 + 0.268941, abs=1e-6)
    assert absolute_errors(logits, np.array([0])).tolist() == [2]


@given(ORDERED_LOGITS, ORDERED_LOGITS)
def test_the_mean_score_delta_is_symmetric_zero_for_itself_and_at_most_the_whole_scale(a: np.ndarray, b: np.ndarray) -> None:
    assert mean_score_delta(a, a) == 0
    assert mean_score_delta(a, b) == pytest.approx(mean_score_delta(b, a))
    assert 0 <= mean_score_delta(a, b) <= 1


def test_the_whole_scale_apart_is_a_delta_of_1() -> None:
    assert mean_score_delta(np.full((2, 6), 50.0), np.full((2, 6), -50.0)) == pytest.approx(1)
