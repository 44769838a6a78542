"""Benchmark: the tournament's INT8 winner judged on test and timed against FP32. Speed decides what is preferred, and no gate."""

from typing import TYPE_CHECKING, Any

import numpy as np
from spotforge_runtime.contracts.models import BenchmarkSummary, QuantizeSummary
from spotforge_runtime.errors import GateRejected
from spotforge_runtime.ordinal_decoding import (
    mean_absolute_error,
    mean_score_delta,
    predicted_class,
    score_errors,
)
from spotforge_runtime.outputs import uri_of_output

from spotforge_optimization.benchmark_timings import BenchmarkTimings, time_both
from spotforge_optimization.cpu import read_cpu
from spotforge_optimization.encoding import Batch
from spotforge_optimization.gates import judge
from spotforge_optimization.mae_change import CONFIDENCE, RESAMPLES, mae_change
from spotforge_optimization.onnx_session import all_logits, in_order_of_length, onnxruntime_version, open_model
from spotforge_optimization.pace import Pace
from spotforge_optimization.preference import preferred
from spotforge_optimization.report.judged import Judged
from spotforge_optimization.report.report_data import BatchLatency
from spotforge_optimization.report.write_report import write_report
from spotforge_optimization.stage_inputs import download_split

if TYPE_CHECKING:
    from spotforge_runtime.context import StageContext

    from spotforge_optimization.onnx_session import Logits

BATCH_ROWS = 16
STEPS = 1_000
JUDGING_SHARE = 0.4  # of the stage's progress; the rest is timing


def work(context: "StageContext") -> BenchmarkSummary:
    spec, pace = context.spec, Pace(context, STEPS)
    head, threads, gate = spec.train.head, spec.train.threads, spec.gates.int8
    pace.at(0, "reading the test rows and both ONNX models")
    split = download_split(context, "test")
    fp32_file = context.inputs.download("export", "fp32/model.onnx")
    int8_file = context.inputs.download("quantize", "int8/model.onnx")
    candidate = context.inputs.summary("quantize", QuantizeSummary).chosen

    fp32, int8 = open_model(fp32_file, threads), open_model(int8_file, threads)

    def both(batch: Batch) -> "Logits":
        return np.hstack([fp32.logits(batch), int8.logits(batch)])

    rows = len(split)
    joined = all_logits(
        both,
        split.examples,
        in_order_of_length(split.examples, BATCH_ROWS),
        lambda done: pace.at(round(STEPS * JUDGING_SHARE * done / rows), f"both models on {done} of {rows} test rows"),
    )
    fp32_logits, int8_logits = np.hsplit(joined, 2)
    delta = mean_score_delta(int8_logits, fp32_logits, head)
    change = mae_change(
        score_errors(fp32_logits, split.labels, head), score_errors(int8_logits, split.labels, head), seed=spec.train.seed
    )
    judgement = judge(delta, change, max_mean_score_delta=gate.max_mean_score_delta, max_mae_increase=gate.max_mae_increase)

    timings = time_both(
        fp32_file,
        int8_file,
        split.examples,
        threads=threads,
        seed=spec.train.seed,
        before_cell=lambda share, says: pace.at(round(STEPS * (JUDGING_SHARE + (1 - JUDGING_SHARE) * share)), says),
    )
    choice = preferred(judgement, timings)
    rejected = f"INT8 ({candidate}) failed: {judgement.says}" if gate.required and not judgement.ships else None

    cpu, one, eight = read_cpu(), timings.cell(1), timings.cell(8)
    classes = [predicted_class(logits, head) for logits in (fp32_logits, int8_logits)]
    summary = BenchmarkSummary(
        cpu_model=cpu.model,
        instruction_sets=list(cpu.instruction_sets),
        threads=threads,
        rows=rows,
        speedup_batch1=one.speedup.ratio,
        speedup_batch8=eight.speedup.ratio,
        fp32_latency_ms_batch1=one.fp32.p50,
        int8_latency_ms_batch1=one.int8.p50,
        fp32_latency_ms_batch8=eight.fp32.p50,
        int8_latency_ms_batch8=eight.int8.p50,
        conclusive=timings.conclusive,
        candidate=candidate,
        fp32_mae=mean_absolute_error(classes[0], split.labels),
        int8_mae=mean_absolute_error(classes[1], split.labels),
        fp32_score_mae=change.fp32_mae,
        int8_score_mae=change.int8_mae,
        mae_change=change.change,
        mae_change_low=change.low,
        mae_change_high=change.high,
        mae_change_upper_bound=change.upper_bound,
        rows_to_settle=change.rows_to_settle,
        mean_abs_score_delta=delta,
        int8_verdict=judgement.verdict,
        int8_ships=judgement.ships,
        preferred=choice.model,
        reason=choice.reason,
        onnxruntime=onnxruntime_version(),
    )
    report: dict[str, Any] = {
        "schemaVersion": 1,
        **summary.model_dump(by_alias=True),
        "gates": [outcome.as_document() for outcome in judgement.outcomes],
        "required": gate.required,
        "interval": {
            "method": change.method,
            "confidence": CONFIDENCE,
            "resamples": RESAMPLES,
            "seed": spec.train.seed,
            "halfWidth": change.half_width,
        },
        "timings": [cell.as_document() for cell in timings.cells],
        "sameClass": float((classes[0] == classes[1]).mean()),
        "maxAbsLogitDelta": float(np.abs(int8_logits - fp32_logits).max()),
    }
    context.outputs.write_json("benchmark.json", report)
    write_report(context, Judged(split.labels, fp32_logits, int8_logits, summary, latencies(timings), rejected=rejected))
    if rejected is not None:
        raise GateRejected(
            rejected,
            where="gates.int8",
            remedy="Let FP32 ship instead (gates.int8.required: false), give more rows, or accept the loss by a wider gate.",
            diagnostics=[uri_of_output(written) for written in context.outputs.written],
        )
    return summary


def latencies(timings: BenchmarkTimings) -> list[BatchLatency]:
    """Of both models, by batch and threads."""
    return [
        BatchLatency(
            model=name, batch=cell.batch, threads=cell.threads, p50=found.p50, p95=found.p95, p99=found.p99, mad=found.mad
        )
        for cell in timings.cells
        for name, found in (("fp32", cell.fp32), ("int8", cell.int8))
    ]
