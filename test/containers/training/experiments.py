"""Prepared experiments of the tiny dataset, for tests that train."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from containers.prepared import prepare_tiny_experiment
from containers.stage_rig import Attempt, StageRig

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


def wait_until_it_trains(attempt: Attempt, job: subprocess.Popen[str], seconds: float) -> None:
    """Until the job of an attempt has stored that it did a step, or has ended, or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and job.poll() is None:
        progress = attempt.document("progress.json")
        if progress and progress["step"] > 0:
            return
        time.sleep(0.02)
