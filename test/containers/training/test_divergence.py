from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spotforge_runtime.errors import Diverged
from spotforge_training.divergence import DivergenceWatch, uninformed_loss


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_the_run_and_says_what_to_do(loss: float) -> None:
    with pytest.raises(Diverged) as caught:
        DivergenceWatch(1.9).judge(step=7, loss=loss, gradient_norm=1.0, learning_rate=0.25)
    assert f"diverged at step 7: the loss is {loss}" in caught.value.message
    assert "learning rate 0.25" in caught.value.message
    assert caught.value.where == "train.learningRate"
    assert caught.value.remedy is not None and "Lower train.learningRate" in caught.value.remedy


def test_a_gradient_that_is_no_number_ends_the_run() -> None:
    with pytest.raises(Diverged, match=r"gradient's norm is nan at a loss of 1\.5"):
        DivergenceWatch(1.9).judge(1, 1.5, math.nan, 1e-3)


def test_a_loss_far_above_the_uninformed_one_for_five_steps_ends_the_run() -> None:
    watch = DivergenceWatch(2.0)
    for step in range(1, 5):
        watch.judge(step, 21.0, 1.0, 1e-3)
    with pytest.raises(Diverged, match="the loss is 21, for 5 steps more than 10 times the 2 of answering the class frequencies"):
        watch.judge(5, 21.0, 1.0, 1e-3)


def test_a_loss_that_stays_moderately_above_ends_the_run_later() -> None:
    watch = DivergenceWatch(2.0)
    for step in range(1, 30):
        watch.judge(step, 7.0, 1.0, 1e-3)
    with pytest.raises(Diverged, match="for 30 steps more than 3 times"):
        watch.judge(30, 7.0, 1.0, 1e-3)


def test_single_bad_batches_are_forgiven() -> None:
    watch = DivergenceWatch(2.0)
    for step in range(1, 200):
        watch.judge(step, 100.0 if step % 5 == 0 else 1.0, 1e6, 1e-3)


@given(st.lists(st.floats(0, 5.9), max_size=100))
def test_losses_below_three_times_the_uninformed_one_never_end_a_run(losses: list[float]) -> None:
    watch = DivergenceWatch(2.0)
    for step, loss in enumerate(losses):
        watch.judge(step, loss, 1.0, 1e-3)


def test_the_uninformed_loss_is_the_entropy_of_the_frequencies() -> None:
    assert uninformed_loss([1, 1, 2, 0]) == pytest.approx(1.5 * math.log(2))
