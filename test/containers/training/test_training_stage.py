"""The whole stage, against a real local S3."""

from __future__ import annotations

import io
import json
import signal
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from containers.stage_rig import Ended, StageRig
from containers.training.dying_run import CHECKPOINT_AT
from containers.training.experiments import AnExperiment, content, interrupt_at, wait_until_it_trains
from spotforge_runtime.ordinal_decoding import mean_absolute_error, predicted_class
from spotforge_training.checkpointing import CONDITIONS
from spotforge_training.ordinal_regression_trainer import OrdinalRegressionTrainer
from spotforge_training.training_progress import TrainingProgress
from transformers import AutoModelForSequenceClassification, AutoTokenizer

STAGE = "spotforge_training.training_run"
# 20 steps an epoch: 20 is the boundary between the epochs, 27 lies within the second.
SHORT = {"epochs": 2, "maxRows": 320, "learningRate": 0.002}
STEPS = 40


@pytest.fixture(scope="module")
def uninterrupted(an_experiment: AnExperiment) -> Ended:
    return an_experiment(SHORT)().work(STAGE)


@pytest.fixture(scope="module")
def learned(an_experiment: AnExperiment) -> Ended:
    """Three epochs of all rows: what the tiny model needs to learn the tiny dataset."""
    return an_experiment({"epochs": 3, "learningRate": 0.002})().work(STAGE)


def test_learns_to_answer_far_better_than_the_median_class(learned: Ended) -> None:
    summary = learned.summary
    assert summary["mae"] < 0.3 * summary["baselineMae"]
    assert summary["validationMae"] < 0.4
    assert (summary["rows"], summary["steps"], summary["epochs"]) == (880, 165, 3)
    assert summary["device"] == "cpu"
    assert summary["resumedFromStep"] is None
    assert summary["samplesPerSecond"] > 0
    assert 0 < summary["trainLoss"] < 1.2


def test_publishes_a_stock_model_that_makes_the_predictions_in_the_file(rig: StageRig, learned: Ended, tmp_path: Path) -> None:
    assert learned.manifest is not None
    for output in learned.manifest["outputs"]:
        if output["name"].startswith("model/"):
            (tmp_path / output["name"].removeprefix("model/")).write_bytes(content(rig, learned, output["name"]))
    assert learned.output("model/model.safetensors")["sha256"] == learned.summary["modelSha256"]
    predictions = pl.read_parquet(io.BytesIO(content(rig, learned, "predictions.parquet")))
    assert predictions.columns == ["row", "label", "predicted", "expected_score"]
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path, local_files_only=True).eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)

    test = pl.read_parquet(rig.folder / "prepared/text-ordinal/test.parquet")
    assert predictions["row"].to_list() == test["row"].to_list()
    assert predictions["label"].to_list() == test["label"].to_list()
    with torch.no_grad():
        logits = model(**tokenizer(test["text"].to_list(), padding=True, return_tensors="pt")).logits.numpy()
    assert predictions["predicted"].to_list() == predicted_class(logits, "cumulative-link").tolist()
    labels = test["label"].to_numpy().astype(np.int32)
    assert mean_absolute_error(predictions["predicted"].to_numpy(), labels) == pytest.approx(learned.summary["mae"])
    assert predictions["expected_score"].is_between(0, 4).all()

    cutpoints = json.loads(content(rig, learned, "cutpoints.json"))["cutpoints"]
    last = model.get_submodule("classifier")
    assert cutpoints == sorted(cutpoints)
    assert [-bias for bias in last.bias.tolist()] == pytest.approx(cutpoints)
    assert torch.equal(last.weight[0], last.weight[3])


def test_leaves_metrics_that_can_be_plotted(rig: StageRig, learned: Ended) -> None:
    lines = [json.loads(line) for line in content(rig, learned, "metrics.jsonl").splitlines()]
    assert [line["step"] for line in lines] == sorted({line["step"] for line in lines})
    assert lines[-1]["step"] == 165
    assert sum("validationMae" in line for line in lines) == 3, "one evaluation an epoch"
    assert all({"loss", "learningRate", "epoch"} <= set(line) for line in lines if "validationMae" not in line)
    assert b"</svg>" in content(rig, learned, "curves.svg")


def test_tells_how_far_it_is(learned: Ended) -> None:
    fractions = [document["fraction"] for document in learned.progress]
    assert fractions == sorted(fractions)
    assert learned.progress[-1]["metrics"].keys() >= {
        "loss",
        "learningRate",
        "validationMae",
        "validationLoss",
        "mae",
        "baselineMae",
    }
    assert learned.progress[-1]["totalSteps"] == 165


