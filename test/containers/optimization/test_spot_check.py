"""Released models, asked again: one that holds, and others that were made to drift, altered, or taken away."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from containers.optimization.released_copies import a_release, npz, recorded
from containers.rehearsal_rig import a_context, rehearsal_variables
from containers.stage_rig import BUCKETS, Ended, StageRig
from spotforge_optimization import spot_check_run
from spotforge_optimization.bundle_folder import PARITY_EXPECTED_FILE
from spotforge_optimization.spot_check_run import check_bundle, installed_versions, work
from spotforge_runtime.contracts import names
from spotforge_runtime.contracts.models import CheckedBundle, SpotCheckFinding
from spotforge_runtime.errors import Infrastructure
from spotforge_runtime.rehearsal import RehearsalContext


@pytest.fixture(scope="module")
def released(bundled: Ended) -> str:
    uri: str = bundled.summary["bundleUri"]
    return uri


def a_spot_check(rig: StageRig, *bundles: str) -> RehearsalContext:
    context = a_context(rig, BUNDLES=json.dumps(bundles))
    return replace(context, environment=replace(context.environment, id=str(uuid.uuid4())))


def finding_of(rig: StageRig, spot_check_id: str) -> dict[str, Any]:
    key = names.KEY_SPOT_CHECK_FINDING.format(spot_check_id=spot_check_id)
    data = rig.read(f"s3://{BUCKETS[names.ENV_EXPERIMENTS_BUCKET]}/{key}")
    assert data is not None
    SpotCheckFinding.model_validate_json(data)
    finding: dict[str, Any] = json.loads(data)
    return finding


def checked(rig: StageRig, uri: str) -> dict[str, Any]:
    document = check_bundle(a_spot_check(rig), uri)
    CheckedBundle.model_validate(document)
    return document


def test_every_bundle_is_looked_at_whatever_becomes_of_the_others(rig: StageRig, released: str) -> None:
    shifted = npz(logits=recorded(rig, released) + np.float32(0.5))
    drifted = a_release(rig, released, "spot-drifted", {PARITY_EXPECTED_FILE: shifted}, consistent=True)
    context = a_spot_check(rig, drifted, f"s3://{BUCKETS[names.ENV_RELEASES_BUCKET]}/bundles/acme/gone/1/", released)
    assert work(context) == 0
    finding = finding_of(rig, context.environment.id)
    assert [bundle["outcome"] for bundle in finding["bundles"]] == ["drifted", "altered", "held"]
    assert finding["versions"] == installed_versions() and finding["cpuModel"]
    assert {"python", "onnxruntime", "numpy", "torch"} <= finding["versions"].keys()


def test_a_bundle_that_holds_shows_its_figures_beside_those_of_its_release(rig: StageRig, released: str) -> None:
    held = checked(rig, released)
    assert held["outcome"] == "held" and held["error"] is None and held["mismatches"] == []
    assert held["answers"]["fp32MaxAbs"] <= 1e-4
    assert "fp32.maxAbs" in held["recorded"] and "onnxruntime" in held["releasedWith"]


def test_a_drift_names_every_row_with_what_it_was(rig: StageRig, released: str) -> None:
    logits = recorded(rig, released)
    logits[[3, 7], 1] += np.array([0.5, 0.25], dtype=np.float32)
    other = a_release(rig, released, "spot-two-rows", {PARITY_EXPECTED_FILE: npz(logits=logits)}, consistent=True)
    drifted = checked(rig, other)
    assert (drifted["outcome"], drifted["answers"]) == ("drifted", None)
    assert "2 of 256 logits, by 0.5" in drifted["error"]["message"]
    overall, *rows = drifted["mismatches"]
    assert "2 of 256 values in 2 of 64 rows differ, by 0.5 at most" in overall
    assert [row.partition(" is ")[0] for row in rows] == ["logits[1] of row 3", "logits[1] of row 7"]


def test_bytes_that_are_not_what_was_released_are_no_drift(rig: StageRig, released: str) -> None:
    torn = a_release(rig, released, "spot-torn", {"fp32/model.onnx": b"other bytes"}, consistent=False)
    altered = checked(rig, torn)
    assert altered["outcome"] == "altered" and altered["mismatches"] == []
    assert "fp32/model.onnx is not what was recorded" in altered["error"]["message"]


def test_a_store_that_does_not_answer_says_nothing_of_the_model(
    rig: StageRig, released: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_arguments: object) -> None:
        raise Infrastructure("S3 does not answer.", where="here")

    monkeypatch.setattr(spot_check_run, "take_bundle", refused)
    unchecked = checked(rig, released)
    assert unchecked["outcome"] == "unchecked" and unchecked["error"]["message"] == "S3 does not answer."


def test_the_jobs_command_does_the_same_in_a_process_of_its_own(rig: StageRig, released: str) -> None:
    spot_check_id = str(uuid.uuid4())
    variables = rehearsal_variables(BUNDLES=json.dumps([released]), SPOT_CHECK_ID=spot_check_id)
    del variables[names.ENV_REHEARSAL_ID]
    command = [sys.executable, "-m", "spotforge_optimization.spot_check"]
    done = subprocess.run(command, env=rig.process_environment() | variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert [bundle["outcome"] for bundle in finding_of(rig, spot_check_id)["bundles"]] == ["held"]
