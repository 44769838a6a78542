"""Spot check: do the released models still answer as they did when they were released, under the packages of today's image?

Every bundle is looked at, whatever becomes of the others, and one finding says how each is."""

import importlib.metadata
import json
import logging
import platform
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from spotforge_runtime import instants
from spotforge_runtime.contracts import names
from spotforge_runtime.contracts.models import Bundle, SpotCheckFinding
from spotforge_runtime.documents import to_json
from spotforge_runtime.errors import ContractBroken, GateRejected, InvalidInput, as_stage_error
from spotforge_runtime.rehearsal import RehearsalContext, error_document
from spotforge_runtime.storage import ObjectMissing

from spotforge_optimization import bundle_folder as files
from spotforge_optimization.cpu import read_cpu
from spotforge_optimization.onnx_session import LOGITS, open_model
from spotforge_optimization.parity_outputs import compare_outputs
from spotforge_optimization.parity_runtimes import OnnxRuntime
from spotforge_optimization.rehearse_bundle import ReleasedBundle, take_bundle
from spotforge_optimization.rehearse_rollback_run import answers_of

logger = logging.getLogger(__name__)

# Whatever a released model's answers come out of; what the image does not have is left out.
RECORDED_VERSIONS = ("onnxruntime", "numpy", "tokenizers", "torch", "transformers")
LISTED_MISMATCHES = 100


def work(context: RehearsalContext) -> int:
    """Checks every bundle and stores the finding. The exit code is 0 whatever it found: the finding says it."""
    started = instants.now()
    uris: list[str] = json.loads(context.environment.given(names.ENV_BUNDLES))
    cpu = read_cpu()
    finding = SpotCheckFinding.model_validate(
        {
            "schemaVersion": names.SCHEMA_VERSION,
            "spotCheckId": context.environment.id,
            "startedAt": started,
            "bundles": [check_bundle(context, uri) for uri in uris],
            "endedAt": instants.now(),
            "gitSha": context.environment.git_sha,
            "imageDigest": context.environment.image_digest,
            "versions": installed_versions(),
            "cpuModel": cpu.model,
            "instructionSets": cpu.instruction_sets,
        }
    )
    key = names.KEY_SPOT_CHECK_FINDING.format(spot_check_id=context.environment.id)
    context.storage.put(to_json(finding), context.environment.experiments_bucket, key)
    return 0


def check_bundle(context: RehearsalContext, uri: str) -> dict[str, Any]:
    """A `CheckedBundle`. Raises nothing."""
    folder = context.scratch / "bundle"
    nothing: dict[str, Any] = {
        "bundleUri": uri,
        "answers": None,
        "recorded": {},
        "mismatches": [],
        "releasedWith": {},
        "error": None,
    }
    mismatches: list[str] = []
    try:
        bundle = take_bundle(context, uri, folder)
        try:
            answers = answers_of(bundle)
        except GateRejected:
            mismatches = fp32_mismatches(bundle)
            raise
        return {**nothing, **described(folder), "outcome": "held", "answers": answers.model_dump(by_alias=True, mode="json")}
    except Exception as caught:
        error = as_stage_error(caught)
        outcome = outcome_of(caught)
        logger.warning("%s: %s: %s", uri, outcome, error.message, exc_info=caught if outcome == "unchecked" else None)
        return {
            **nothing,
            **described(folder),
            "outcome": outcome,
            "mismatches": mismatches,
            "error": error_document(error),
        }
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # the next one needs the place


def outcome_of(caught: Exception) -> str:
    """What a failed check says about the bundle: that its answers drifted, that its bytes are others, or nothing."""
    if isinstance(caught, GateRejected):
        return "drifted"
    return "altered" if isinstance(caught, ContractBroken | InvalidInput | ObjectMissing) else "unchecked"


def fp32_mismatches(bundle: ReleasedBundle) -> list[str]:
    """Every way in which FP32 answers otherwise than recorded: the sentences of `compare_outputs`, then row by row."""
    inputs = dict(np.load(bundle.folder / files.PARITY_INPUTS_FILE, allow_pickle=False))
    expected = dict(np.load(bundle.folder / files.PARITY_EXPECTED_FILE, allow_pickle=False))
    answers = OnnxRuntime(open_model(bundle.folder / files.FP32_FILE, bundle.threads)).answer(inputs)
    found = compare_outputs(expected, {LOGITS: answers[LOGITS]}, bundle.tolerance)
    rows = [
        f"{mismatch.output}{list(worst.element)} of row {worst.row} is {worst.candidate:.7g} instead of {worst.reference:.7g}"
        for mismatch in found.mismatches
        for worst in mismatch.worst_rows
    ]
    return [*(mismatch.says for mismatch in found.mismatches), *rows][:LISTED_MISMATCHES]


def described(folder: Path) -> dict[str, Any]:
    """What the bundle says about itself; nothing when its document cannot be read."""
    try:
        document = Bundle.model_validate_json((folder / files.DOCUMENT).read_bytes())
    except (OSError, ValueError):
        return {}
    models = {"fp32": document.models.fp32, "int8": document.models.int8}
    return {
        "recorded": {
            f"{name}.{figure}": value
            for name, model in models.items()
            if model is not None
            for figure, value in model.gate.measured.items()
        },
        "releasedWith": {"onnxruntime": document.onnxruntime},
    }


def installed_versions() -> dict[str, str]:
    """Library → version, of those that are there."""
    found = {"python": platform.python_version()}
    for name in RECORDED_VERSIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
