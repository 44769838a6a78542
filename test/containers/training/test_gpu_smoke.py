"""Ten steps of the real train stage on a GPU: the shortest run that touches driver, CUDA, kernels, checkpoint and publication.

In the image: `docker run --gpus all … python -m pytest test/containers/training/test_gpu_smoke.py`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from containers.prepared import prepare_tiny_experiment
from containers.stage_rig import StageRig

STEPS = 10
BATCH = 16
NO_GPU = "torch finds no GPU here, and this is a test of one"


def ten_steps(rig: StageRig, dataset: Path, base_model: Path) -> dict[str, Any]:
    """The summary of a run of ten steps, whatever the device."""
    prepared = prepare_tiny_experiment(rig, dataset, base_model)
    spec = prepared.with_spec({"train": {"epochs": 1, "batchSize": BATCH, "maxRows": STEPS * BATCH}})
    return rig.a_stage("train", spec=spec, inputs=prepared.inputs).work("spotforge_training.training_run").summary


@pytest.mark.skipif(not torch.cuda.is_available(), reason=NO_GPU)
def test_ten_steps_train_on_the_gpu(rig: StageRig, tiny_dataset: Path, tiny_base_model: Path) -> None:
    torch.cuda.reset_peak_memory_stats()
    summary = ten_steps(rig, tiny_dataset, tiny_base_model)
    assert (summary["steps"], summary["device"]) == (STEPS, torch.cuda.get_device_name())
    assert math.isfinite(summary["trainLoss"])
    assert torch.cuda.max_memory_allocated() > 0  # the name alone would be there without a tensor on it


@pytest.mark.skipif(torch.cuda.is_available(), reason="the run above is of the GPU that is here")
def test_the_same_ten_steps_train_on_the_cpu(rig: StageRig, tiny_dataset: Path, tiny_base_model: Path) -> None:
    summary = ten_steps(rig, tiny_dataset, tiny_base_model)
    assert (summary["steps"], summary["device"]) == (STEPS, "cpu")
    assert math.isfinite(summary["trainLoss"])
