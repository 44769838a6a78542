"""One training shared by several processes, as on a host with several GPUs; here on the CPU, by Gloo."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from containers.stage_rig import Attempt, StageRig, a_spec
from containers.training.experiments import AnExperiment, experiments, wait_until_it_trains
from containers.training.killed_runs import Kill
from containers.training.runs import Runs
from spotforge_runtime.contracts import names
from spotforge_runtime.contracts.models import TrainSpec
from spotforge_runtime.errors import InvalidInput
from spotforge_training.training_recipe import recipe_of

TEXT = "containers.training.killed_runs.a_text_run"
STAGE = "spotforge_training.training_run"
# 13 steps an epoch, the last one of 10 rows, and a row that sits out; a checkpoint at every third step.
TRAIN = {"epochs": 2, "maxRows": 203, "learningRate": 0.002}
STEPS = 26


def shared(attempt: Callable[..., Attempt], number: int = 1, *, processes: int = 2) -> Attempt:
    return attempt(number, **{names.ENV_PROCESSES: str(processes)})


@pytest.fixture(scope="module")
def uninterrupted(runs: Runs, an_experiment: AnExperiment) -> dict[str, Any]:
    return runs.finish(TEXT, shared(an_experiment(TRAIN)))


@pytest.fixture(scope="module")
def without_dropout(tiny_base_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny base model with nothing random in it, so that it does not matter which process computes which row."""
    folder = tmp_path_factory.mktemp("without-dropout")
    shutil.copytree(tiny_base_model, folder, dirs_exist_ok=True)
    config = json.loads((folder / "config.json").read_text())
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_two_processes_learn_what_one_learns_from_the_same_batches(
    rig: StageRig, runs: Runs, tiny_dataset: Path, without_dropout: Path
) -> None:
    train = {**TRAIN, "epochs": 1, "maxRows": 202}
    alone = runs.finish(TEXT, experiments(rig, tiny_dataset, without_dropout)(train)())
    attempt = experiments(rig, tiny_dataset, without_dropout)(train)(PROCESSES="2", MICRO_BATCH_DIVISOR="2")
    both = runs.finish(TEXT, attempt)
    assert both["steps"] == alone["steps"] == 13
    for figure in ("trainLoss", "validationLoss"):
        assert both[figure] == pytest.approx(alone[figure], abs=1e-5)
    assert both["mae"] == pytest.approx(alone["mae"], abs=0.01)


PHASES = [
    pytest.param(Kill("step", 11), 9, id="both between two checkpoints, in mid-epoch"),
    pytest.param(Kill("put_object", "/12-r1-1/optimizer.pt"), 9, id="the first in the upload"),
    pytest.param(Kill("evaluate", "test"), 24, id="both in the last evaluation"),
]


@pytest.mark.parametrize(("kill", "resumes_from"), PHASES)
def test_a_shared_run_that_is_killed_resumes_to_the_same_weights(
    kill: Kill, resumes_from: int, runs: Runs, an_experiment: AnExperiment, uninterrupted: dict[str, Any]
) -> None:
    attempt = an_experiment(TRAIN)
    assert runs.run(TEXT, shared(attempt, 1), kill) == {"signal": signal.SIGKILL}

    resumed = runs.finish(TEXT, shared(attempt, 2))
    assert (resumed["resumedFromStep"], resumed["steps"]) == (resumes_from, STEPS)
    assert resumed["modelSha256"] == uninterrupted["modelSha256"]
    assert resumed["mae"] == uninterrupted["mae"]


def test_four_processes_resume_to_the_same_weights(runs: Runs, an_experiment: AnExperiment) -> None:
    whole = runs.finish(TEXT, shared(an_experiment(TRAIN), processes=4))
    attempt = an_experiment(TRAIN)
    assert runs.run(TEXT, shared(attempt, 1, processes=4), Kill("step", 11)) == {"signal": signal.SIGKILL}
    resumed = runs.finish(TEXT, shared(attempt, 2, processes=4))
    assert resumed["resumedFromStep"] == 9
    assert resumed["modelSha256"] == whole["modelSha256"]


def test_a_checkpoint_of_another_number_of_processes_is_not_continued(runs: Runs, an_experiment: AnExperiment) -> None:
    attempt = an_experiment(TRAIN)
    runs.run(TEXT, shared(attempt, 1), Kill("step", 11))
    ended = attempt(2).work(STAGE)
    assert ended.error["name"] == "Stage.ContractBroken"
    assert "processes was 2 and is 1" in ended.error["message"]


@pytest.mark.drill
def test_sigterm_ends_the_job_with_one_checkpoint_of_all_processes(
    rig: StageRig, runs: Runs, an_experiment: AnExperiment
) -> None:
    # Progress is stored every two seconds: the run has to last long enough to be caught in the middle.
    long = {**TRAIN, "epochs": 24}
    attempt = an_experiment(long)
    first = shared(attempt, 1)
    job = first.start("spotforge_training.train")
    wait_until_it_trains(first, job, 120)
    job.send_signal(signal.SIGTERM)
    ended = first.finish(job)
    assert ended.exit_code == 75, ended.log
    assert ended.error["name"] == "Stage.Interrupted"
    stacks = rig.read(first.uri("stacks.txt"))
    assert stacks is not None and b"== process 1 ==" in stacks
    stored = rig.storage.list(first.environment.checkpoints_bucket, first.identity.experiment_id)
    assert {item.key.rpartition("/")[2] for item in stored} >= {"rng_state_0.pth", "rng_state_1.pth", "COMMITTED"}
    assert len({item.key.split("/")[1] for item in stored}) == 1

    resumed = runs.finish(TEXT, shared(attempt, 2))
    assert 0 < resumed["resumedFromStep"] < resumed["steps"]
    whole = runs.finish(TEXT, shared(an_experiment(long)))
    assert resumed["modelSha256"] == whole["modelSha256"]


@pytest.mark.drill
def test_a_process_that_runs_out_of_memory_is_why_the_job_ends(an_experiment: AnExperiment) -> None:
    ended = shared(an_experiment(TRAIN)).process("containers.training.failing_run")
    assert ended.exit_code == 67, ended.log
    assert ended.error["name"] == "Stage.OutOfMemory"
    assert "MemoryError: 4 GiB" in ended.error["message"]


def test_the_batch_of_the_spec_is_shared_equally_or_refused() -> None:
    spec = TrainSpec.model_validate(a_spec()["train"])
    for processes, divisor, micro_batch, accumulation in [(1, 1, 16, 1), (2, 1, 8, 1), (4, 2, 2, 2), (16, 2, 1, 1)]:
        recipe = recipe_of(spec, divisor, processes)
        assert (recipe.micro_batch, recipe.accumulation) == (micro_batch, accumulation)
        assert recipe.micro_batch * recipe.accumulation * processes == 16
    with pytest.raises(InvalidInput, match="A batch of 16 rows cannot be shared equally by 3 processes") as refused:
        recipe_of(spec, 1, 3)
    assert (refused.value.where, refused.value.remedy) == ("train.batchSize", "Make train.batchSize a multiple of 3.")
