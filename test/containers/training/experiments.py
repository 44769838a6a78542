"""Prepared experiments of the tiny dataset, for tests that train."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from containers.prepared import prepare_tiny_experiment
from containers.stage_rig import Attempt, Ended, StageRig
from spotforge_training.training_progress import TrainingProgress

AnExperiment = Callable[..., Callable[..., Attempt]]


def experiments(rig: StageRig, dataset: Path, base_model: Path) -> AnExperiment:
    """Makes a prepared experiment with its own checkpoints; what it returns makes attempts at training it."""

    def make(train: dict[str, Any]) -> Callable[..., Attempt]:
        prepared = prepare_tiny_experiment(rig, dataset, base_model)

        def attempt(number: int = 1, changed: dict[str, Any] | None = None, **variables: str) -> Attempt:
            spec = prepared.with_spec({"train": train | (changed or {})})
            return rig.a_stage("train", spec=spec, inputs=prepared.inputs, attempt=number, variables=variables)

        return attempt

    return make


def content(rig: StageRig, ended: Ended, name: str) -> bytes:
    """What an attempt published under that name."""
    stored = ended.output(name)
    data = rig.read(f"s3://{stored['bucket']}/{stored['key']}")
    assert data is not None
    return data


def interrupt_at(step: int, attempt: Attempt, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host is reclaimed while this step is done."""
    tell = TrainingProgress.on_step_end

    def on_step_end(self: TrainingProgress, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        tell(self, args, state, control, **kwargs)
        if state.global_step == step:
            attempt.interruption.request("The spot host is reclaimed.")

    monkeypatch.setattr(TrainingProgress, "on_step_end", on_step_end)


def wait_until_it_trains(attempt: Attempt, job: subprocess.Popen[str], seconds: float) -> None:
    """Until the job of an attempt has stored that it did a step, or has ended, or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and job.poll() is None:
        progress = attempt.document("progress.json")
        if progress and progress["step"] > 0:
            return
        time.sleep(0.02)
