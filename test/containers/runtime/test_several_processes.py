"""A stage whose work several processes share, under the real torchrun. The work itself needs no torch."""

from __future__ import annotations

import doctest
import signal
import subprocess
import time
from pathlib import Path

import pytest
from containers.stage_rig import Attempt, Ended, StageRig
from spotforge_runtime import torchrun
from spotforge_runtime.contracts import names
from spotforge_runtime.environment import read_environment
from spotforge_runtime.errors import ContractBroken

MODULE = "containers.runtime.stage_modules.several"


def an_attempt(rig: StageRig, behaviour: str, **variables: str) -> Attempt:
    return rig.a_stage("export", variables={"TEST_BEHAVIOUR": behaviour, names.ENV_PROCESSES: "2", **variables})


def run(rig: StageRig, behaviour: str, **variables: str) -> Ended:
    return an_attempt(rig, behaviour, **variables).process(MODULE)


def start(attempt: Attempt) -> subprocess.Popen[str]:
    """Started, and both processes at work."""
    job = attempt.start(MODULE)
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and job.poll() is None:
        if all(attempt.rig.read(attempt.uri(f"ready-{rank}")) is not None for rank in range(2)):
            return job
        time.sleep(0.1)
    raise AssertionError(attempt.finish(job, timeout=1).log)


def descendants(pid: int) -> list[int]:
    children = [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*children, *(each for child in children for each in descendants(child))]


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(Path(f"/proc/{pid}").exists() for pid in pids):
        time.sleep(0.05)
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def test_the_first_process_speaks_for_all(rig: StageRig) -> None:
    attempt = an_attempt(rig, "share_the_work")
    ended = attempt.process(MODULE)
    assert ended.exit_code == 0, ended.log
    assert ended.summary["opset"] == 17
    progress = attempt.document("progress.json")
    assert progress is not None and progress["message"] == "process 0"
    assert rig.read(attempt.uri("ready-1")) is not None


def test_a_process_that_is_killed_is_what_ended_the_others(rig: StageRig) -> None:
    ended = run(rig, "lose_the_second")
    assert ended.exit_code == 137, ended.log
    assert ended.error["name"] == "Stage.Interrupted"
    assert "SIGKILL" in ended.error["message"]


def test_a_process_that_the_kernel_killed_for_memory_is_told_as_such(rig: StageRig, tmp_path: Path) -> None:
    ended = run(rig, "lose_the_second", TEST_MEMORY_EVENTS=str(tmp_path / "memory.events"))
    assert ended.exit_code == 67, ended.log
    assert ended.error["name"] == "Stage.OutOfMemory"


@pytest.mark.parametrize(
    ("behaviour", "code", "name"),
    [("the_second_runs_out_of_memory", 67, "Stage.OutOfMemory"), ("the_first_has_a_defect", 1, "Stage.Failed")],
)
def test_a_process_that_fails_says_why_and_ends_the_others(rig: StageRig, behaviour: str, code: int, name: str) -> None:
    ended = run(rig, behaviour)
    assert (ended.exit_code, ended.error["name"]) == (code, name), ended.log


def test_sigterm_reaches_every_process_once_its_stack_is_kept(rig: StageRig) -> None:
    attempt = an_attempt(rig, "wait_for_the_end")
    job = start(attempt)
    pids = descendants(job.pid)
    job.send_signal(signal.SIGTERM)
    job.send_signal(signal.SIGTERM)  # a second one changes nothing
    ended = attempt.finish(job, timeout=30)

    assert ended.exit_code == 75, ended.log
    assert ended.error["name"] == "Stage.Interrupted"
    stacks = rig.read(attempt.uri("stacks.txt"))
    assert stacks is not None
    first, second = stacks.split(b"== process 1 ==")
    assert b"wait_for_the_end" in first and b"wait_for_the_end" in second
    assert len(pids) == 3
    wait_until_gone(pids)


def test_processes_that_ignore_the_end_are_killed_in_time(rig: StageRig) -> None:
    attempt = an_attempt(rig, "ignore_everything", TEST_GRACE_SECONDS="1")
    job = start(attempt)
    pids = descendants(job.pid)
    job.send_signal(signal.SIGTERM)
    ended = attempt.finish(job, timeout=20)
    assert ended.exit_code == 137, ended.log
    assert ended.error["name"] == "Stage.Interrupted"
    wait_until_gone(pids)


def test_no_process_outlives_a_killed_parent(rig: StageRig) -> None:
    attempt = an_attempt(rig, "wait_for_the_end")
    job = start(attempt)
    pids = descendants(job.pid)
    assert len(pids) == 3
    job.kill()
    job.communicate(timeout=10)
    wait_until_gone(pids)


def test_the_exit_code_is_that_of_the_process_that_ended_by_itself() -> None:
    assert doctest.testmod(torchrun).failed == 0


def test_how_many_processes_there_are_comes_from_the_environment(rig: StageRig) -> None:
    variables = an_attempt(rig, "").variables
    alone = variables | {names.ENV_PROCESSES: "1", "RANK": "3"}
    assert (read_environment(alone).processes, read_environment(alone).rank) == (1, 0)
    assert read_environment(variables).rank == 0
    assert read_environment(variables | {"RANK": "1"}).rank == 1
    with pytest.raises(ContractBroken, match="RANK is 2; expected an integer below 2"):
        read_environment(variables | {"RANK": "2"})