@pytest.mark.parametrize("step", [20, 27, STEPS])
def test_a_run_that_was_interrupted_and_resumed_ends_with_the_same_weights(
    step: int, an_experiment: AnExperiment, uninterrupted: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt_at = an_experiment(SHORT)
    first = attempt_at(1)
    with monkeypatch.context() as patched:
        interrupt_at(step, first, patched)
        ended = first.work(STAGE)
    assert ended.exit_code == 75
    assert ended.error["name"] == "Stage.Interrupted"

    resumed = attempt_at(2).work(STAGE)
    assert resumed.summary["resumedFromStep"] == resumed.progress[-1]["metrics"]["resumedFromStep"] == step
    assert resumed.summary["modelSha256"] == uninterrupted.summary["modelSha256"]
    for figure in ("mae", "validationMae", "validationLoss"):
        assert resumed.summary[figure] == uninterrupted.summary[figure]


def test_a_resumed_run_tells_the_same_figures_as_if_nothing_had_happened(
    rig: StageRig, an_experiment: AnExperiment, uninterrupted: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt_at = an_experiment(SHORT)
    first = attempt_at(1)
    with monkeypatch.context() as patched:
        interrupt_at(20, first, patched)
        first.work(STAGE)
    resumed = attempt_at(2).work(STAGE)
    assert content(rig, resumed, "metrics.jsonl") == content(rig, uninterrupted, "metrics.jsonl")


def test_a_run_whose_host_died_without_a_word_resumes_in_a_new_process_to_the_same_weights(
    an_experiment: AnExperiment, uninterrupted: Ended
) -> None:
    attempt_at = an_experiment(SHORT)
    dying = attempt_at(1)
    path = dying.rig.process_environment()["PYTHONPATH"] + f":{Path(__file__).parents[2]}"
    died = dying.process("containers.training.dying_train", variables={"PYTHONPATH": path})
    assert died.exit_code == 137, died.log

    resumed = attempt_at(2).process("spotforge_training.train")
    assert resumed.summary["resumedFromStep"] == CHECKPOINT_AT
    assert resumed.summary["modelSha256"] == uninterrupted.summary["modelSha256"]


def test_sigterm_ends_the_job_with_a_checkpoint_to_go_on_from(an_experiment: AnExperiment) -> None:
    # Progress is stored every two seconds: the run has to last long enough to be caught in the middle.
    long = SHORT | {"epochs": 16}
    attempt_at = an_experiment(long)
    first = attempt_at(1)
    job = first.start("spotforge_training.train")
    wait_until_it_trains(first, job, 90)
    job.send_signal(signal.SIGTERM)
    ended = first.finish(job)
    assert ended.exit_code == 75, ended.log

    resumed = attempt_at(2).work(STAGE)
    assert 0 < resumed.summary["resumedFromStep"] < resumed.summary["steps"]
    assert resumed.summary["modelSha256"] == an_experiment(long)().work(STAGE).summary["modelSha256"]


@pytest.mark.parametrize(("evaluated", "step"), [("validation", 20), ("test", STEPS)])
def test_an_interruption_during_an_evaluation_keeps_everything_that_was_trained(
    evaluated: str, step: int, an_experiment: AnExperiment, uninterrupted: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt_at = an_experiment(SHORT)
    first = attempt_at(1)
    tell = TrainingProgress.evaluated_rows

    def evaluated_rows(self: TrainingProgress, split: str, rows: int, total: int) -> None:
        tell(self, split, rows, total)
        if split == evaluated:
            first.interruption.request()

    with monkeypatch.context() as patched:
        patched.setattr(TrainingProgress, "evaluated_rows", evaluated_rows)
        assert first.work(STAGE).exit_code == 75
    resumed = attempt_at(2).work(STAGE)
    assert resumed.summary["resumedFromStep"] == step
    assert (resumed.summary["samplesPerSecond"] == 0) == (step == STEPS)
    assert resumed.summary["modelSha256"] == uninterrupted.summary["modelSha256"]


def test_an_interruption_before_the_first_step_has_nothing_to_save(rig: StageRig, an_experiment: AnExperiment) -> None:
    attempt = an_experiment(SHORT)()
    attempt.interruption.request("The spot host is reclaimed.")
    ended = attempt.work(STAGE)
    assert ended.exit_code == 75
    assert rig.storage.list(attempt.environment.checkpoints_bucket, attempt.identity.experiment_id) == []


def test_a_disk_that_a_checkpoint_fills_is_an_infrastructure_error(
    an_experiment: AnExperiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = an_experiment(SHORT)()
    interrupt_at(2, attempt, monkeypatch)
    save = OrdinalRegressionTrainer._save_optimizer_and_scheduler

    def save_on_full_disk(self: OrdinalRegressionTrainer, folder: str) -> None:
        (Path(folder) / "optimizer.pt").symlink_to("/dev/full")
        save(self, folder)

    monkeypatch.setattr(OrdinalRegressionTrainer, "_save_optimizer_and_scheduler", save_on_full_disk)
    ended = attempt.work(STAGE)
    assert ended.exit_code == 74
    assert "could not be written to the local disk" in ended.error["message"]
    assert "more storage" in ended.error["remedy"]


def test_clocks_that_are_an_hour_off_change_nothing(
    an_experiment: AnExperiment, uninterrupted: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt_at, right = an_experiment(SHORT), time.time
    for number, (hours, step) in enumerate([(1, 11), (-1, 30)], start=1):
        attempt = attempt_at(number)
        with monkeypatch.context() as patched:
            patched.setattr(time, "time", lambda hours=hours: right() + 3600 * hours)
            interrupt_at(step, attempt, patched)
            assert attempt.work(STAGE).exit_code == 75
    resumed = attempt_at(3).work(STAGE)
    assert resumed.summary["resumedFromStep"] == 30
    assert resumed.summary["modelSha256"] == uninterrupted.summary["modelSha256"]


def test_tells_what_checkpoints_cost(an_experiment: AnExperiment) -> None:
    summary = an_experiment(SHORT | {"epochs": 6, "checkpointEverySeconds": 1})().work(STAGE).summary
    assert summary["checkpoints"] >= 1
    assert 0 < summary["checkpointBlockedSeconds"] < summary["trainingSeconds"]
    share = summary["checkpointBlockedSeconds"] / summary["trainingSeconds"]
    assert summary["checkpointBlockedShare"] == pytest.approx(share, abs=1e-3)
    assert 0 < summary["checkpointIntervalSeconds"] < summary["trainingSeconds"]
    assert summary["tornCheckpoints"] == []


def test_a_learning_rate_that_is_far_too_high_ends_as_diverged_within_a_few_steps(an_experiment: AnExperiment) -> None:
    ended = an_experiment(SHORT | {"learningRate": 1000})().work(STAGE)
    assert ended.exit_code == 65
    assert ended.error["name"] == "Stage.Diverged"
    assert "diverged at step" in ended.error["message"]
    assert "Lower train.learningRate" in ended.error["remedy"]
    assert int(ended.error["message"].split("step ")[1].split(":")[0]) <= 10


def test_half_the_micro_batch_accumulates_to_the_same_batch(an_experiment: AnExperiment, uninterrupted: Ended) -> None:
    ended = an_experiment(SHORT)(MICRO_BATCH_DIVISOR="2").work(STAGE)
    assert ended.summary["steps"] == STEPS
    # Dropout falls differently on other micro-batches; what is learned is as good.
    assert ended.summary["trainLoss"] == pytest.approx(uninterrupted.summary["trainLoss"], abs=0.1)


def test_a_checkpoint_of_another_recipe_is_not_continued(an_experiment: AnExperiment, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt_at = an_experiment(SHORT)
    first = attempt_at(1)
    with monkeypatch.context() as patched:
        interrupt_at(3, first, patched)
        first.work(STAGE)
    ended = attempt_at(2, {"batchSize": 8, "seed": 14}).work(STAGE)
    assert ended.error["name"] == "Stage.ContractBroken"
    assert "batch_size was 16 and is 8; seed was 13 and is 14" in ended.error["message"]


def test_a_checkpoint_of_another_thread_count_is_not_continued(
    an_experiment: AnExperiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt_at = an_experiment(SHORT)
    first = attempt_at(1)
    with monkeypatch.context() as patched:
        interrupt_at(3, first, patched)
        first.work(STAGE)
    ended = attempt_at(2, {"threads": 2}).work(STAGE)
    assert ended.error["name"] == "Stage.ContractBroken"
    assert "1 threads" in ended.error["message"] and "2 threads" in ended.error["message"]


def test_checkpoints_hold_their_conditions_and_no_pickled_arguments(
    rig: StageRig, an_experiment: AnExperiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = an_experiment(SHORT)(1)
    interrupt_at(2, first, monkeypatch)
    first.work(STAGE)
    bucket, experiment = first.environment.checkpoints_bucket, first.identity.experiment_id
    names = {item.key.rpartition("/")[2] for item in rig.storage.list(bucket, f"{experiment}/2-r1-1/")}
    assert names >= {
        "model.safetensors",
        "optimizer.pt",
        "scheduler.pt",
        "rng_state.pth",
        "trainer_state.json",
        CONDITIONS,
        "COMMITTED",
    }
    assert "training_args.bin" not in names


def test_bfloat16_trains_and_publishes_float32(an_experiment: AnExperiment) -> None:
    ended = an_experiment(SHORT | {"precision": "bfloat16", "epochs": 1})().work(STAGE)
    assert ended.summary["steps"] == 20
