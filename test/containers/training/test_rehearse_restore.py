"""Checkpoints that a real training committed, restored as in a rehearsal, and what happens when part of one does not arrive."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from containers.prepared import prepare_tiny_experiment
from containers.rehearsal_rig import Found, run
from containers.stage_rig import StageRig
from containers.training.experiments import AnExperiment, interrupt_at
from containers.training.killed_runs import Kill
from containers.training.runs import Runs
from spotforge_training.rehearse_rows import MadeUpRows

STAGE = "spotforge_training.training_run"
STEPS = 40  # two epochs of 20
BUCKET = "rig-checkpoints"


def interrupted_experiment(rig: StageRig, dataset: Path, base_model: Path, at: int) -> str:
    """An experiment whose training was interrupted at this step; it left one checkpoint."""
    prepared = prepare_tiny_experiment(rig, dataset, base_model)
    spec = prepared.with_spec({"train": {"epochs": 2, "maxRows": 320, "learningRate": 0.002}})
    attempt = rig.a_stage("train", spec=spec, inputs=prepared.inputs)
    with pytest.MonkeyPatch.context() as patch:
        interrupt_at(at, attempt, patch)
        assert attempt.work(STAGE).exit_code == 75
    return attempt.identity.experiment_id


@pytest.fixture(scope="module")
def interrupted(rig: StageRig, tiny_dataset: Path, tiny_base_model: Path) -> str:
    """Within the second epoch."""
    return interrupted_experiment(rig, tiny_dataset, tiny_base_model, 27)


def rehearse(rig: StageRig, experiment_id: str) -> Found:
    return run(rig, "restore", "spotforge_training.rehearse_restore_run", EXPERIMENT_ID=experiment_id)


def test_everything_of_a_checkpoint_arrives_and_training_goes_on(rig: StageRig, interrupted: str) -> None:
    figures = rehearse(rig, interrupted).figures
    assert (figures["experimentId"], figures["checkpoint"], figures["step"]) == (interrupted, "27-r1-1", 27)
    stored = [item for item in rig.storage.list(BUCKET, f"{interrupted}/27-") if not item.key.endswith("/COMMITTED")]
    assert (figures["files"], figures["bytes"]) == (len(stored), sum(item.bytes for item in stored))
    assert figures["tensors"] > 30
    assert 0 < figures["learningRate"] < 0.1
    assert figures["loss"] > 0
    assert (figures["differences"], figures["tornCheckpoints"]) == ([], [])


def test_a_run_at_its_end_is_given_a_step_to_do(rig: StageRig, tiny_dataset: Path, tiny_base_model: Path) -> None:
    finished = interrupted_experiment(rig, tiny_dataset, tiny_base_model, STEPS)
    assert rehearse(rig, finished).figures["step"] == STEPS


def test_one_process_rehearses_the_checkpoint_of_several(rig: StageRig, runs: Runs, an_experiment: AnExperiment) -> None:
    attempt = an_experiment({"epochs": 2, "maxRows": 203, "learningRate": 0.002})(PROCESSES="2")
    assert "signal" in runs.run("containers.training.killed_runs.a_text_run", attempt, Kill("step", 17))
    figures = rehearse(rig, attempt.identity.experiment_id).figures
    assert (figures["step"], figures["differences"]) == (15, [])
    assert figures["loss"] > 0


def test_a_torn_checkpoint_is_passed_over_and_named(rig: StageRig, interrupted: str) -> None:
    key = f"{interrupted}/30-r1-1/model.safetensors"
    rig.storage.put(b"half", BUCKET, key)
    try:
        figures = rehearse(rig, interrupted).figures
        assert figures["step"] == 27
        assert figures["tornCheckpoints"] == ["30-r1-1: no COMMITTED"]
    finally:
        rig.storage.delete(BUCKET, key)


def test_an_experiment_without_a_whole_checkpoint_is_a_finding(rig: StageRig) -> None:
    experiment_id = rig.a_stage("train").identity.experiment_id
    error = rehearse(rig, experiment_id).error
    assert f"No checkpoint of {experiment_id} is whole" in error["message"]


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("_load_optimizer_and_scheduler", "the optimiser has its state for 0 of"),
        ("_load_from_checkpoint", "weights are not the stored ones"),
        ("_load_rng_state", "random states are not the stored ones: torch"),
    ],
)
def test_a_trainer_that_does_not_load_a_part_is_found_out(
    rig: StageRig, interrupted: str, monkeypatch: pytest.MonkeyPatch, method: str, said: str
) -> None:
    monkeypatch.setattr(f"transformers.Trainer.{method}", lambda *_args, **_kwargs: None)
    error = rehearse(rig, interrupted).error
    assert said in error["message"]
    assert "do not deploy this image" in error["remedy"]


def test_made_up_rows_have_the_shape_of_a_training_and_are_always_the_same() -> None:
    rows = MadeUpRows(7, 5, vocabulary=40, classes=3)
    assert (len(rows), list(rows.lengths)) == (7, [5] * 7)
    assert [rows[index]["labels"] for index in range(4)] == [0, 1, 2, 0]
    batch = MadeUpRows.collate([rows[0], rows[6]])
    assert {name: tuple(tensor.shape) for name, tensor in batch.items()} == {
        "input_ids": (2, 5),
        "attention_mask": (2, 5),
        "labels": (2,),
    }
    assert int(batch["input_ids"].min()) >= 20 and int(batch["input_ids"].max()) < 40
    assert batch["labels"].dtype == torch.int64
    assert rows[3] == MadeUpRows(7, 5, vocabulary=40, classes=3)[3]
