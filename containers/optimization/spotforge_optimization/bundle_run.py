"""Bundle: everything that a server needs, in one immutable folder whose last object is `bundle.json`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from spotforge_runtime.contracts import names
from spotforge_runtime.contracts.models import (
    BenchmarkSummary,
    Bundle,
    BundleSummary,
    ExportSummary,
    IngestSummary,
    ParitySummary,
    PrepareSummary,
    QuantizeSummary,
    TrainSummary,
)
from spotforge_runtime.errors import ContractBroken
from spotforge_runtime.hashing import sha256_of_file
from spotforge_runtime.ordinal_decoding import mean_score_delta
from spotforge_runtime.pictures import read_picture_rules
from spotforge_runtime.s3_uri import uri_of
from spotforge_runtime.tree_hash import tree_hash

from spotforge_optimization import bundle_folder as files
from spotforge_optimization.folded_head import cutpoints_of
from spotforge_optimization.onnx_contract import OnnxContract, load_structure, read_onnx_contract
from spotforge_optimization.onnx_session import LOGITS, open_model
from spotforge_optimization.pace import Pace
from spotforge_optimization.stage_inputs import PREPROCESSOR, TOKENIZER, pad_id_of
from spotforge_optimization.tolerance import Tolerance, compare

if TYPE_CHECKING:
    from spotforge_runtime.context import StageContext

CUTPOINT_TOLERANCE = 1e-5  # the head is folded in float32

HEADS_WITH_CUTPOINTS = ("cumulative-link", "coral")

Sources = dict[str, tuple[str, str]]  # path in the bundle -> stage and output it comes from


def sources_of(task: str, *, int8: bool) -> Sources:
    """A text model carries its tokenizer; what is done to a picture is written in `bundle.json`. INT8 only where it ships."""
    return {
        files.FP32_FILE: ("export", "fp32/model.onnx"),
        **({files.INT8_FILE: ("quantize", "int8/model.onnx")} if int8 else {}),
        **({files.TOKENIZER_FILE: ("train", f"model/{TOKENIZER}")} if task == "text-ordinal" else {}),
        files.PARITY_INPUTS_FILE: ("parity", "inputs.npz"),
        files.PARITY_EXPECTED_FILE: ("parity", "expected.npz"),
    }


def work(context: "StageContext") -> BundleSummary:
    if context.model_version is None:
        raise ContractBroken(
            f"The bundle stage was given no model version ({names.ENV_MODEL_VERSION}).",
            where=names.ENV_MODEL_VERSION,
            remedy="The state machine takes one per experiment before it starts this stage.",
        )
    benchmark = context.inputs.summary("benchmark", BenchmarkSummary)
    sources = sources_of(context.spec.task, int8=benchmark.int8_ships)
    pace = Pace(context, len(sources) * 2 + 2)
    folder = context.scratch / "bundle"
    for number, (path, (stage, name)) in enumerate(sources.items()):
        pace.at(number, f"collecting {path}")
        context.inputs.download(stage, name, folder / path)

    pace.at(len(sources), "checking that the collected models answer as they did")
    rows = check_answers(folder, context)
    pace.at(len(sources) + 1, "describing the bundle")
    structure = load_structure(folder / files.FP32_FILE)
    cutpoints = checked_cutpoints(context, structure)
    bundle = describe(context, folder, sources, read_onnx_contract(structure), cutpoints, rows, context.model_version)

    prefix = names.KEY_BUNDLE.format(tenant=bundle.tenant, model=bundle.name, version=bundle.version)
    bucket = context.environment.releases_bucket
    for number, path in enumerate(sorted(sources)):
        pace.at(len(sources) + 2 + number, f"releasing {path}")
        context.outputs.write(path, folder / path, bucket=bucket, key=prefix + path, retention=context.retention)
    document = context.outputs.write_json(
        files.DOCUMENT, bundle, bucket=bucket, key=prefix + files.DOCUMENT, retention=context.retention
    )
    return BundleSummary(
        bundle_uri=uri_of(bucket, prefix),
        bundle_sha256=bundle.bundle_sha256,
        version=bundle.version,
        bytes=sum(listed.bytes for listed in bundle.files) + document.bytes,
        preferred=bundle.preferred,
    )


def check_answers(folder: Path, context: "StageContext") -> int:
    """Runs the models of the assembled folder on the parity arrays and answers their number of rows.

    ContractBroken when FP32 does not give the recorded logits within the parity gate, or INT8 no finite ones of that shape.
    """
    inputs = dict(np.load(folder / files.PARITY_INPUTS_FILE, allow_pickle=False))
    expected = np.load(folder / files.PARITY_EXPECTED_FILE, allow_pickle=False)[LOGITS]
    threads, gate = context.spec.train.threads, context.spec.gates.parity
    there = [path for path in (files.FP32_FILE, files.INT8_FILE) if (folder / path).is_file()]
    answers = {path: open_model(folder / path, threads).logits(inputs) for path in there}
    for path, logits in answers.items():
        if logits.shape != expected.shape or not np.isfinite(logits).all():
            raise ContractBroken(
                f"{path} answers the parity inputs with logits of shape {logits.shape}, expected finite {expected.shape}."
            )
    found = compare(answers[files.FP32_FILE], expected, Tolerance(gate.absolute, gate.relative))
    if found.mismatches:
        raise ContractBroken(
            f"{files.FP32_FILE} of the assembled bundle differs from the recorded logits in"
            f" {found.mismatches} of {found.delta.size} elements, by {found.delta.max():.3g} at most.",
            where=files.PARITY_EXPECTED_FILE,
            remedy="This machine computes otherwise than that of the parity stage; run both on one instance family.",
        )
    metrics = {"fp32MaxAbs": float(found.delta.max())}
    if files.INT8_FILE in answers:
        metrics["int8MeanAbsScoreDelta"] = mean_score_delta(answers[files.INT8_FILE], expected, context.spec.train.head)
    context.progress.report(metrics=metrics)
    return len(expected)


def checked_cutpoints(context: "StageContext", structure: Any) -> list[float]:
    """Out of the folded bias; none of a head that has none. ContractBroken when they are not those that training published."""
    head = context.spec.train.head
    if head not in HEADS_WITH_CUTPOINTS:
        return []
    try:
        cutpoints = cutpoints_of(structure, ascending=head == "cumulative-link")
    except ValueError as error:
        raise ContractBroken(f"No cutpoints in the exported model: {error}.", where=files.FP32_FILE) from error
    published = json.loads(context.inputs.download("train", "cutpoints.json").read_text(encoding="utf-8"))["cutpoints"]
    if len(published) != len(cutpoints) or not np.allclose(
        cutpoints, published, rtol=CUTPOINT_TOLERANCE, atol=CUTPOINT_TOLERANCE
    ):
        raise ContractBroken(
            f"The exported bias holds the cutpoints {cutpoints}, training published {published}.",
            where="cutpoints.json",
            remedy="Export the model that this experiment trained.",
        )
    return cutpoints


def encoding_of(context: "StageContext") -> dict[str, Any]:
    """`tokenizer` or `image` of `bundle.json`: how a text or a picture becomes the model's input."""
    if context.spec.task == "image-ordinal":
        rules = read_picture_rules(context.inputs.download("train", f"model/{PREPROCESSOR}"))
        return {
            "image": {
                "width": rules.width,
                "height": rules.height,
                "resample": rules.resample,
                "rescale": rules.rescale,
                "mean": list(rules.mean),
                "std": list(rules.std),
                "layout": "NCHW, RGB",
            }
        }
    return {
        "tokenizer": {
            "file": files.TOKENIZER_FILE,
            "maxLength": context.spec.train.max_length,
            "truncation": "longest_first",
            "padding": "right",
            "padId": pad_id_of(context.inputs.download("train", "model/config.json")),
        }
    }


