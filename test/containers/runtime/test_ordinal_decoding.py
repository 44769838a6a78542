from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from spotforge_runtime import ordinal_decoding
from spotforge_runtime.ordinal_decoding import (
    Head,
    absolute_errors,
    class_probabilities,
    exceedance,
    expected_score,
    logits_of,
    mean_absolute_error,
    mean_score_delta,
    median_label,
    predicted_class,
    score_errors,
)

CLASSES = 5
HEADS: list[Head] = ["cumulative-link", "coral", "corn", "cross-entropy"]


@st.composite
def head_and_logits(draw: st.DrawFn, heads: tuple[Head, ...] = tuple(HEADS)) -> tuple[Head, np.ndarray]:
    """Logits as the head can give them: descending where its cutpoints ascend."""
    head = draw(st.sampled_from(heads))
    logits = draw(arrays(np.float32, (4, logits_of(CLASSES, head)), elements=st.floats(-30, 30, width=32)))
    return head, -np.sort(-logits, axis=1) if head in ("cumulative-link", "coral") else logits


@given(head_and_logits())
def test_the_predicted_class_is_the_median_of_the_class_distribution(given_logits: tuple[Head, np.ndarray]) -> None:
    head, logits = given_logits
    cumulative = np.cumsum(class_probabilities(logits, head), axis=1)
    for row, chosen in enumerate(predicted_class(logits, head)):
        assert cumulative[row, chosen] >= 0.5 - 1e-9
        assert chosen == 0 or cumulative[row, chosen - 1] <= 0.5 + 1e-9


@given(head_and_logits())
def test_no_other_class_has_a_smaller_expected_error_than_the_predicted_one(given_logits: tuple[Head, np.ndarray]) -> None:
    head, logits = given_logits
    classes = np.arange(CLASSES)
    errors = class_probabilities(logits, head) @ np.abs(classes[:, None] - classes[None, :])
    chosen = errors[np.arange(len(logits)), predicted_class(logits, head)]
    np.testing.assert_allclose(chosen, errors.min(axis=1), atol=1e-9)


@given(head_and_logits())
def test_the_expected_score_is_the_mean_of_a_distribution_that_sums_to_one(given_logits: tuple[Head, np.ndarray]) -> None:
    head, logits = given_logits
    probabilities = class_probabilities(logits, head)
    assert (probabilities >= -1e-12).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(expected_score(logits, head), probabilities @ np.arange(CLASSES), atol=1e-9)


@given(head_and_logits(heads=("corn", "cross-entropy")))
def test_exceedances_descend_whatever_the_logits_are(given_logits: tuple[Head, np.ndarray]) -> None:
    head, logits = given_logits
    assert (np.diff(exceedance(logits, head), axis=1) <= 1e-12).all()


@pytest.mark.parametrize("head", HEADS)
def test_extreme_logits_neither_overflow_nor_leave_0_to_1(head: Head) -> None:
    largest = np.finfo(np.float32).max
    with np.errstate(over="raise", invalid="raise"):
        above = exceedance(np.array([[largest, -largest], [1e4, 1e4]], dtype=np.float32), head)
    assert ((above >= 0) & (above <= 1)).all()


@given(head_and_logits(), st.integers(0, 2**16))
def test_the_mean_score_delta_is_symmetric_zero_for_itself_and_at_most_the_whole_scale(
    given_logits: tuple[Head, np.ndarray], seed: int
) -> None:
    head, logits = given_logits
    other = np.random.default_rng(seed).permutation(logits, axis=0)
    assert mean_score_delta(logits, logits, head) == 0
    assert mean_score_delta(logits, other, head) == pytest.approx(mean_score_delta(other, logits, head))
    assert 0 <= mean_score_delta(logits, other, head) <= 1


def test_a_literal_example_decodes_as_the_contract_says() -> None:
    logits = np.array([[2.0, 0.5, -1.0]])
    assert predicted_class(logits, "cumulative-link").tolist() == [2]
    assert expected_score(logits, "cumulative-link")[0] == pytest.approx(0.880797 + 0.622459 + 0.268941, abs=1e-6)
    assert expected_score(logits, "corn")[0] == pytest.approx(0.880797 * (1 + 0.622459 * (1 + 0.268941)), abs=1e-6)
    assert absolute_errors(logits, np.array([0]), "cumulative-link").tolist() == [2]
    assert score_errors(logits, np.array([3]), "cumulative-link")[0] == pytest.approx(3 - 1.772197, abs=1e-6)


def test_the_whole_scale_apart_is_a_delta_of_1() -> None:
    assert mean_score_delta(np.full((2, 6), 50.0), np.full((2, 6), -50.0), "cumulative-link") == pytest.approx(1)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60))
def test_no_constant_answer_beats_the_median_label(labels: list[int]) -> None:
    given_labels = np.array(labels, dtype=np.int32)

    def error(answer: int) -> float:
        return mean_absolute_error(np.full(len(labels), answer, dtype=np.int32), given_labels)

    assert error(median_label(given_labels)) == pytest.approx(min(error(answer) for answer in range(10)))


def test_the_examples_in_its_documentation_hold() -> None:
    assert doctest.testmod(ordinal_decoding).failed == 0
