import json
from typing import Any

import numpy as np
import pytest
from containers.optimization.conftest import Trained
from containers.stage_rig import Ended, StageRig, merge
from spotforge_optimization.drawn_batches import draw_batches, of_round
from spotforge_optimization.encoding import EncodedTexts
from spotforge_runtime.contracts.models import BenchmarkSummary


def report_of(rig: StageRig, ended: Ended) -> dict[str, Any]:
    output = ended.output("benchmark.json")
    document: dict[str, Any] = json.loads(rig.read(f"s3://{output['bucket']}/{output['key']}") or b"")
    return document


def test_a_faithful_int8_model_ships_with_its_figures_reported(rig: StageRig, benchmarked: Ended) -> None:
    assert benchmarked.exit_code == 0, benchmarked.result
    summary = benchmarked.summary
    assert summary["rows"] == 560 and summary["threads"] == 1
    assert summary["int8Ships"] and summary["int8Verdict"] in ("passed", "inconclusive")
    assert summary["maeChangeLow"] <= summary["maeChange"] <= summary["maeChangeUpperBound"] <= summary["maeChangeHigh"]
    assert 0 < summary["meanAbsScoreDelta"] <= 0.02
    assert summary["reason"].startswith("INT8 ") and summary["cpuModel"]
    report = report_of(rig, benchmarked)
    assert [gate["name"] for gate in report["gates"]] == ["maxMeanScoreDelta", "maxMaeIncrease"]
    assert report["interval"]["resamples"] >= 2000


def test_every_batch_size_is_timed_with_its_percentiles_and_spread(rig: StageRig, benchmarked: Ended) -> None:
    cells = report_of(rig, benchmarked)["timings"]
    assert [(cell["batch"], cell["threads"]) for cell in cells] == [(1, 1), (8, 1), (32, 1)]
    for cell in cells:
        assert cell["rounds"] >= 9
        for model in ("fp32", "int8"):
            assert 0 < cell[model]["p50"] <= cell[model]["p95"] <= cell[model]["p99"] and cell[model]["mad"] >= 0
        assert cell["speedup"]["low"] <= cell["speedup"]["ratio"] <= cell["speedup"]["high"]
        assert cell["conclusive"] == (cell["speedup"]["low"] > 1 or cell["speedup"]["high"] < 1)
    assert benchmarked.summary["speedupBatch8"] == cells[1]["speedup"]["ratio"]


def test_a_spec_with_more_threads_is_timed_on_one_and_on_all(
    rig: StageRig, trained: Trained, exported: Ended, quantized: Ended
) -> None:
    spec = merge(trained.spec, {"train": {"threads": 2}})
    inputs = trained.then(export=exported, quantize=quantized)
    ended = rig.a_stage("benchmark", spec=spec, inputs=inputs, attempt=3).work("spotforge_optimization.benchmark_run")
    cells = report_of(rig, ended)["timings"]
    assert [(cell["threads"], cell["batch"]) for cell in cells] == [(t, b) for t in (1, 2) for b in (1, 8, 32)]


@pytest.fixture(scope="module")
def lost(rig: StageRig, trained: Trained, exported: Ended, quantized: Ended) -> dict[bool, Ended]:
    """A benchmark whose gate nothing can pass, by whether the spec demands INT8."""

    def benchmark(required: bool, attempt: int) -> Ended:
        spec = merge(trained.spec, {"gates": {"int8": {"maxMeanScoreDelta": 0.0, "required": required}}})
        inputs = trained.then(export=exported, quantize=quantized)
        return rig.a_stage("benchmark", spec=spec, inputs=inputs, attempt=attempt).work("spotforge_optimization.benchmark_run")

    return {required: benchmark(required, attempt) for required, attempt in ((False, 4), (True, 5))}


def test_int8_that_lost_is_a_success_in_which_fp32_ships_and_the_summary_says_so(lost: dict[bool, Ended]) -> None:
    summary = BenchmarkSummary.model_validate(lost[False].summary)
    assert (summary.int8_verdict, summary.int8_ships, summary.preferred) == ("failed", False, "fp32")
    assert "FP32 ships alone" in summary.reason and "maxMeanScoreDelta failed" in summary.reason


def test_int8_that_lost_rejects_where_the_spec_demands_it_with_the_report_kept(rig: StageRig, lost: dict[bool, Ended]) -> None:
    ended = lost[True]
    assert ended.result is not None
    assert (ended.exit_code, ended.error["name"], ended.result["outcome"]) == (66, "Stage.GateRejected", "rejected")
    assert "gate maxMeanScoreDelta failed" in ended.error["message"] and "allowed is 0.0000" in ended.error["message"]
    report = json.loads(rig.read(ended.result["diagnostics"][0]) or b"")
    assert report["int8Verdict"] == "failed" and report["required"]
    assert [uri.rpartition("/")[2] for uri in ended.result["diagnostics"]] == ["benchmark.json", "report.json", "report.html"]


def encoded(*lengths: int) -> EncodedTexts:
    return EncodedTexts([[number] * length for number, length in enumerate(lengths, 1)], [[0] * n for n in lengths], 0)


def test_batches_to_time_are_drawn_from_the_real_rows_with_their_own_lengths_and_the_same_again_by_the_same_seed() -> None:
    texts = encoded(3, 5, 8, 40, 90)
    drawn = draw_batches(texts, np.arange(5), 2, seed=1, draws=30)
    assert {batch["input_ids"].shape for batch in drawn} >= {(2, 5), (2, 90)}
    assert all(len({row[0] for row in batch["input_ids"].tolist()}) == 2 for batch in drawn)  # no row twice in a batch
    again = draw_batches(texts, np.arange(5), 2, seed=1, draws=30)
    assert all((one["input_ids"] == other["input_ids"]).all() for one, other in zip(drawn, again, strict=True))
    assert of_round(drawn, 31) is drawn[1]


def test_more_rows_than_there_are_can_be_drawn() -> None:
    assert draw_batches(encoded(3), np.arange(1), 8, seed=1, draws=1)[0]["input_ids"].shape == (8, 3)
