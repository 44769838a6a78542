"""The data of an experiment's report, from the documents of its stages and what benchmark has just found."""

from typing import TYPE_CHECKING, Any

from spotforge_runtime.contracts.models import IngestSummary, TrainSummary

from spotforge_optimization.report import sources, stage_sections, training_sections
from spotforge_optimization.report.calibration import calibration
from spotforge_optimization.report.confusion import confusion
from spotforge_optimization.report.judged import Judged
from spotforge_optimization.report.report_data import (
    CutpointsAt,
    Headline,
    Lineage,
    ReportData,
    Section,
    Subject,
    Timings,
)

if TYPE_CHECKING:
    from spotforge_runtime.context import StageContext
    from spotforge_runtime.contracts.models import ResolvedSpec


def gather(context: "StageContext", judged: Judged) -> ReportData:
    """Reads the manifests of all stages that the attempt was given. What is not there is named in `missing`."""
    spec, found = context.spec, sources.manifests(context)
    head, classes = spec.train.head, len(spec.dataset.labels.values)
    summary = judged.summary
    missing: dict[Section, str] = {}

    headline = None
    if "train" in found:
        trained = context.inputs.summary("train", TrainSummary)
        headline = Headline(
            mae=trained.mae,
            baseline_mae=trained.baseline_mae,
            rows=trained.rows,
            steps=trained.steps,
            device=trained.device,
            model_mae={"fp32": summary.fp32_mae, "int8": summary.int8_mae},
            verdict=summary.int8_verdict,
            preferred=summary.preferred,
            reason=summary.reason,
            rejected=judged.rejected,
        )
    else:
        missing["headline"] = "The attempt was given no manifest of train."

    lines = sources.lines(context, "train", "metrics.jsonl")
    if lines is None:
        missing["curves"] = "The train stage left no metrics.jsonl."
    parity_report = sources.document(context, "parity", "report.json")
    if parity_report is None:
        missing["parity"] = "The parity stage left no report.json."
    tournament = sources.document(context, "quantize", "tournament.json")
    if tournament is None:
        missing["tournament"] = "The quantize stage left no tournament.json."
    cutpoints = _cutpoints(context, lines or [])
    if not cutpoints:
        missing["cutpoints"] = f"The head {head} has no cutpoints, or the train stage left none."

    return ReportData(
        schema_version=1,
        subject=Subject(
            experiment_id=spec.experiment_id,
            name=spec.name,
            created_at=spec.created_at,
            label_values=list(spec.dataset.labels.values),
            spec=_what_may_differ(spec),
        ),
        headline=headline,
        curves=None if lines is None else training_sections.curves(lines),
        confusion=confusion(
            summary.preferred, judged.fp32 if summary.preferred == "fp32" else judged.int8, judged.labels, head, classes
        ),
        calibration=[
            calibration("fp32", judged.fp32, judged.labels, head),
            calibration("int8", judged.int8, judged.labels, head),
        ],
        cutpoints=cutpoints or None,
        parity=None if parity_report is None else stage_sections.parity(parity_report),
        tournament=None if tournament is None else stage_sections.candidates(tournament),
        timings=Timings(
            stages=stage_sections.stage_times(spec.created_at, list(found.values())),
            cpu=summary.cpu_model,
            onnxruntime=summary.onnxruntime,
            conclusive=summary.conclusive,
            latencies=list(judged.latencies),
        ),
        lineage=Lineage(hashes=_hashes(context), stages=stage_sections.stage_lineage(context.inputs.read, found)),
        missing=missing,
    )


def _cutpoints(context: "StageContext", lines: list[dict[str, Any]]) -> list[CutpointsAt]:
    last = sources.document(context, "train", "cutpoints.json") or {"cutpoints": []}
    return training_sections.cutpoints_over_time(lines, last["cutpoints"])


def _what_may_differ(spec: "ResolvedSpec") -> dict[str, Any]:
    return spec.model_dump(
        by_alias=True, mode="json", exclude_none=True, exclude={"schema_version", "experiment_id", "created_at", "name", "pins"}
    )


def _hashes(context: "StageContext") -> dict[str, str]:
    """What the experiment was made from and what it made, by SHA-256, and the code and image that wrote this."""
    found = sources.manifests(context)
    hashes: dict[str, str] = {}
    if "ingest" in found:
        ingested = context.inputs.summary("ingest", IngestSummary)
        hashes |= {"dataset (tree hash)": ingested.dataset_sha256, "base model (tree hash)": ingested.base_model_sha256}
    for what, stage, name in (
        ("trained weights", "train", "model/model.safetensors"),
        ("FP32 ONNX", "export", "fp32/model.onnx"),
        ("INT8 ONNX", "quantize", "int8/model.onnx"),
    ):
        for each in found[stage].outputs if stage in found else ():
            if each.name == name:
                hashes[what] = each.sha256
    return {**hashes, "code (git)": context.environment.git_sha, "image (digest)": context.environment.image_digest}
