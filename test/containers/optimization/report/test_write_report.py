import json
from typing import Any

import numpy as np
import pytest
from containers.optimization.conftest import train_summary
from containers.optimization.report.a_report import some_logits
from containers.stage_rig import Attempt, StageRig, a_spec
from spotforge_optimization.report.judged import Judged
from spotforge_optimization.report.report_data import BatchLatency, ReportData
from spotforge_optimization.report.write_report import write_report
from spotforge_runtime.contracts.models import BenchmarkSummary

LINES = [
    {"step": 10, "epoch": 0.5, "loss": 1.4, "learningRate": 1e-3},
    {"step": 20, "epoch": 1.0, "validationLoss": 1.2, "validationMae": 0.9, "cutpoints": [-1.4, -0.4, 0.4, 1.5]},
    {"step": 40, "epoch": 2.0, "loss": float("nan"), "validationMae": 0.8, "cutpoints": [-1.5, -0.5, 0.5, 1.6]},
]
PARITY = {
    "rows": 560,
    "mismatches": 0,
    "maxAbs": 1e-6,
    "maxRatio": 0.05,
    "tolerance": {"absolute": 1e-5, "relative": 1e-5},
    "trend": [{"step": 0, "maxAbs": 4e-7}, {"step": 40, "maxAbs": 1e-6}],
    "trendNotes": [],
}
TOURNAMENT = {
    "chosen": "dynamic",
    "candidates": [
        {"name": "fp32", "bytes": 90, "meanScoreDelta": 0.0, "scoreMae": 0.7, "latency": {"8": {"p50": 4.0}}, "pareto": True},
        {
            "name": "dynamic",
            "bytes": 24,
            "meanScoreDelta": 0.01,
            "scoreMae": 0.71,
            "latency": {"8": {"p50": 3.0}},
            "pareto": True,
        },
    ],
}


def a_summary(**changes: Any) -> BenchmarkSummary:
    values: dict[str, Any] = {name: 0.5 for name, field in BenchmarkSummary.model_fields.items() if field.annotation is float}
    values |= {"cpu_model": "a CPU", "instruction_sets": ["avx2"], "threads": 1, "rows": 400, "conclusive": True}
    values |= {"candidate": "dynamic", "rows_to_settle": 900, "int8_verdict": "passed", "int8_ships": True, "preferred": "int8"}
    return BenchmarkSummary.model_validate(values | {"reason": "It is faster.", "onnxruntime": "1.31.1"} | changes)


def judged(**changes: Any) -> Judged:
    logits, labels = some_logits()
    values: dict[str, Any] = {
        "labels": labels,
        "fp32": logits,
        "int8": logits + 0.01,
        "summary": a_summary(),
        "latencies": [BatchLatency(model="fp32", batch=8, threads=1, p50=4.0, p95=5.0, p99=6.0, mad=0.1)],
    }
    return Judged(**(values | changes))


def an_attempt(rig: StageRig, **stages: dict[str, Any]) -> Attempt:
    """A benchmark after stages that left these documents, by name; a list becomes lines."""
    spec = a_spec()

    def content(document: Any) -> bytes:
        return ("\n".join(map(json.dumps, document)) if isinstance(document, list) else json.dumps(document)).encode()

    inputs = {
        stage: rig.earlier_stage(
            stage,
            spec=spec,
            outputs={name: content(document) for name, document in documents.items()},
            summary=train_summary() if stage == "train" else {},
        )
        for stage, documents in stages.items()
    }
    return rig.a_stage("benchmark", spec=spec, inputs=inputs)


def written(rig: StageRig, attempt: Attempt, found: Judged) -> tuple[ReportData, str]:
    context = attempt.context()
    write_report(context, found)
    assert [output.name for output in context.outputs.written] == ["report.json", "report.html"]
    data, page = (rig.read(attempt.uri(name)) or b"" for name in ("report.json", "report.html"))
    return ReportData.model_validate_json(data), page.decode()


@pytest.fixture(scope="module")
def whole(rig: StageRig) -> tuple[ReportData, str]:
    train = {"metrics.jsonl": LINES, "cutpoints.json": {"cutpoints": [-1.5, -0.5, 0.5, 1.7]}}
    attempt = an_attempt(
        rig, train=train, parity={"report.json": PARITY}, quantize={"tournament.json": TOURNAMENT, "int8/model.onnx": {}}
    )
    return written(rig, attempt, judged())


def test_every_section_is_read_off_its_stage(whole: tuple[ReportData, str]) -> None:
    data, page = whole
    assert data.missing == {} and "Missing:" not in page
    assert data.headline is not None and data.headline.mae == train_summary()["mae"]
    assert data.parity is not None and [each.step for each in data.parity.trend] == [0, 40]
    assert data.tournament is not None and [each.chosen for each in data.tournament] == [False, True]
    assert [each.latency_ms for each in data.tournament] == [4.0, 3.0]
    assert data.confusion is not None and sum(data.confusion.by_distance) == 400
    assert data.calibration is not None and [each.model for each in data.calibration] == ["fp32", "int8"]


def test_the_published_cutpoints_stand_in_for_those_of_the_last_step(whole: tuple[ReportData, str]) -> None:
    cutpoints = whole[0].cutpoints
    assert cutpoints is not None
    assert [(each.step, each.cutpoints[-1]) for each in cutpoints] == [(20, 1.5), (40, 1.7)]


def test_a_loss_that_was_not_finite_is_null(whole: tuple[ReportData, str]) -> None:
    assert whole[0].curves is not None and whole[0].curves[-1] == {"step": 40, "epoch": 2.0, "loss": None, "validationMae": 0.8}


def test_lineage_names_every_manifest_with_its_hash(whole: tuple[ReportData, str]) -> None:
    lineage, timings = whole[0].lineage, whole[0].timings
    assert lineage is not None and timings is not None
    assert [(each.stage, each.run, each.attempt) for each in lineage.stages] == [
        ("train", 1, 1),
        ("parity", 1, 1),
        ("quantize", 1, 1),
    ]
    assert len(lineage.hashes["INT8 ONNX"]) == 64 and lineage.hashes["code (git)"] == "0" * 40
    assert [each.stage for each in timings.stages] == ["train", "parity", "quantize"]
    assert all(each.seconds >= 0 for each in timings.stages)


def test_a_rejection_is_in_the_report_that_goes_with_it(rig: StageRig) -> None:
    found = judged(summary=a_summary(preferred="fp32", int8_verdict="failed"), rejected="INT8 failed: delta 0.2")
    data, page = written(rig, an_attempt(rig, train={}), found)
    assert data.headline is not None and data.headline.rejected == "INT8 failed: delta 0.2"
    assert data.confusion is not None and data.confusion.model == "fp32"
    assert "<b>Rejected.</b> INT8 failed: delta 0.2" in page


def test_what_no_stage_left_is_named_as_missing(rig: StageRig) -> None:
    data, page = written(rig, an_attempt(rig), judged())
    assert set(data.missing) == {"headline", "curves", "cutpoints", "parity", "tournament"}
    assert page.count("Missing:") == len(data.missing)


def test_scores_of_every_row_alike_make_a_report(rig: StageRig) -> None:
    flat = np.zeros((3, 4))
    data, _ = written(rig, an_attempt(rig), judged(labels=np.array([0, 0, 0]), fp32=flat, int8=flat))
    assert data.calibration is not None and len(data.calibration[0].bins) == 1
