"""Fixtures of the tests that train more than once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from containers.stage_rig import StageRig
from containers.training.experiments import AnExperiment, experiments
from containers.training.runs import Runs


@pytest.fixture(scope="session")
def runs(rig: StageRig) -> Iterator[Runs]:
    made = Runs(rig)
    yield made
    made.close()


@pytest.fixture(scope="session")
def an_experiment(rig: StageRig, tiny_dataset: Path, tiny_base_model: Path) -> AnExperiment:
    return experiments(rig, tiny_dataset, tiny_base_model)
