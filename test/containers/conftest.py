"""Fixtures that every container's tests share. The emulator starts once a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from containers.prepared import Prepared, prepare_tiny_experiment
from containers.stage_rig import StageRig
from containers.tiny_data import rows, write_base_model, write_csv
from spotforge_emulator.process import start_emulator


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StageRig]:
    """Stages against a real local S3 and bus, without IAM."""
    folder = tmp_path_factory.mktemp("rig")
    with start_emulator(folder / "emulator", auth=False) as emulator:
        made = StageRig(emulator, folder)
        made.create_buckets_and_bus()
        yield made


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one file, data.csv: 1,600 rows of text, label (-2…2), group, with a signal to learn."""
    folder = tmp_path_factory.mktemp("dataset")
    write_csv(folder / "data.csv", rows())
    return folder


@pytest.fixture(scope="session")
def tiny_base_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hugging Face directory: a random 2-layer BERT, hidden 32, and its tokenizer."""
    return write_base_model(tmp_path_factory.mktemp("base-model"))


@pytest.fixture(scope="session")
def prepared(rig: StageRig, tiny_dataset: Path, tiny_base_model: Path) -> Prepared:
    """An experiment that is through ingest and prepare: its spec, and the manifests that later stages take as inputs."""
    return prepare_tiny_experiment(rig, tiny_dataset, tiny_base_model)
