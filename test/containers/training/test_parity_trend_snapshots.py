"""A few steps' weights are kept beside the checkpoints, folded as the model itself will be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from containers.stage_rig import BUCKETS, Attempt, StageRig
from safetensors.numpy import load
from spotforge_runtime.contracts import names
from spotforge_runtime.contracts.models import WeightSnapshots
from spotforge_runtime.errors import Infrastructure
from spotforge_training.base_model import attach_head, fold_head, load_base_model
from spotforge_training.parity_trend_snapshots import ParityTrendSnapshots
from transformers import PreTrainedModel, TrainerControl, TrainerState, TrainingArguments

STEPS = 8
CHECKPOINTS = BUCKETS[names.ENV_CHECKPOINTS_BUCKET]


@pytest.fixture
def model(tiny_base_model: Path) -> PreTrainedModel:
    torch.manual_seed(1)
    model = load_base_model(tiny_base_model, 5)
    attach_head(model, [10, 20, 30, 20, 10])
    return model


def train(attempt: Attempt, model: PreTrainedModel, *, first: int = 0, last: int = STEPS, rank: bool = True) -> dict[str, Any]:
    """Calls back as the Trainer does, moving the weights a little at each step; returns the document."""
    context = attempt.context()
    snapshots = ParityTrendSnapshots(context, steps=STEPS, fold=fold_head, first=rank)
    arguments, state, control = TrainingArguments(output_dir=str(attempt.scratch)), TrainerState(), TrainerControl()
    state.global_step = first
    snapshots.on_train_begin(arguments, state, control, model=model)
    for step in range(first + 1, STEPS + 1):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.001)
        state.global_step = step
        snapshots.on_step_end(arguments, state, control, model=model)
    snapshots.publish(last)
    [stored] = [output for output in context.outputs.written if output.name == "weight-snapshots.json"]
    data = attempt.rig.read(f"s3://{stored.bucket}/{stored.key}")
    assert data is not None
    WeightSnapshots.model_validate_json(data)
    document: dict[str, Any] = json.loads(data)
    return document


def weights_of(rig: StageRig, snapshot: dict[str, Any]) -> dict[str, np.ndarray]:
    data = rig.read(f"s3://{snapshot['bucket']}/{snapshot['key']}")
    assert data is not None and len(data) == snapshot["bytes"]
    return load(data)


def test_the_beginning_a_quarter_and_half_are_kept_folded_and_the_model_goes_on_as_it_was(
    rig: StageRig, model: PreTrainedModel
) -> None:
    names_before = list(model.state_dict())
    document = train(rig.a_stage("train"), model)
    assert [snapshot["step"] for snapshot in document["snapshots"]] == [0, 2, 4]
    assert (document["lastStep"], document["notes"]) == (STEPS, [])
    assert list(model.state_dict()) == names_before
    fold_head(model)
    last = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    for snapshot in document["snapshots"]:
        weights = weights_of(rig, snapshot)
        assert set(weights) <= set(last)
        moved = last["classifier.weight"] - weights["classifier.weight"]
        assert moved == pytest.approx(0.001 * (STEPS - snapshot["step"]), abs=1e-5)


def test_a_resumed_training_finds_what_the_attempt_before_kept(rig: StageRig, model: PreTrainedModel) -> None:
    first = rig.a_stage("train")
    train(first, model)
    second = rig.a_stage("train", spec=first.spec, attempt=2)
    document = train(second, model, first=3)
    assert [snapshot["key"].rpartition("/")[2] for snapshot in document["snapshots"]] == [
        "0-r1-1.safetensors",
        "2-r1-1.safetensors",
        "4-r1-2.safetensors",
    ]


def test_nothing_at_or_after_the_step_whose_weights_are_published_is_listed(rig: StageRig, model: PreTrainedModel) -> None:
    document = train(rig.a_stage("train"), model, last=4)
    assert [snapshot["step"] for snapshot in document["snapshots"]] == [0, 2]


def test_only_the_first_process_keeps_any(rig: StageRig, model: PreTrainedModel) -> None:
    assert train(rig.a_stage("train"), model, rank=False)["snapshots"] == []


def test_a_model_that_is_too_large_keeps_none_and_says_so(
    rig: StageRig, model: PreTrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spotforge_training.parity_trend_snapshots.LARGEST_BYTES", 100)
    document = train(rig.a_stage("train"), model)
    assert document["snapshots"] == []
    assert len(document["notes"]) == 1 and "too large" in document["notes"][0]


def test_a_store_that_refuses_costs_the_trend_and_not_the_training(
    rig: StageRig, model: PreTrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_arguments: object, **_options: object) -> None:
        raise Infrastructure("S3 does not answer.", where="here")

    attempt = rig.a_stage("train")
    monkeypatch.setattr(type(rig.storage), "upload", refused)
    monkeypatch.setattr(type(rig.storage), "list", refused)
    document = train(attempt, model)
    assert document["snapshots"] == []
    assert document["notes"] == [f"The weights of step {step} could not be stored." for step in (0, 2, 4)]
