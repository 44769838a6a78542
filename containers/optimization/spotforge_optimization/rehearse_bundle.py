"""A released bundle as whoever serves it would take it: downloaded, verified, asked, and held against its own record."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError
from spotforge_runtime.contracts.models import Bundle, ModelAnswers
from spotforge_runtime.errors import ContractBroken, GateRejected
from spotforge_runtime.ordinal_decoding import expected_score
from spotforge_runtime.rehearsal import RehearsalContext
from spotforge_runtime.s3_uri import parse_uri

from spotforge_optimization import bundle_folder as files
from spotforge_optimization.onnx_session import LOGITS, Logits, open_model
from spotforge_optimization.tolerance import Tolerance, compare

Z_95 = 1.96


@dataclass(frozen=True)
class ReleasedBundle:
    """A bundle whose every byte was verified, with what its experiment promised."""

    uri: str
    folder: Path
    document: Bundle
    threads: int
    tolerance: Tolerance
    allowed_score_delta: float
    download_seconds: float
    verify_seconds: float

    @property
    def bytes(self) -> int:
        return sum(listed.bytes for listed in self.document.files)


def take_bundle(context: RehearsalContext, uri: str, to: Path) -> ReleasedBundle:
    """Downloads and verifies. ContractBroken or InvalidInput name what is not as it was released."""
    bucket, prefix = parse_uri(uri)
    started = time.monotonic()
    data = context.storage.read_bytes(uri + files.DOCUMENT)
    try:
        listed = Bundle.model_validate_json(data).files
    except ValidationError as error:
        raise ContractBroken(f"{files.DOCUMENT} breaks its contract: {error}", where=uri) from error
    for file in listed:
        context.storage.download(bucket, prefix + file.path, to / file.path, sha256=file.sha256, bytes=file.bytes)
    (to / files.DOCUMENT).write_bytes(data)
    downloaded = time.monotonic()
    document = files.read_bundle(to)
    verified = time.monotonic()
    spec = context.as_stage(document.experiment_id, "bundle").spec
    return ReleasedBundle(
        uri=uri,
        folder=to,
        document=document,
        threads=spec.train.threads,
        tolerance=Tolerance(spec.gates.parity.absolute, spec.gates.parity.relative),
        allowed_score_delta=spec.gates.int8.max_mean_score_delta,
        download_seconds=downloaded - started,
        verify_seconds=verified - downloaded,
    )


@dataclass(frozen=True)
class Answers:
    """What the models give for the bundle's own parity inputs; float32, shape (rows, logits). No INT8 where FP32 ships alone."""

    fp32: Logits
    int8: Logits | None


def ask(folder: Path, threads: int) -> Answers:
    """The folder is a bundle's; what it lists is used as it is, not verified again."""
    inputs = dict(np.load(folder / files.PARITY_INPUTS_FILE, allow_pickle=False))
    fp32 = open_model(folder / files.FP32_FILE, threads).logits(inputs)
    int8_file = folder / files.INT8_FILE
    return Answers(fp32=fp32, int8=open_model(int8_file, threads).logits(inputs) if int8_file.is_file() else None)


def hold_against_record(bundle: ReleasedBundle, answers: Answers) -> ModelAnswers:
    """FP32 must give the recorded logits within the parity gate of its experiment. INT8 never does; it fails when its mean
    distance from FP32's scores is proven to be more than the gate let pass: a few rows may well lie above it by chance.

    GateRejected says which of the two, by how much, and what was allowed.
    """
    expected = np.load(bundle.folder / files.PARITY_EXPECTED_FILE, allow_pickle=False)[LOGITS]
    for name, logits in (("FP32", answers.fp32), ("INT8", answers.int8)):
        if logits is not None and (logits.shape != expected.shape or not np.isfinite(logits).all()):
            raise GateRejected(
                f"{name} answers with logits of shape {logits.shape}; expected finite ones of shape {expected.shape}.",
                where=bundle.uri,
            )
    found = compare(answers.fp32, expected, bundle.tolerance)
    largest = float(found.delta.max(initial=0.0))
    if found.mismatches:
        raise GateRejected(
            f"FP32 differs from its record in {found.mismatches} of {found.delta.size} logits, by {largest:.3g} at most; "
            f"allowed is {bundle.tolerance.absolute:g} + {bundle.tolerance.relative:g} * |logit|.",
            where=bundle.uri,
            remedy="This machine or its packages compute otherwise than those that released the model: compare both.",
        )
    if answers.int8 is None:
        return ModelAnswers(fp32_max_abs=largest, int8_mean_abs_score_delta=None)
    head = bundle.document.head
    scale = len(bundle.document.labels) - 1
    deltas = np.abs(expected_score(answers.int8, head) - expected_score(expected, head)) / scale
    mean, low = float(deltas.mean()), lower_bound(deltas)
    if low > bundle.allowed_score_delta:
        raise GateRejected(
            f"INT8 is {mean:.4f} of the scale from its record on average over {len(deltas)} rows (at least {low:.4f}); "
            f"its gate allowed {bundle.allowed_score_delta:.4f}.",
            where=bundle.uri,
            remedy="This machine or its packages compute otherwise than those that released the model: compare both.",
        )
    return ModelAnswers(fp32_max_abs=largest, int8_mean_abs_score_delta=mean)


def lower_bound(deltas: np.ndarray) -> float:
    """Of the 95 % interval of the mean; normal, which 64 rows allow.

    >>> lower_bound(np.full(64, 0.5))
    0.5
    """
    return float(deltas.mean() - Z_95 * deltas.std() / np.sqrt(len(deltas)))
