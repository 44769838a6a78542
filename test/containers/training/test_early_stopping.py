from __future__ import annotations

from typing import Any

import pytest
from containers.training.experiments import AnExperiment, interrupt_at
from hypothesis import given
from hypothesis import strategies as st
from spotforge_training.early_stopping import best_of, is_over

STAGE = "spotforge_training.training_run"
# The rate falls to nothing within the epochs; so large a one has done its best long before.
HASTY = {"epochs": 12, "maxRows": 320, "learningRate": 0.006, "earlyStopping": {"patience": 2}}

histories = st.lists(st.floats(0, 3), min_size=1, max_size=20).map(
    lambda maes: [{"step": 10 * (number + 1), "eval_mae": mae} for number, mae in enumerate(maes)]
)


@given(histories, st.integers(1, 5))
def test_training_is_over_when_the_best_epoch_is_as_long_ago_as_patience_lasts(
    history: list[dict[str, Any]], patience: int
) -> None:
    best = best_of(history)
    assert best is not None
    waited = len(history) - 1 - [line["step"] for line in history].index(best[0])
    assert is_over(history, patience) == (waited >= patience)
    assert all(line["eval_mae"] >= best[1] for line in history)


def test_nothing_is_over_before_the_first_evaluation() -> None:
    assert not is_over([{"step": 1, "loss": 2.0}], patience=1)


@pytest.fixture(scope="module")
def stopped(an_experiment: AnExperiment) -> dict[str, Any]:
    return an_experiment(HASTY)().work(STAGE).summary


def test_a_run_that_stops_early_publishes_the_weights_of_its_best_epoch(stopped: dict[str, Any]) -> None:
    assert stopped["stoppedEarly"]
    assert stopped["bestStep"] % 20 == 0
    assert stopped["bestStep"] + 2 * 20 + 1 == 20 * (stopped["bestStep"] // 20 + 2) + 1
    assert stopped["mae"] < stopped["baselineMae"]


@pytest.mark.parametrize("after_best", [1, 41])
def test_an_interrupted_run_stops_where_an_uninterrupted_one_does_with_the_same_weights(
    after_best: int, an_experiment: AnExperiment, stopped: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the epoch behind the best one, and in the very step behind which training is over."""
    attempt_at = an_experiment(HASTY)
    first = attempt_at(1)
    with monkeypatch.context() as patched:
        interrupt_at(stopped["bestStep"] + after_best, first, patched)
        assert first.work(STAGE).exit_code == 75
    resumed = attempt_at(2).work(STAGE).summary
    for figure in ("modelSha256", "bestStep", "stoppedEarly", "validationMae", "mae"):
        assert resumed[figure] == stopped[figure]
