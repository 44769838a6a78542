import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from containers.optimization.conftest import Trained
from containers.stage_rig import Ended, StageRig
from spotforge_optimization.encoding import EncodedTexts
from spotforge_optimization.parity_check import LISTED_MISMATCHES, check_parity
from spotforge_optimization.tolerance import Tolerance


def read_json(rig: StageRig, ended: Ended, name: str) -> dict[str, Any]:
    output = ended.output(name)
    document: dict[str, Any] = json.loads(rig.read(f"s3://{output['bucket']}/{output['key']}") or b"")
    return document


def read_npz(rig: StageRig, ended: Ended, name: str) -> dict[str, np.ndarray]:
    output = ended.output(name)
    return dict(np.load(io.BytesIO(rig.read(f"s3://{output['bucket']}/{output['key']}") or b"")))


def test_an_export_that_is_right_passes_on_every_test_row(rig: StageRig, compared: Ended) -> None:
    assert compared.exit_code == 0, compared.result
    assert compared.summary["rows"] == 560
    assert compared.summary["elements"] == 560 * 4
    assert compared.summary["mismatches"] == 0
    assert 0 < compared.summary["maxRatio"] <= 1
    report = read_json(rig, compared, "report.json")
    assert report["passed"] and [entry["percentile"] for entry in report["percentiles"]][-1] == 100
    assert report["percentiles"][-1]["delta"] == report["maxAbs"] == compared.summary["maxAbs"]
    assert sum(band["rows"] for band in report["byLength"]) == 560


def test_the_arrays_for_the_bundle_hold_ids_and_logits_and_no_text(rig: StageRig, compared: Ended) -> None:
    inputs, expected = read_npz(rig, compared, "inputs.npz"), read_npz(rig, compared, "expected.npz")
    assert set(inputs) == {"input_ids", "attention_mask", "token_type_ids"}
    assert {array.dtype for array in inputs.values()} == {np.dtype(np.int64)}
    assert expected["logits"].shape == (64, 4) and expected["logits"].dtype == np.float32


def test_progress_rises_and_says_what_is_done(compared: Ended) -> None:
    fractions = [document["fraction"] for document in compared.progress]
    assert fractions == sorted(fractions) and fractions[-1] == 1


def corrupted(file: Path, to: Path) -> Path:
    import onnx

    model = onnx.load(str(file))
    weight = next(item for item in model.graph.initializer if item.name.endswith("classifier.weight"))
    values = onnx.numpy_helper.to_array(weight).copy()
    values[0, 0] += 0.01
    weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
    onnx.save(model, str(to))
    return to


def test_one_corrupted_weight_is_rejected_with_the_largest_mismatch_and_its_token_ids(
    rig: StageRig, trained: Trained, onnx_file: Path, tmp_path: Path
) -> None:
    faulty = rig.earlier_stage(
        "export",
        spec=trained.spec,
        outputs={"fp32/model.onnx": corrupted(onnx_file, tmp_path / "faulty.onnx")},
        summary={},
        attempt=9,
    )
    attempt = rig.a_stage("parity", spec=trained.spec, inputs=trained.then(export=faulty), attempt=9)
    ended = attempt.work("spotforge_optimization.parity_run")

    assert (ended.exit_code, ended.result and ended.result["outcome"]) == (66, "rejected")
    assert ended.result is not None
    assert ended.error["name"] == "Stage.GateRejected"
    report = json.loads(rig.read(ended.result["diagnostics"][0]) or b"")
    assert not report["passed"] and report["mismatches"] > 0
    assert len(report["listed"]) == min(report["mismatches"], LISTED_MISMATCHES)
    assert report["largest"]["logit"] == 0 and len(report["largest"]["tokenIds"]) > 2
    assert report["largest"]["ratio"] == report["maxRatio"] > 1
    assert {element["logit"] for element in report["listed"]} == {0}


def test_fewer_than_500_test_rows_are_refused(rig: StageRig, trained: Trained, exported: Ended, tmp_path: Path) -> None:
    few = tmp_path / "test.parquet"
    pl.DataFrame({"text": ["good"] * 499, "label": [1] * 499, "group": ["g"] * 499, "row": range(499)}).write_parquet(few)
    prepare = rig.earlier_stage("prepare", spec=trained.spec, outputs={"test.parquet": few}, summary={}, attempt=8)
    inputs = {**trained.then(export=exported), "prepare": prepare}
    ended = rig.a_stage("parity", spec=trained.spec, inputs=inputs, attempt=8).work("spotforge_optimization.parity_run")
    assert ended.exit_code == 64
    assert "at least 500 test rows, got 499" in ended.error["message"]


ROWS = 6


def checked(measured: np.ndarray, *, name: str = "logits") -> Any:
    texts = EncodedTexts([[1] * (n + 1) for n in range(ROWS)], [[0] * (n + 1) for n in range(ROWS)], 0)
    return check_parity(
        reference={"logits": np.ones((ROWS, 2), dtype=np.float32)},
        measured={name: measured},
        lengths=texts.lengths,
        rows=np.arange(100, 100 + ROWS),
        tolerance=Tolerance(1e-5, 1e-5),
        describe_row=texts.describe,
    )


def test_names_are_checked_before_shapes_and_shapes_before_values() -> None:
    wrong = np.full((ROWS, 3), np.nan, dtype=np.float32)
    assert checked(wrong, name="scores").report["checked"] == "names"
    assert checked(wrong).report["checked"] == "shapes"
    assert checked(wrong[:, :2]).report["checked"] == "values"


def test_the_report_lists_every_problem_with_its_worst_rows() -> None:
    measured = np.ones((ROWS, 2), dtype=np.float64)
    measured[2] += [0.25, 0.5]
    outcome = checked(measured)
    assert [(problem["kind"], problem["output"]) for problem in outcome.report["problems"]] == [
        ("dtype", "logits"),
        ("values", "logits"),
    ]
    values = outcome.report["problems"][1]
    assert (values["count"], values["maxAbs"], [worst["row"] for worst in values["worstRows"]]) == (2, 0.5, [102])
    assert outcome.report["outputs"] == [
        {"name": "logits", "elements": 12, "mismatches": 2, "maxAbs": 0.5, "maxRatio": outcome.report["maxRatio"]}
    ]
    assert all(problem["says"] in outcome.says for problem in outcome.report["problems"])


def test_a_value_that_is_not_a_number_is_reported_as_null_with_its_row_in_the_raw_file() -> None:
    measured = np.ones((ROWS, 2), dtype=np.float32)
    measured[4, 1] = np.nan
    outcome = checked(measured)
    assert not outcome.passed and "[1] of row 104: nan instead of 1" in outcome.says
    largest = outcome.report["largest"]
    assert (largest["row"], largest["onnx"], largest["delta"], largest["tokenIds"]) == (104, None, None, [1] * 5)
    json.dumps(outcome.report, allow_nan=False)


def test_the_list_of_mismatches_is_capped_and_the_furthest_come_first_but_all_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("spotforge_optimization.parity_check.LISTED_MISMATCHES", 3)
    measured = np.ones((ROWS, 2), dtype=np.float32) + np.arange(ROWS, dtype=np.float32)[:, None]
    report = checked(measured).report
    assert report["mismatches"] == 10
    assert [element["row"] for element in report["listed"]] == [105, 105, 104]
