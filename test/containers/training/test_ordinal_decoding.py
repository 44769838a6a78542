from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spotforge_training.ordinal_decoding import expected_score, mean_absolute_error, median_class, median_label

latents = st.floats(-6, 6)
cutpoints = st.lists(st.floats(-5, 5), min_size=1, max_size=9, unique=True).map(sorted)


def distribution(latent: float, theta: list[float]) -> tuple[np.ndarray, np.ndarray]:
    logits = np.float32(latent) - np.asarray([theta], dtype=np.float32)
    above = np.concatenate([[1.0], 1 / (1 + np.exp(-logits[0].astype(np.float64))), [0.0]])
    return logits, above[:-1] - above[1:]


@given(latents, cutpoints)
def test_the_decoded_class_is_the_median_of_the_predicted_distribution(latent: float, theta: list[float]) -> None:
    logits, probability = distribution(latent, theta)
    chosen = int(median_class(logits)[0])
    assert probability[:chosen].sum() <= 0.5 + 1e-9
    assert probability[chosen + 1 :].sum() <= 0.5 + 1e-9


@given(latents, cutpoints)
def test_no_other_class_has_a_smaller_expected_error_than_the_decoded_one(latent: float, theta: list[float]) -> None:
    logits, probability = distribution(latent, theta)
    classes = np.arange(len(probability))
    errors = [float((probability * np.abs(classes - answer)).sum()) for answer in classes]
    assert errors[int(median_class(logits)[0])] == pytest.approx(min(errors), abs=1e-6)


@given(latents, cutpoints)
def test_the_expected_score_is_the_mean_of_the_predicted_distribution(latent: float, theta: list[float]) -> None:
    logits, probability = distribution(latent, theta)
    assert expected_score(logits)[0] == pytest.approx(float((probability * np.arange(len(probability))).sum()), abs=1e-6)


def test_scores_of_huge_logits_do_not_overflow() -> None:
    with np.errstate(over="raise"):
        assert expected_score(np.array([[1e4, -1e4]], dtype=np.float32))[0] == 1.0


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60))
def test_no_constant_answer_beats_the_median_label(labels: list[int]) -> None:
    given_labels = np.array(labels, dtype=np.int32)

    def error(answer: int) -> float:
        return mean_absolute_error(np.full(len(labels), answer, dtype=np.int32), given_labels)

    assert error(median_label(given_labels)) == pytest.approx(min(error(answer) for answer in range(10)))
