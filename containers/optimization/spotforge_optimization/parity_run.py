"""Parity: the ONNX model must give what the PyTorch model gives, on every row of test, or the experiment is rejected."""

import io
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from spotforge_runtime.contracts.models import ParitySummary
from spotforge_runtime.errors import GateRejected, InvalidInput

from spotforge_optimization.encoding import Examples, Ids, length_batches
from spotforge_optimization.onnx_session import LOGITS, open_model
from spotforge_optimization.pace import Pace
from spotforge_optimization.parity_check import ParityOutcome, check_parity
from spotforge_optimization.parity_outputs import Array, Arrays
from spotforge_optimization.parity_runtimes import OnnxRuntime, PyTorchRuntime, answers_to
from spotforge_optimization.parity_trend import ParityTrend, parity_trend
from spotforge_optimization.served_parity import InferenceServer, served_parity
from spotforge_optimization.stage_inputs import download_split
from spotforge_optimization.tolerance import Tolerance

if TYPE_CHECKING:
    from spotforge_runtime.context import StageContext

MIN_ROWS = 500
SAMPLE_ROWS = 64  # of the arrays that travel with the bundle
BATCH_ROWS = 32


def work(context: "StageContext") -> ParitySummary:
    pace = Pace(context, 1)
    pace.at(0, "reading the test rows and both models")
    split = download_split(context, "test")
    if len(split) < MIN_ROWS:
        raise InvalidInput(
            f"parity needs at least {MIN_ROWS} test rows, got {len(split)}",
            where="test.parquet",
            remedy="give more data or raise dataset.split.test",
        )
    onnx_file = context.inputs.download("export", "fp32/model.onnx")
    model_folder = context.inputs.download_folder("train", "model/")
    threads = context.spec.train.threads

    sample = sample_rows(split.examples, SAMPLE_ROWS)
    batches = parity_batches(split.examples, sample)
    server = InferenceServer(program) if (program := context.environment.inference_server) else None
    pace = Pace(context, (2 if server is None else 3) * len(split))
    onnx = OnnxRuntime(open_model(onnx_file, threads))
    with ThreadPoolExecutor(1) as pool:
        # `import torch` takes seconds of one core: the ONNX pass runs meanwhile.
        loading = pool.submit(PyTorchRuntime, model_folder, context.spec.task, onnx.inputs, threads)
        measured = answers_to(
            onnx, split.examples.batch, batches, lambda done: pace.at(done, f"ONNX: {done} of {len(split)} rows")
        )
        pytorch = loading.result()
    reference = answers_to(
        pytorch,
        split.examples.batch,
        batches,
        lambda done: pace.at(len(split) + done, f"PyTorch: {done} of {len(split)} rows"),
    )

    gate = context.spec.gates.parity
    tolerance = Tolerance(gate.absolute, gate.relative)
    outcome = check_parity(
        reference=reference,
        measured=measured,
        lengths=split.examples.lengths,
        rows=split.rows,
        tolerance=tolerance,
        describe_row=split.examples.describe,
    )
    served: ParityOutcome | None = None
    if server is not None:
        served = served_parity(
            server,
            model=onnx_file,
            inputs=onnx.inputs,
            threads=threads,
            examples=split.examples,
            rows=split.rows,
            reference=reference,
            tolerance=tolerance,
            after_batch=lambda done: pace.at(2 * len(split) + done, f"{server}: {done} of {len(split)} rows"),
        )
    batch = split.examples.batch(sample)
    trend = ParityTrend([], ["The logits themselves could not be compared."])
    if "maxAbs" in outcome.report:
        trend = parity_trend(
            context,
            onnx_file=onnx_file,
            pytorch=pytorch,
            inputs=batch,
            last={"pytorch": of_rows(reference, sample), "onnx": of_rows(measured, sample)},
            tolerance=tolerance,
        )
    document = {**outcome.report, "served": served and served.report, "trend": trend.steps, "trendNotes": trend.notes}
    report = context.outputs.write_json("report.json", document)
    rejected = [f"ONNX does not match PyTorch: {outcome.says}"] if not outcome.passed else []
    if served is not None and not served.passed:
        rejected.append(f"{server} does not match PyTorch: {served.says}")
    if rejected:
        raise GateRejected(
            "; ".join(rejected),
            where="gates.parity",
            remedy="report.json lists every mismatch, the furthest first; export the model again and compare",
            diagnostics=[f"s3://{report.bucket}/{report.key}"],
        )
    context.outputs.write_bytes("inputs.npz", npz({name: batch[name] for name in onnx.inputs}))
    context.outputs.write_bytes("expected.npz", npz({LOGITS: measured[LOGITS][sample]}))
    return ParitySummary(
        rows=len(split),
        elements=outcome.report["elements"],
        mismatches=0,
        max_abs=outcome.report["maxAbs"],
        max_ratio=outcome.report["maxRatio"],
    )


def of_rows(outputs: Arrays, rows: Ids) -> dict[str, Array]:
    return {name: array[rows] for name, array in outputs.items()}


def sample_rows(examples: Examples, count: int) -> Ids:
    """Rows spread evenly over the lengths, the shortest and the longest among them."""
    ordered = np.argsort(examples.lengths, kind="stable")
    return np.asarray(ordered[np.linspace(0, len(ordered) - 1, min(count, len(ordered))).astype(np.int64)])


def parity_batches(examples: Examples, sample: Ids) -> list[Ids]:
    """The sample as one batch, padded as it will be in the bundle, then all other rows by length: padding is equal in both."""
    rest = np.setdiff1d(np.arange(len(examples)), sample)
    return [sample, *length_batches(examples.lengths, BATCH_ROWS, rest)]


def npz(arrays: dict[str, Any]) -> bytes:
    """Same arrays, same bytes: numpy gives every member of the archive the same fixed time."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()
