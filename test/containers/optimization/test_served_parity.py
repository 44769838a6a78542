"""The parity stage asks the program that serves for the same rows, where it is there, and holds it to the same gate."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from containers.optimization.conftest import Trained
from containers.optimization.test_parity import read_json
from containers.stage_rig import Ended, StageRig
from spotforge_runtime.environment import INFERENCE_SERVER_VARIABLE

# As `spotforge-inference answer --model M --threads N INPUTS OUTPUTS` does, with an answer that can be off.
STAND_IN = """#!{python}
import sys, numpy, onnxruntime
command, _, model, _, threads, given, answered = sys.argv[1:]
assert command == "answer"
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
logits = session.run(["logits"], dict(numpy.load(given)))[0]
logits[0, 0] += {off}
numpy.savez(answered, logits=logits)
"""


def a_server(to: Path, off: float = 0.0) -> str:
    to.write_text(STAND_IN.format(python=sys.executable, off=off))
    to.chmod(0o755)
    return str(to)


def asked(rig: StageRig, trained: Trained, exported: Ended, server: str, attempt: int) -> Ended:
    variables = {INFERENCE_SERVER_VARIABLE: server}
    stage = rig.a_stage("parity", spec=trained.spec, inputs=trained.then(export=exported), attempt=attempt, variables=variables)
    return stage.work("spotforge_optimization.parity_run")


def test_without_a_server_the_report_says_that_none_was_asked(rig: StageRig, compared: Ended) -> None:
    assert read_json(rig, compared, "report.json")["served"] is None


def test_a_server_that_the_image_was_built_without_is_none(
    rig: StageRig, trained: Trained, exported: Ended, tmp_path: Path
) -> None:
    ended = asked(rig, trained, exported, str(tmp_path / "missing"), attempt=21)
    assert read_json(rig, ended, "report.json")["served"] is None


def test_a_server_is_asked_for_every_row_and_named_in_the_report(
    rig: StageRig, trained: Trained, exported: Ended, tmp_path: Path
) -> None:
    ended = asked(rig, trained, exported, a_server(tmp_path / "a-server"), attempt=22)
    assert ended.exit_code == 0, ended.result
    served = read_json(rig, ended, "report.json")["served"]
    assert (served["runtime"], served["passed"], served["rows"], served["mismatches"]) == ("a-server", True, 560, 0)
    assert 0 < served["maxRatio"] <= 1
    assert any("a-server: 560 of 560 rows" in document["message"] for document in ended.progress)


def test_a_server_that_answers_otherwise_rejects_the_experiment(
    rig: StageRig, trained: Trained, exported: Ended, tmp_path: Path
) -> None:
    ended = asked(rig, trained, exported, a_server(tmp_path / "a-server", off=0.25), attempt=23)
    assert ended.error["name"] == "Stage.GateRejected"
    # The first row of each of the five batches of 128.
    assert ended.error["message"].startswith("a-server does not match PyTorch: logits: 5 of 2240 values in 5 of 560 rows differ")


def test_a_server_that_fails_is_no_verdict(rig: StageRig, trained: Trained, exported: Ended, tmp_path: Path) -> None:
    broken = tmp_path / "a-server"
    broken.write_text("#!/bin/sh\necho no library >&2\nexit 78\n")
    broken.chmod(0o755)
    ended = asked(rig, trained, exported, str(broken), attempt=24)
    assert ended.error["name"] != "Stage.GateRejected"
    assert "ended with exit code 78: no library" in ended.error["message"]


@pytest.mark.skipif(
    INFERENCE_SERVER_VARIABLE not in os.environ, reason=f"{INFERENCE_SERVER_VARIABLE} names no inference server: none was built"
)
def test_the_inference_server_itself_matches_on_every_row(rig: StageRig, trained: Trained, exported: Ended) -> None:
    ended = asked(rig, trained, exported, os.environ[INFERENCE_SERVER_VARIABLE], attempt=25)
    assert ended.exit_code == 0, ended.result
    served = read_json(rig, ended, "report.json")["served"]
    assert (served["runtime"], served["rows"], served["mismatches"]) == ("spotforge-inference", 560, 0)
