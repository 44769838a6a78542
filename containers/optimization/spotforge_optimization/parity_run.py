"""Parity: the ONNX model must give what the PyTorch model gives, on every row of test, or the experiment is rejected."""

import io
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from spotforge_runtime.contracts.models import ParitySummary
from spotforge_runtime.errors import GateRejected, InvalidInput

from spotforge_optimization.encoding import Batch, EncodedTexts, Ids, length_batches
from spotforge_optimization.onnx_session import LOGITS, Logits, all_logits, open_model
from spotforge_optimization.pace import Pace
from spotforge_optimization.parity_check import check_parity
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

    sample = sample_rows(split.texts, SAMPLE_ROWS)
    batches = parity_batches(split.texts, sample)
    pace = Pace(context, 2 * len(split))
    onnx = open_model(onnx_file, threads)
    with ThreadPoolExecutor(1) as pool:
        # `import torch` takes seconds of one core: the ONNX pass runs meanwhile.
        loading = pool.submit(PyTorchModel, model_folder, onnx.inputs, threads)
        measured = all_logits(onnx.logits, split.texts, batches, lambda done: pace.at(done, f"ONNX: {done} of {len(split)} rows"))
        pytorch = loading.result()
    reference = all_logits(
        pytorch.logits, split.texts, batches, lambda done: pace.at(len(split) + done, f"PyTorch: {done} of {len(split)} rows")
    )

    gate = context.spec.gates.parity
    outcome = check_parity(
        names=(pytorch.outputs, [item.name for item in onnx.session.get_outputs()]),
        reference=reference,
        measured=measured,
        texts=split.texts,
        rows=split.rows,
        tolerance=Tolerance(gate.absolute, gate.relative),
    )
    report = context.outputs.write_json("report.json", outcome.report)
    if not outcome.passed:
        raise GateRejected(
            f"ONNX does not match PyTorch: {outcome.says}",
            where="gates.parity",
            remedy="report.json lists the mismatches with the largest one's token ids; export the model again and compare",
            diagnostics=[f"s3://{report.bucket}/{report.key}"],
        )
    batch = split.texts.batch(sample)
    context.outputs.write_bytes("inputs.npz", npz({name: batch[name] for name in onnx.inputs}))
    context.outputs.write_bytes("expected.npz", npz({LOGITS: measured[sample]}))
    return ParitySummary(
        rows=len(split),
        elements=outcome.report["elements"],
        mismatches=0,
        max_abs=outcome.report["maxAbs"],
        max_ratio=outcome.report["maxRatio"],
    )


def sample_rows(texts: EncodedTexts, count: int) -> Ids:
    """Rows spread evenly over the lengths, the shortest and the longest among them."""
    ordered = np.argsort(texts.lengths, kind="stable")
    return np.asarray(ordered[np.linspace(0, len(ordered) - 1, min(count, len(ordered))).astype(np.int64)])


def parity_batches(texts: EncodedTexts, sample: Ids) -> list[Ids]:
    """The sample as one batch, padded as it will be in the bundle, then all other rows by length: padding is equal in both."""
    rest = np.setdiff1d(np.arange(len(texts)), sample)
    return [sample, *length_batches(texts.lengths, BATCH_ROWS, rest)]


class PyTorchModel:
    """The trained model on the CPU in float32, fed with exactly what the ONNX model is fed with."""

    def __init__(self, folder: Path, inputs: Sequence[str], threads: int) -> None:
        import torch
        from transformers import AutoModelForSequenceClassification
        from transformers.utils.logging import set_verbosity

        set_verbosity(logging.ERROR)
        self._threads = threads
        self._model = AutoModelForSequenceClassification.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=torch.float32
        ).eval()
        self._inputs = inputs
        self.outputs: list[str] = []

    def logits(self, batch: Batch) -> Logits:
        """float32, shape (rows, K-1); notes the names of the outputs."""
        import torch

        torch.set_num_threads(self._threads)  # OpenMP keeps it by calling thread
        with torch.inference_mode():
            answer = self._model(**{name: torch.from_numpy(batch[name]) for name in self._inputs})
        self.outputs = list(answer.keys())
        return np.asarray(answer[LOGITS].numpy(), dtype=np.float32)


def npz(arrays: dict[str, Any]) -> bytes:
    """Same arrays, same bytes: numpy gives every member of the archive the same fixed time."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()
