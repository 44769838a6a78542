"""What a run leaves to look at: lines, curves, progress, times."""

from __future__ import annotations

import json
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spotforge_training.curves_svg import curves_svg, nice_ticks
from spotforge_training.phase_times import PhaseTimes
from spotforge_training.training_metrics import json_lines, mean_loss_since, metric_lines
from spotforge_training.training_recipe import micro_batch
from spotforge_training.work_meter import WorkMeter

LINES = [
    {"step": 10.0, "epoch": 0.5, "loss": 1.9, "learningRate": 1e-4},
    {"step": 20.0, "epoch": 1.0, "loss": 1.4, "learningRate": 5e-5, "validationLoss": 1.5, "validationMae": 0.9},
]
SVG = "{http://www.w3.org/2000/svg}"


def test_what_was_logged_at_one_step_is_one_line_of_json() -> None:
    history = [
        {"step": 10, "epoch": 0.5, "loss": 1.9, "learning_rate": 1e-4, "grad_norm": 3.0},
        {"step": 10, "epoch": 0.5, "eval_loss": 1.5, "eval_mae": 0.9},
        {"step": 10, "epoch": 0.5, "train_runtime": 3.2},
    ]
    text = json_lines(metric_lines(history))
    assert [json.loads(line) for line in text.splitlines()] == [
        {"step": 10, "epoch": 0.5, "loss": 1.9, "learningRate": 1e-4, "validationLoss": 1.5, "validationMae": 0.9}
    ]


def test_the_mean_loss_weighs_each_line_by_the_steps_it_speaks_for() -> None:
    lines = [{"step": 10, "loss": 9.0}, {"step": 12, "validationMae": 1.0}, {"step": 16, "loss": 2.0}, {"step": 20, "loss": 1.0}]
    assert mean_loss_since(lines, first_step=8) == pytest.approx((2 * 9.0 + 6 * 2.0 + 4 * 1.0) / 12)
    assert mean_loss_since([], first_step=0) == 0.0


def test_the_curves_are_well_formed_and_label_what_they_show() -> None:
    root = ElementTree.fromstring(curves_svg(LINES, title='a "run" & <more>', baseline_mae=1.4))
    words = {element.text for element in root.iter(f"{SVG}text")}
    assert {'a "run" & <more>', "Loss (nats)", "Mean absolute error (classes)", "step", "training", "median class"} <= words
    assert len(list(root.iter(f"{SVG}circle"))) == 2


def test_curves_of_a_run_without_lines_are_still_a_picture() -> None:
    ElementTree.fromstring(curves_svg([], title="empty", baseline_mae=1.0))


def test_a_loss_that_is_no_number_leaves_a_gap_in_the_curve() -> None:
    svg = curves_svg([*LINES, {"step": 30.0, "epoch": 1.5, "loss": float("nan")}], title="gap", baseline_mae=1.0)
    assert "nan" not in svg


@given(st.floats(1e-3, 1e7))
def test_ticks_are_few_even_and_reach_the_top(high: float) -> None:
    ticks = nice_ticks(0.0, high)
    assert ticks[0] == 0.0 and ticks[-1] >= high * (1 - 1e-9)
    assert 2 <= len(ticks) <= 8
    gaps = [b - a for a, b in pairwise(ticks)]
    assert np.allclose(gaps, gaps[0])


@given(st.integers(1, 512), st.sampled_from([1, 2, 4, 8]))
def test_micro_batches_accumulate_to_exactly_the_batch(batch: int, divisor: int) -> None:
    size = micro_batch(batch, divisor)
    assert batch % size == 0
    assert size <= max(1, batch // divisor)


def test_the_fraction_counts_training_and_evaluation_in_one_measure_and_never_falls() -> None:
    meter = WorkMeter(training_rows=100, evaluated_rows=100)
    meter.trained(50)
    assert meter.fraction == pytest.approx(150 / 400)
    meter.evaluating(30)
    meter.evaluating(50)
    assert meter.fraction == pytest.approx(200 / 400)
    meter.evaluated()
    meter.trained(100)
    meter.evaluating(50)
    meter.evaluated()
    assert meter.fraction == 1.0
    meter.trained(0)
    assert meter.fraction == 1.0


def test_a_phase_can_leave_out_what_another_took_meanwhile() -> None:
    now = iter([0.0, 1.0, 3.0, 10.0])
    times = PhaseTimes(clock=lambda: next(now))
    with times.phase("train", without="validation"), times.phase("validation"):
        pass
    assert times.seconds == {"train": 8.0, "validation": 2.0}
