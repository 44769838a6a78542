import numpy as np
import pytest
from containers.optimization.report.a_report import CLASSES, some_logits
from hypothesis import given
from hypothesis import strategies as st
from spotforge_optimization.report.calibration import calibration, reliability
from spotforge_optimization.report.confusion import confusion
from spotforge_runtime.ordinal_decoding import Head, absolute_errors, logits_of

HEADS: list[Head] = ["cumulative-link", "coral", "corn", "cross-entropy"]


@pytest.mark.parametrize("head", HEADS)
def test_confusion_counts_every_row_once_and_holds_the_mae(head: Head) -> None:
    logits = np.random.default_rng(1).normal(0, 2, (50, logits_of(CLASSES, head)))
    labels = np.random.default_rng(2).integers(0, CLASSES, 50)
    found = confusion("fp32", logits, labels, head, CLASSES)
    matrix = np.array(found.matrix)
    assert matrix.sum(axis=1).tolist() == np.bincount(labels, minlength=CLASSES).tolist()
    mae = sum(distance * count for distance, count in enumerate(found.by_distance)) / 50
    assert mae == pytest.approx(absolute_errors(logits, labels, head).mean())


def test_confusion_by_hand() -> None:
    logits = np.array([[3.0, -3.0], [3.0, 3.0], [-3.0, -3.0]])
    found = confusion("int8", logits, np.array([1, 0, 0]), "cumulative-link", 3)
    assert found.matrix == [[1, 0, 1], [0, 1, 0], [0, 0, 0]] and found.by_distance == [2, 0, 1]


def test_the_error_is_small_for_probabilities_that_come_true_and_large_for_reversed_ones() -> None:
    random = np.random.default_rng(3)
    right = random.uniform(0.02, 0.98, 20_000)
    happened = random.uniform(size=20_000) < right
    logits = np.log(right / (1 - right))[:, None]
    assert calibration("fp32", logits, happened.astype(int), "cumulative-link").error < 0.02
    assert calibration("fp32", -logits, happened.astype(int), "cumulative-link").error > 0.4


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50))
def test_bins_hold_every_probability_once_and_rise(pairs: list[tuple[float, bool]]) -> None:
    predicted, happened = np.array([p for p, _ in pairs]), np.array([h for _, h in pairs])
    bins = reliability(predicted, happened)
    assert sum(each.count for each in bins) == len(pairs)
    assert [each.predicted for each in bins] == sorted(each.predicted for each in bins)
    assert sum(each.observed * each.count for each in bins) == pytest.approx(happened.sum())


def test_scores_are_told_for_each_label_that_has_rows() -> None:
    logits, labels = some_logits()
    found = calibration("fp32", logits[labels != 2], labels[labels != 2], "cumulative-link")
    assert [each.label for each in found.scores] == [0, 1, 3, 4]
    assert all(each.low <= each.mean <= each.high for each in found.scores)
    assert len(found.thresholds) == CLASSES - 1
