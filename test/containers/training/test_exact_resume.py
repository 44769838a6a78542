"""A run that is killed, wherever that is, and resumed ends with the weights of the run that was not: bit for bit."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from containers.stage_rig import Attempt, StageRig
from containers.training.experiments import AnExperiment
from containers.training.killed_runs import Kill
from containers.training.runs import Runs

TEXT = "containers.training.killed_runs.a_text_run"
IMAGES = "containers.training.image_run.work"
# 13 steps an epoch, and a checkpoint at every third step.
TRAIN = {"epochs": 2, "maxRows": 208, "learningRate": 0.002}


@pytest.fixture(scope="module")
def uninterrupted(runs: Runs, an_experiment: AnExperiment) -> dict[str, Any]:
    return runs.finish(TEXT, an_experiment(TRAIN)(1))


def directories(rig: StageRig, attempt: Attempt) -> dict[str, set[str]]:
    """Checkpoint → its files. Snapshots of the weights, which lie beside them, belong to no attempt's resumption."""
    found: dict[str, set[str]] = {}
    prefix = attempt.identity.experiment_id + "/"
    for item in rig.storage.list(attempt.environment.checkpoints_bucket, prefix):
        directory, _, file = item.key.removeprefix(prefix).partition("/")
        if directory == "weight-snapshots":
            continue
        found.setdefault(directory, set()).add(file)
    return found


PHASES = [
    pytest.param(Kill("step", 11), 9, [], id="between two checkpoints, in mid-epoch"),
    pytest.param(Kill("serialise", 12), 9, [], id="while the Trainer writes it to the disk"),
    pytest.param(Kill("hand-over", 12), 9, [], id="while it is handed over"),
    pytest.param(Kill("put_object", "/12-r1-1/optimizer.pt"), 9, ["12-r1-1: no COMMITTED"], id="in the upload"),
    pytest.param(Kill("put_object", "/12-r1-1/COMMITTED"), 9, ["12-r1-1: no COMMITTED"], id="before COMMITTED"),
    pytest.param(Kill("put_object", "/12-r1-1/COMMITTED", after=True), 12, [], id="after COMMITTED"),
    pytest.param(Kill("delete_object", "/3-r1-1/COMMITTED"), 12, [], id="before an old one is deleted"),
    pytest.param(Kill("delete_object", "/3-r1-1/COMMITTED", after=True), 12, [], id="while an old one is deleted"),
    pytest.param(Kill("evaluate", "validation"), 12, [], id="in the evaluation between epochs"),
    pytest.param(Kill("evaluate", "test"), 24, [], id="in the last evaluation"),
]


@pytest.mark.parametrize(("kill", "resumes_from", "torn"), PHASES)
def test_a_text_run_that_is_killed_resumes_to_the_same_weights(
    kill: Kill,
    resumes_from: int,
    torn: list[str],
    rig: StageRig,
    runs: Runs,
    an_experiment: AnExperiment,
    uninterrupted: dict[str, Any],
) -> None:
    attempt = an_experiment(TRAIN)
    assert runs.run(TEXT, attempt(1), kill) == {"signal": signal.SIGKILL}

    resumed = runs.finish(TEXT, attempt(2))
    assert resumed["resumedFromStep"] == resumes_from
    assert resumed["modelSha256"] == uninterrupted["modelSha256"]
    assert resumed["mae"] == uninterrupted["mae"]
    assert resumed["tornCheckpoints"] == torn
    left = directories(rig, attempt(3))
    assert {int(name.partition("-")[0]) for name, files in left.items() if "COMMITTED" in files} == {18, 21, 24}
    assert len(left) == 3 or resumed["checkpoints"] == 0, "what a deletion or an upload left half done is cleared away"


# Each attempt is killed in another phase, a little further on.
KILLED_AGAIN_AND_AGAIN = [
    Kill("put_object", "/6-r1-1/COMMITTED"),
    Kill("step", 11),
    Kill("serialise", 15),
    Kill("delete_object", "-r1-", after=True),
    Kill("put_object", "/21-r1-5/optimizer.pt", after=True),
    Kill("put_object", "/24-r1-6/COMMITTED", after=True),
]


@pytest.mark.parametrize(
    ("work", "train"),
    [
        pytest.param(
            TEXT,
            TRAIN | {"threads": 2, "classWeights": "balanced", "layerwiseDecay": 0.8},
            id="text, two threads, balanced classes, slower lower layers",
        ),
        pytest.param(IMAGES, TRAIN, id="images, one thread"),
    ],
)
def test_a_run_that_is_killed_again_and_again_ends_with_the_same_weights(
    work: str, train: dict[str, Any], runs: Runs, an_experiment: AnExperiment, uninterrupted: dict[str, Any]
) -> None:
    whole = runs.finish(work, an_experiment(train)(1))
    attempt = an_experiment(train)
    for number, kill in enumerate(KILLED_AGAIN_AND_AGAIN, start=1):
        assert runs.run(work, attempt(number), kill) == {"signal": signal.SIGKILL}, kill

    resumed = runs.finish(work, attempt(len(KILLED_AGAIN_AND_AGAIN) + 1))
    assert resumed["resumedFromStep"] == 24
    assert resumed["modelSha256"] == whole["modelSha256"]
    assert whole["modelSha256"] != uninterrupted["modelSha256"], "another thread count or model: other weights"
