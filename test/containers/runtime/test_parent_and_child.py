"""The job's real argv: a parent, its child, signals, and what is left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from containers.runtime.metadata_service import NOTICE, MetadataService, start_metadata_service
from containers.stage_rig import Attempt, Ended, StageRig
from pydantic import TypeAdapter
from spotforge_runtime.contracts.models import StageFailed, StageManifest, StageSucceeded

MODULE = "containers.runtime.stage_modules.run"


def an_attempt(rig: StageRig, behaviour: str, **variables: str) -> Attempt:
    return rig.a_stage("export", variables={"TEST_BEHAVIOUR": behaviour, **variables})


def run(rig: StageRig, behaviour: str, **variables: str) -> Ended:
    return an_attempt(rig, behaviour, **variables).process(MODULE)


def wait_until_ready(attempt: Attempt, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while attempt.rig.read(attempt.uri("ready")) is None:
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()[0]
        time.sleep(0.1)


def test_success_leaves_documents_that_keep_the_contract_and_no_token(rig: StageRig) -> None:
    attempt = an_attempt(rig, "shows_its_environment")
    ended = attempt.process(MODULE)

    assert ended.exit_code == 0, ended.log
    StageSucceeded.model_validate(ended.result)
    StageManifest.model_validate(ended.manifest)
    environment = attempt.document("environment.json")
    assert environment is not None
    assert environment["EXPERIMENT_ID"] == attempt.identity.experiment_id
    assert "TASK_TOKEN" not in environment
    progress = attempt.document("progress.json")
    assert progress is not None
    assert (progress["fraction"], progress["message"]) == (1.0, "starting")
    everything = rig.s3.list_objects_v2(Bucket="rig-experiments", Prefix=attempt.identity.prefix)["Contents"]
    for item in everything:
        assert b"a-task-token" not in rig.s3.get_object(Bucket="rig-experiments", Key=item["Key"])["Body"].read()
    assert "a-task-token" not in ended.log


@pytest.mark.parametrize(
    ("behaviour", "code", "name", "outcome"),
    [
        ("finds_its_input_invalid", 64, "Stage.InvalidInput", "failed"),
        ("is_rejected", 66, "Stage.GateRejected", "rejected"),
        ("runs_out_of_memory", 67, "Stage.OutOfMemory", "failed"),
        ("has_a_defect", 1, "Stage.Failed", "failed"),
        ("leaves_without_a_word", 1, "Stage.ContractBroken", "failed"),
        ("is_killed", 137, "Stage.Interrupted", "failed"),
        ("crashes", 139, "Stage.Failed", "failed"),
    ],
)
def test_each_end_has_its_exit_code_and_a_result(rig: StageRig, behaviour: str, code: int, name: str, outcome: str) -> None:
    ended = run(rig, behaviour)

    assert ended.exit_code == code, ended.log
    result = TypeAdapter(StageSucceeded | StageFailed).validate_python(ended.result)
    assert isinstance(result, StageFailed)
    assert (result.error.name, result.outcome, result.exit_code) == (name, outcome, code)
    assert ended.manifest is None
    if behaviour == "finds_its_input_invalid":
        assert ended.error | {"diagnostics": result.diagnostics} == {
            "name": "Stage.InvalidInput",
            "message": "The label is missing.",
            "where": "row 3",
            "remedy": "Add it.",
            "diagnostics": ["s3://bucket/report.json"],
        }


def test_a_stored_result_counts_even_if_the_process_dies_on_its_way_out(rig: StageRig) -> None:
    ended = run(rig, "dies_after_its_result_is_stored")

    assert ended.exit_code == 0, ended.log
    assert ended.summary["opset"] == 17


def test_a_disk_without_room_is_an_infrastructure_error(rig: StageRig) -> None:
    code = (
        "import errno, tempfile\n"
        "def full(**_): raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "tempfile.mkdtemp = full\n"
        "from spotforge_runtime.parent import run_stage\n"
        "run_stage('containers.runtime.stage_modules.behaviour')\n"
    )
    attempt = an_attempt(rig, "waits")
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=rig.process_environment() | attempt.variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 74, ended.stderr
    assert "The disk is full" in ended.stderr


def test_a_kill_that_the_kernel_counted_as_out_of_memory_is_told_as_such(rig: StageRig, tmp_path: Path) -> None:
    ended = run(rig, "is_killed", TEST_MEMORY_EVENTS=str(tmp_path / "memory.events"))

    assert ended.exit_code == 67, ended.log
    assert ended.error["name"] == "Stage.OutOfMemory"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stage_without_checkpoints_ends_at_once_when_told_to(rig: StageRig, number: signal.Signals) -> None:
    attempt = an_attempt(rig, "waits")
    process = attempt.start(MODULE)
    wait_until_ready(attempt, process)
    process.send_signal(number)
    ended = attempt.finish(process, timeout=20)

    assert ended.exit_code == 75, ended.log
    assert ended.error["name"] == "Stage.Interrupted"
    stacks = rig.read(attempt.uri("stacks.txt"))
    assert stacks is not None and b"behaviour.py" in stacks


def test_an_interrupted_stage_commits_a_checkpoint_first(rig: StageRig) -> None:
    attempt = an_attempt(rig, "saves_a_checkpoint_when_interrupted")
    process = attempt.start(MODULE)
    wait_until_ready(attempt, process)
    os.kill(process.pid, signal.SIGTERM)
    os.kill(process.pid, signal.SIGTERM)  # a second one changes nothing
    ended = attempt.finish(process, timeout=30)

    assert ended.exit_code == 75, ended.log
    listed = rig.s3.list_objects_v2(Bucket="rig-checkpoints", Prefix=attempt.identity.experiment_id)["Contents"]
    assert sorted(item["Key"].rpartition("/")[2] for item in listed) == ["COMMITTED", "step.json"]


def test_a_child_that_ignores_the_end_is_killed_in_time_and_the_parent_writes_the_result(rig: StageRig) -> None:
    attempt = an_attempt(rig, "ignores_everything", TEST_GRACE_SECONDS="1")
    process = attempt.start(MODULE)
    wait_until_ready(attempt, process)
    process.send_signal(signal.SIGTERM)
    ended = attempt.finish(process, timeout=20)

    assert ended.exit_code == 137, ended.log
    assert ended.error["name"] == "Stage.Interrupted"
    assert "SIGKILL" in ended.error["message"]


def test_the_child_does_not_outlive_a_killed_parent(rig: StageRig) -> None:
    attempt = an_attempt(rig, "waits")
    process = attempt.start(MODULE)
    wait_until_ready(attempt, process)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.kill()
    process.communicate(timeout=10)  # the pipe closes when the last process that writes to it is gone

    assert len(children) == 1
    deadline = time.monotonic() + 5
    while Path(f"/proc/{children[0]}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{children[0]}").exists()


def test_a_stage_that_stands_still_is_looked_into_before_the_hang_limit(rig: StageRig) -> None:
    attempt = an_attempt(rig, "hangs_and_is_looked_at", HANG_LIMIT_SECONDS="1")
    ended = attempt.process(MODULE)

    assert ended.exit_code == 0, ended.log
    stacks = rig.read(attempt.uri("stacks.txt"))
    assert stacks is not None and b"hangs_and_is_looked_at" in stacks


def test_a_missing_variable_is_named(rig: StageRig) -> None:
    attempt = rig.a_stage("export")
    attempt.variables["RUN"] = "first"
    ended = attempt.process(MODULE)

    assert ended.exit_code == 1
    assert "RUN is first; expected an integer from 1 up" in ended.log


@pytest.fixture
def metadata() -> Iterator[MetadataService]:
    with start_metadata_service() as service:
        yield service


def test_the_spot_notice_reaches_the_work_even_where_boto_has_metadata_disabled(rig: StageRig, metadata: MetadataService) -> None:
    attempt = an_attempt(rig, "saves_a_checkpoint_when_interrupted")
    process = attempt.start(
        MODULE,
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.endpoint, "AWS_EC2_METADATA_DISABLED": "true"},
    )
    wait_until_ready(attempt, process)
    assert process.poll() is None
    metadata.pages[NOTICE] = json.dumps({"action": "terminate", "time": "2026-11-22T08:22:00Z"})
    ended = attempt.finish(process, timeout=30)

    assert ended.exit_code == 75, ended.log
    assert "spot host is reclaimed" in ended.error["message"]
    assert metadata.without_token == 0
    assert set(metadata.asked) == {NOTICE}


def test_a_spot_notice_that_is_there_before_the_work_listens_is_not_lost(rig: StageRig, metadata: MetadataService) -> None:
    metadata.pages[NOTICE] = "{}"
    attempt = an_attempt(rig, "waits")
    ended = attempt.process(MODULE, timeout=40, variables={"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.endpoint})

    assert ended.exit_code == 75, ended.log
    assert ended.error["name"] == "Stage.Interrupted"


def test_a_metadata_service_that_does_not_answer_holds_nothing_up(rig: StageRig) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:  # takes connections and never says a word
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        attempt = an_attempt(rig, "ignores_everything", TEST_GRACE_SECONDS="0.2")
        process = attempt.start(MODULE, {"AWS_EC2_METADATA_SERVICE_ENDPOINT": endpoint})
        wait_until_ready(attempt, process)
        process.send_signal(signal.SIGTERM)
        assert attempt.finish(process, timeout=20).exit_code == 137


def overlaid(rig: StageRig, folder: Path, code: str) -> dict[str, str]:
    """The variables with which every Python process runs `code` first."""
    (folder / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": f"{folder}{os.pathsep}{rig.process_environment()['PYTHONPATH']}"}


def test_a_disk_that_is_full_before_the_work_begins_is_an_infrastructure_error(rig: StageRig, tmp_path: Path) -> None:
    code = (
        "import errno, pathlib\n"
        "make = pathlib.Path.mkdir\n"
        "def mkdir(self, *arguments, **keywords):\n"
        "    if self.name == 'scratch': raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "    make(self, *arguments, **keywords)\n"
        "pathlib.Path.mkdir = mkdir\n"
    )
    ended = an_attempt(rig, "waits").process(MODULE, variables=overlaid(rig, tmp_path, code))

    assert ended.exit_code == 74, ended.log
    assert "The disk is full" in ended.log
    assert ended.error["name"] == "Stage.Infrastructure"


@pytest.mark.parametrize("behaviour", ["fills_the_disk", "fills_the_disk_with_a_checkpoint"])
def test_a_disk_that_the_work_fills_is_an_infrastructure_error(rig: StageRig, behaviour: str) -> None:
    ended = run(rig, behaviour)

    assert ended.exit_code == 74, ended.log
    assert ended.error["name"] == "Stage.Infrastructure"
    assert "No space left on device" in ended.error["message"]
    assert "more storage" in ended.error["remedy"]


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_an_hour_off_changes_nothing(rig: StageRig, hours: int, tmp_path: Path) -> None:
    code = f"import time\nright = time.time\ntime.time = lambda: right() + {3600 * hours}\n"
    attempt = an_attempt(rig, "hangs_and_is_looked_at", HANG_LIMIT_SECONDS="1")
    ended = attempt.process(MODULE, variables=overlaid(rig, tmp_path, code))

    assert ended.exit_code == 0, ended.log
    progress = attempt.document("progress.json")
    assert progress is not None and progress["fraction"] == 1.0
