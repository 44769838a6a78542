"""Benchmark: speed and fidelity of INT8 against FP32 on test, and the two default gates. Speed is reported, not gated."""

import time
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from spotforge_runtime.contracts.models import BenchmarkSummary
from spotforge_runtime.errors import GateRejected
from spotforge_runtime.outputs import uri_of_output

from spotforge_optimization.cpu import read_cpu
from spotforge_optimization.encoding import Batch, EncodedTexts, length_batches
from spotforge_optimization.gates import mae_gate, rejection, score_gate
from spotforge_optimization.interleaved_timing import Timing, time_interleaved
from spotforge_optimization.mae_change import RESAMPLES, mae_change
from spotforge_optimization.onnx_session import Logits, OnnxModel, all_logits, open_model
from spotforge_optimization.ordinal import absolute_errors, mean_score_delta, predicted_class
from spotforge_optimization.pace import Pace
from spotforge_optimization.stage_inputs import EncodedSplit, download_split

if TYPE_CHECKING:
    from spotforge_runtime.context import StageContext

BATCH_SIZES = (1, 8)
SECONDS_BY_BATCH_SIZE = {1: 3.0, 8: 6.0}  # about 300 and 80 rounds of MiniLM on two cores; the median then moves by under 2 %
LENGTH_STEP = 16
THROUGHPUT_BATCH_ROWS = 8
TIMING_SHARE = 0.4  # of the stage's progress


def work(context: "StageContext") -> BenchmarkSummary:
    spec, threads = context.spec, context.spec.train.threads
    Pace(context, 1).at(0, "reading the test rows and both ONNX models")
    split = download_split(context, "test")
    fp32 = open_model(context.inputs.download("export", "fp32/model.onnx"), threads)
    int8 = open_model(context.inputs.download("quantize", "int8/model.onnx"), threads)
    steps = round(len(split) / (1 - TIMING_SHARE))
    pace = Pace(context, steps)

    both = BothModels(fp32, int8)
    batches = list(length_batches(split.texts.lengths, THROUGHPUT_BATCH_ROWS))
    fp32_logits, int8_logits = both.logits(
        split, lambda done: pace.at(done, f"both models on {done} of {len(split)} test rows"), batches
    )

    length = representative_length(split.texts, spec.train.max_length)
    timings: dict[int, Timing] = {}
    for number, size in enumerate(BATCH_SIZES):
        pace.at(
            round(len(split) + (steps - len(split)) * number / len(BATCH_SIZES)),
            f"timing batch {size} of {length} tokens, turn by turn",
        )
        batch = batch_of_length(split.texts, size, length)
        timings[size] = time_interleaved(
            partial(fp32.logits, batch), partial(int8.logits, batch), seconds=SECONDS_BY_BATCH_SIZE[size]
        )

    change = mae_change(
        absolute_errors(fp32_logits, split.labels), absolute_errors(int8_logits, split.labels), seed=spec.train.seed
    )
    delta = mean_score_delta(int8_logits, fp32_logits)
    outcomes = [score_gate(delta, spec.gates.int8.max_mean_score_delta), mae_gate(change, spec.gates.int8.max_mae_increase)]
    rejected = rejection(outcomes)

    cpu = read_cpu()
    one, eight = timings[1], timings[8]
    summary = BenchmarkSummary(
        cpu_model=cpu.model,
        instruction_sets=list(cpu.instruction_sets),
        threads=threads,
        rows=len(split),
        speedup_batch1=one.ratio,
        speedup_batch8=eight.ratio,
        fp32_latency_ms_batch1=one.reference_ms,
        int8_latency_ms_batch1=one.candidate_ms,
        fp32_latency_ms_batch8=eight.reference_ms,
        int8_latency_ms_batch8=eight.candidate_ms,
        fp32_mae=change.fp32_mae,
        int8_mae=change.int8_mae,
        mae_change=change.change,
        mae_change_low=change.low,
        mae_change_high=change.high,
        mean_abs_score_delta=delta,
        onnxruntime=onnxruntime_version(),
    )
    report: dict[str, Any] = {
        "schemaVersion": 1,
        **summary.model_dump(by_alias=True),
        "passed": rejected is None,
        "gates": [outcome.as_document() for outcome in outcomes],
        "interval": {"method": change.method, "confidence": 0.95, "resamples": RESAMPLES, "seed": spec.train.seed},
        "sequenceLength": length,
        "timings": {f"batch{size}": asdict(timing) for size, timing in timings.items()},
        "testRows": both.throughput(len(split)),
        "sameClass": float((predicted_class(int8_logits) == predicted_class(fp32_logits)).mean()),
        "maxAbsLogitDelta": float(np.abs(int8_logits - fp32_logits).max()),
    }
    stored = context.outputs.write_json("report.json", report)
    if rejected is not None:
        raise GateRejected(
            rejected,
            where="gates.int8",
            remedy="Use quantize.recipe balanced and more calibration rows, or accept the loss by a wider gate.",
            diagnostics=[uri_of_output(stored)],
        )
    return summary


class BothModels:
    """Runs every batch through both models, the order swapped from batch to batch, and keeps each one's seconds."""

    def __init__(self, fp32: OnnxModel, int8: OnnxModel) -> None:
        self._models = {"fp32": fp32, "int8": int8}
        self._seconds = {"fp32": 0.0, "int8": 0.0}
        self._number = 0

    def logits(self, split: EncodedSplit, after_batch: Any, batches: Any) -> tuple[Logits, Logits]:
        """float32, shape (rows, K-1) each: FP32's, then INT8's."""
        joined = all_logits(self._pair, split.texts, batches, after_batch)
        half = joined.shape[1] // 2
        return joined[:, :half], joined[:, half:]

    def _pair(self, batch: Batch) -> Logits:
        self._number += 1
        order = ("fp32", "int8") if self._number % 2 else ("int8", "fp32")
        found: dict[str, Logits] = {}
        for name in order:
            before = time.perf_counter()
            found[name] = self._models[name].logits(batch)
            self._seconds[name] += time.perf_counter() - before
        return np.hstack([found["fp32"], found["int8"]])

    def throughput(self, rows: int) -> dict[str, float]:
        """Of the whole test split in batches of like length: rows a second, and FP32's time over INT8's."""
        fp32, int8 = self._seconds["fp32"], self._seconds["int8"]
        return {
            "batchRows": THROUGHPUT_BATCH_ROWS,
            "fp32RowsPerSecond": rows / fp32,
            "int8RowsPerSecond": rows / int8,
            "speedup": fp32 / int8,
        }


def representative_length(texts: EncodedTexts, max_length: int) -> int:
    """The median length of the rows, up to the next multiple of 16, at most what the model was trained on."""
    median = int(np.median(texts.lengths))
    return min(max_length, -(-median // LENGTH_STEP) * LENGTH_STEP)


def batch_of_length(texts: EncodedTexts, rows: int, length: int) -> Batch:
    """The real rows nearest to a length, cut or padded to it."""
    nearest = np.argsort(np.abs(texts.lengths - length), kind="stable")[:rows]
    return texts.batch(nearest, length)


def onnxruntime_version() -> str:
    import onnxruntime

    return str(onnxruntime.__version__)
