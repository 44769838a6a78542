import json
from pathlib import Path
from typing import Any

import polars as pl
from containers.optimization.conftest import Trained
from containers.stage_rig import Ended, StageRig, merge
from spotforge_optimization.candidates import ALWAYS, OPTIONAL


def read(rig: StageRig, ended: Ended, name: str) -> bytes:
    output = ended.output(name)
    data: bytes | None = rig.read(f"s3://{output['bucket']}/{output['key']}")
    assert data is not None
    return data


def tournament_of(rig: StageRig, ended: Ended) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(read(rig, ended, "tournament.json"))
    return document


def test_every_candidate_is_built_measured_on_validation_and_reported(rig: StageRig, quantized: Ended) -> None:
    assert quantized.exit_code == 0, quantized.result
    document = tournament_of(rig, quantized)
    assert [each["name"] for each in document["candidates"]] == [candidate.name for candidate in (*ALWAYS, *OPTIONAL)]
    assert document["validationRows"] == 160 and document["calibrationRows"] == 100
    by_name = {each["name"]: each for each in document["candidates"]}
    assert by_name["fp32"]["meanScoreDelta"] == 0 and by_name["fp32-optimized"]["meanScoreDelta"] < 1e-5
    for name in ("static-minmax", "static-percentile", "static-entropy", "static-smoothed", "dynamic"):
        assert 0 < by_name[name]["meanScoreDelta"] < 0.05, name
        assert sum(by_name[name]["quantizedOperators"].values()) == 12 - len(by_name[name]["inFloat"]), name
        assert by_name[name]["bytes"] < by_name["fp32"]["bytes"] * 1.5
    assert by_name["fp32"]["pareto"] or by_name["fp32-optimized"]["pareto"]


def test_the_winner_is_an_int8_model_that_validation_admits_and_the_summary_is_its_own(rig: StageRig, quantized: Ended) -> None:
    document, summary = tournament_of(rig, quantized), quantized.summary
    chosen = next(each for each in document["candidates"] if each["name"] == document["chosen"])
    assert chosen["kind"] in ("static", "dynamic") and chosen["verdict"] != "failed"
    assert (summary["chosen"], summary["candidates"]) == (document["chosen"], 7)
    assert summary["validationMeanAbsScoreDelta"] == chosen["meanScoreDelta"] <= 0.02
    assert summary["bytes"] == quantized.output("int8/model.onnx")["bytes"] == chosen["bytes"]
    assert document["sha256"] == quantized.output("int8/model.onnx")["sha256"]
    assert summary["seconds"] > 0 and set(document["seconds"]) >= {"sensitivity", "building", "fidelity", "latency"}


def test_the_sensitivity_of_every_group_of_layers_is_told_the_worst_by_its_cost_first(rig: StageRig, quantized: Ended) -> None:
    found = tournament_of(rig, quantized)["sensitivities"]
    assert sorted(each["kind"] for each in found) == sorted(
        ["attention in", "attention out", "feed-forward in", "feed-forward out"] * 2
    )
    harms = [each["meanScoreDelta"] / each["multiplications"] for each in found]
    assert harms == sorted(harms, reverse=True) and harms[-1] >= 0


def test_the_pareto_picture_is_an_svg_of_its_own_with_every_candidate_named(rig: StageRig, quantized: Ended) -> None:
    from xml.etree import ElementTree

    drawing = read(rig, quantized, "tournament.svg").decode()
    assert ElementTree.fromstring(drawing).tag == "{http://www.w3.org/2000/svg}svg"
    for candidate in (*ALWAYS, *OPTIONAL):
        assert candidate.name in drawing
    assert "prefers-color-scheme: dark" in drawing


def test_the_int8_file_lies_below_models_onnx_of_its_attempt(quantized: Ended, trained: Trained) -> None:
    assert quantized.output("int8/model.onnx")["key"] == f"models/onnx/{trained.spec['experimentId']}/int8/r1-1/model.onnx"


def test_what_the_spec_leaves_out_does_not_compete_and_static_int8_is_built_all_the_same(
    rig: StageRig, trained: Trained, exported: Ended
) -> None:
    spec = merge(trained.spec, {"quantize": {"candidates": []}, "gates": {"int8": {"maxMeanScoreDelta": 0.0}}})
    ended = rig.a_stage("quantize", spec=spec, inputs=trained.then(export=exported), attempt=2).work(
        "spotforge_optimization.quantize_run"
    )
    document = tournament_of(rig, ended)
    assert [each["name"] for each in document["candidates"]] == ["fp32", "fp32-optimized", "static-minmax"]
    assert document["chosen"] == "static-minmax" and "validation rules out all" in document["reason"]
    static = document["candidates"][-1]
    assert static["verdict"] == "failed" and sum(static["quantizedOperators"].values()) > 0  # one group at least


def test_too_few_calibration_rows_are_refused(rig: StageRig, trained: Trained, exported: Ended, tmp_path: Path) -> None:
    few = tmp_path / "few.parquet"
    pl.DataFrame({"text": ["good"] * 99, "label": [1] * 99, "group": ["g"] * 99, "row": range(99)}).write_parquet(few)
    prepare = rig.earlier_stage(
        "prepare", spec=trained.spec, outputs={"calibration.parquet": few, "validation.parquet": few}, summary={}, attempt=7
    )
    inputs = {**trained.then(export=exported), "prepare": prepare}
    ended = rig.a_stage("quantize", spec=trained.spec, inputs=inputs, attempt=7).work("spotforge_optimization.quantize_run")
    assert ended.exit_code == 64
    assert "at least 100 calibration rows, got 99" in ended.error["message"]
