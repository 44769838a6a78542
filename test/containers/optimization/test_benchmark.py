import json
from typing import Any

import numpy as np
import pytest
from containers.optimization.conftest import Trained
from containers.stage_rig import Ended, StageRig
from spotforge_optimization.benchmark_run import batch_of_length, representative_length
from spotforge_optimization.encoding import EncodedTexts


def report_of(rig: StageRig, ended: Ended) -> dict[str, Any]:
    output = ended.output("report.json")
    document: dict[str, Any] = json.loads(rig.read(f"s3://{output['bucket']}/{output['key']}") or b"")
    return document


def test_a_faithful_int8_model_passes_both_gates_with_its_figures_reported(rig: StageRig, benchmarked: Ended) -> None:
    assert benchmarked.exit_code == 0, benchmarked.result
    summary = benchmarked.summary
    assert summary["rows"] == 560 and summary["threads"] == 1
    assert summary["maeChangeLow"] <= summary["maeChange"] <= summary["maeChangeHigh"]
    assert 0 < summary["meanAbsScoreDelta"] <= 0.02
    assert summary["speedupBatch1"] == pytest.approx(summary["fp32LatencyMsBatch1"] / summary["int8LatencyMsBatch1"])
    report = report_of(rig, benchmarked)
    assert [(gate["name"], gate["passed"]) for gate in report["gates"]] == [("maxMeanScoreDelta", True), ("maxMaeIncrease", True)]
    assert report["sequenceLength"] == 16
    assert report["interval"]["resamples"] >= 2000
    assert report["testRows"]["fp32RowsPerSecond"] > 0
    assert summary["cpuModel"] and report["timings"]["batch8"]["rounds"] >= 20


def test_both_gates_are_reported_when_both_fail(
    rig: StageRig, trained: Trained, exported: Ended, quantized: Ended, quick_timing: pytest.MonkeyPatch
) -> None:
    spec = trained.spec | {"gates": trained.spec["gates"] | {"int8": {"maxMeanScoreDelta": 0.0, "maxMaeIncrease": 0.0}}}
    spec["train"] = spec["train"] | {"seed": 14}
    inputs = trained.then(export=exported, quantize=quantized)
    ended = rig.a_stage("benchmark", spec=spec, inputs=inputs, attempt=2).work("spotforge_optimization.benchmark_run")

    assert ended.result is not None
    assert (ended.exit_code, ended.error["name"], ended.result["outcome"]) == (66, "Stage.GateRejected", "rejected")
    assert "gate maxMeanScoreDelta" in ended.error["message"] and "allowed is 0.0000" in ended.error["message"]
    report = json.loads(rig.read(ended.result["diagnostics"][0]) or b"")
    assert not report["passed"]
    assert [gate["name"] for gate in report["gates"]] == ["maxMeanScoreDelta", "maxMaeIncrease"]
    assert all(gate["measured"] for gate in report["gates"])


def encoded(*lengths: int) -> EncodedTexts:
    return EncodedTexts([[1] * n for n in lengths], [[0] * n for n in lengths], 0)


@pytest.mark.parametrize(
    ("lengths", "longest", "expected"), [((22, 23, 30), 128, 32), ((32, 32), 128, 32), ((33,), 128, 48), ((90,), 24, 24)]
)
def test_the_representative_length_is_the_median_up_to_the_next_16(lengths: tuple[int, ...], longest: int, expected: int) -> None:
    assert representative_length(encoded(*lengths), longest) == expected


def test_the_timed_batch_holds_the_rows_nearest_to_the_length_cut_or_padded_to_it() -> None:
    batch = batch_of_length(encoded(5, 31, 33, 90), 2, 32)
    assert batch["input_ids"].shape == (2, 32)
    assert np.sort(batch["attention_mask"].sum(axis=1)).tolist() == [31, 32]