def describe(
    context: "StageContext",
    folder: Path,
    sources: Sources,
    contract: OnnxContract,
    cutpoints: list[float],
    parity_rows: int,
    version: int,
) -> Bundle:
    """`bundle.json`. It depends on the inputs alone, so that a repeated attempt writes the same bytes: its instant is the one
    at which the benchmark, the last gate, was passed."""
    spec, inputs = context.spec, context.inputs
    ingest, prepare = inputs.summary("ingest", IngestSummary), inputs.summary("prepare", PrepareSummary)
    train, export = inputs.summary("train", TrainSummary), inputs.summary("export", ExportSummary)
    parity, quantize = inputs.summary("parity", ParitySummary), inputs.summary("quantize", QuantizeSummary)
    benchmark = inputs.summary("benchmark", BenchmarkSummary)
    hashes = {path: sha256_of_file(folder / path) for path in sources}
    sizes = {path: (folder / path).stat().st_size for path in sources}

    def model(path: str, measured: dict[str, float]) -> dict[str, Any]:
        # What is in a bundle passed its gate: parity's, or INT8's, without which it is left out.
        return {"file": path, "bytes": sizes[path], "sha256": hashes[path], "gate": {"passed": True, "measured": measured}}

    return Bundle.model_validate(
        {
            "schemaVersion": names.SCHEMA_VERSION,
            "experimentId": spec.experiment_id,
            "tenant": spec.tenant,
            "name": spec.model.name,
            "version": version,
            "createdAt": inputs.manifest("benchmark").created_at,
            "task": spec.task,
            "labels": [
                {"index": index, "value": value, "name": f"{value:g}"} for index, value in enumerate(spec.dataset.labels.values)
            ],
            "head": spec.train.head,
            "decode": {
                "logits": names.DECODE_LOGITS[spec.train.head],
                "classIndex": "count of k with P(y > k) > 0.5",
                "expectedScore": "sum over k of P(y > k), in classes from 0 to K-1",
            },
            "cutpoints": cutpoints,
            "inputs": [tensor.model_dump(mode="json") for tensor in contract.inputs],
            "outputs": [tensor.model_dump(mode="json") for tensor in contract.outputs],
            **encoding_of(context),
            "models": {
                "fp32": model(files.FP32_FILE, {"maxAbs": parity.max_abs, "maxRatio": parity.max_ratio}),
                **({"int8": model(files.INT8_FILE, int8_figures(benchmark))} if benchmark.int8_ships else {}),
            },
            "preferred": benchmark.preferred,
            "metrics": {
                "mae": train.mae,
                "baselineMae": train.baseline_mae,
                "fp32Mae": benchmark.fp32_mae,
                "int8Mae": benchmark.int8_mae,
                "int8SpeedupBatch1": benchmark.speedup_batch1,
                "int8SpeedupBatch8": benchmark.speedup_batch8,
                "testRows": benchmark.rows,
                "parityRows": parity.rows,
                "calibrationRows": quantize.calibration_rows,
            },
            "dataset": {"rawSha256": ingest.dataset_sha256, "processedSha256": prepare.processed_sha256},
            "baseModelSha256": ingest.base_model_sha256,
            "gitSha": context.environment.git_sha,
            "opset": export.opset,
            "onnxruntime": benchmark.onnxruntime,
            "parity": {"inputs": files.PARITY_INPUTS_FILE, "expected": files.PARITY_EXPECTED_FILE, "rows": parity_rows},
            "files": [{"path": path, "bytes": sizes[path], "sha256": hashes[path]} for path in sorted(sources)],
            "bundleSha256": tree_hash(hashes),
        }
    )


def int8_figures(benchmark: BenchmarkSummary) -> dict[str, float]:
    """What the INT8 gate measured on test."""
    return {
        "meanAbsScoreDelta": benchmark.mean_abs_score_delta,
        "maeChange": benchmark.mae_change,
        "maeChangeLow": benchmark.mae_change_low,
        "maeChangeHigh": benchmark.mae_change_high,
        "maeChangeUpperBound": benchmark.mae_change_upper_bound,
    }
