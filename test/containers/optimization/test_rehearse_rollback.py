"""Two versions of a model, released by the real stages, rehearsed with, and then tampered with."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from containers.optimization.conftest import Trained
from containers.optimization.released_copies import RELEASES, a_release, npz, recorded
from containers.rehearsal_rig import Found, a_context, read_finding, rehearsal_variables, run
from containers.stage_rig import Ended, StageRig
from spotforge_optimization.bundle_folder import PARITY_EXPECTED_FILE
from spotforge_optimization.rehearse_bundle import Answers, ReleasedBundle, ask, hold_against_record, lower_bound, take_bundle
from spotforge_runtime.errors import GateRejected


@pytest.fixture(scope="module")
def newest(rig: StageRig, trained: Trained, bundle_inputs: dict[str, str | Ended], bundled: Ended) -> str:
    """Version 2 of the bundle that `bundled` is version 1 of."""
    variables = {"MODEL_VERSION": "2"}
    stage = rig.a_stage("bundle", spec=trained.spec, inputs=bundle_inputs, run=9, variables=variables)
    uri: str = stage.work("spotforge_optimization.bundle_run").summary["bundleUri"]
    return uri


@pytest.fixture(scope="module")
def previous(bundled: Ended) -> str:
    uri: str = bundled.summary["bundleUri"]
    return uri


def rehearse(rig: StageRig, newest: str, previous: str) -> Found:
    work = "spotforge_optimization.rehearse_rollback_run"
    return run(rig, "rollback", work, NEWEST_BUNDLE=newest, PREVIOUS_BUNDLE=previous)


def test_both_versions_are_had_and_answer_as_they_did(rig: StageRig, newest: str, previous: str) -> None:
    figures = rehearse(rig, newest, previous).figures
    assert [figures[which]["version"] for which in ("newest", "previous")] == [2, 1]
    assert figures["newest"]["bundleUri"] == newest
    for which in ("newest", "previous"):
        answers = figures[which]
        assert (answers["tenant"], answers["name"], answers["rows"]) == ("acme", "tiny-model", 64)
        assert 0 <= answers["fp32MaxAbs"] < 1e-4
        assert 0 < answers["int8MeanAbsScoreDelta"] < 0.1
        assert answers["bytes"] > 10_000
    parts = sum(figures["previous"][part] for part in ("downloadSeconds", "verifySeconds", "scoreSeconds"))
    assert figures["secondsToFirstRightAnswer"] >= round(parts, 2) - 0.01


def test_the_jobs_command_does_the_same_in_a_process_of_its_own(rig: StageRig, newest: str, previous: str) -> None:
    variables = rehearsal_variables(NEWEST_BUNDLE=newest, PREVIOUS_BUNDLE=previous)
    command = [sys.executable, "-m", "spotforge_optimization.rehearse_rollback"]
    done = subprocess.run(command, env=rig.process_environment() | variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert read_finding(rig, "rollback", variables["REHEARSAL_ID"])["outcome"] == "passed"


def test_a_file_that_is_not_what_was_released_is_named(rig: StageRig, newest: str, previous: str) -> None:
    broken = a_release(rig, previous, "torn", {"int8/model.onnx": b"other bytes"}, consistent=False)
    assert "int8/model.onnx is not what was recorded" in rehearse(rig, newest, broken).error["message"]


def test_a_version_that_no_longer_gives_its_recorded_logits_fails_with_the_difference(
    rig: StageRig, newest: str, previous: str
) -> None:
    shifted = npz(logits=recorded(rig, previous) + np.float32(0.5))
    other = a_release(rig, previous, "shifted", {PARITY_EXPECTED_FILE: shifted}, consistent=True)
    error = rehearse(rig, newest, other).error
    assert "FP32 differs from its record in 256 of 256 logits, by 0.5" in error["message"]
    assert error["where"] == other


def test_a_bundle_that_is_gone_is_a_finding(rig: StageRig, newest: str) -> None:
    gone = f"s3://{RELEASES}/bundles/acme/gone/1/"
    assert "does not exist" in rehearse(rig, newest, gone).error["message"]


@pytest.fixture(scope="module")
def held(rig: StageRig, previous: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[ReleasedBundle, Answers, Any]:
    """A bundle, what its models answer, and what they answered when it was released."""
    bundle = take_bundle(a_context(rig), previous, tmp_path_factory.mktemp("bundle"))
    return bundle, ask(bundle.folder, 1), recorded(rig, previous)


def test_int8_fails_when_it_is_far_from_its_record_in_all_rows(held: tuple[ReleasedBundle, Answers, Any]) -> None:
    bundle, answers, _ = held
    with pytest.raises(GateRejected, match="INT8 is"):
        hold_against_record(bundle, Answers(answers.fp32, answers.int8 + np.float32(3)))


def test_int8_passes_when_one_row_alone_is_far_for_that_proves_nothing(held: tuple[ReleasedBundle, Answers, Any]) -> None:
    bundle, answers, record = held
    int8 = record.copy()
    int8[0] += np.float32(20)
    assert hold_against_record(bundle, Answers(answers.fp32, int8)).int8_mean_abs_score_delta > 0


def test_int8_fails_when_it_is_not_finite_or_of_another_shape(held: tuple[ReleasedBundle, Answers, Any]) -> None:
    bundle, answers, _ = held
    for int8 in (np.full_like(answers.int8, np.nan), answers.int8[:, :-1]):
        with pytest.raises(GateRejected, match="expected finite ones of shape"):
            hold_against_record(bundle, Answers(answers.fp32, int8))


def test_the_lower_bound_of_a_mean_lies_below_it_by_the_spread_and_meets_it_without_one() -> None:
    assert lower_bound(np.full(64, 0.5)) == 0.5
    assert lower_bound(np.array([0.0, 1.0] * 32)) == pytest.approx(0.5 - 1.96 * 0.5 / 8)
