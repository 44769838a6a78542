"""Quantize: the static INT8 model by the spec's recipe, and its fidelity on validation."""

from typing import TYPE_CHECKING, cast

import numpy as np
from spotforge_runtime.contracts.models import QuantizeSummary
from spotforge_runtime.errors import InvalidInput

from spotforge_optimization.encoding import Ids, length_batches
from spotforge_optimization.onnx_session import all_logits, open_model
from spotforge_optimization.ordinal import mean_score_delta, predicted_class
from spotforge_optimization.pace import Pace
from spotforge_optimization.quantization import RECIPES, CalibrationBatches, quantize
from spotforge_optimization.stage_inputs import download_split, onnx_key

if TYPE_CHECKING:
    from spotforge_runtime.context import StageContext

MIN_CALIBRATION_ROWS = 100
MAX_VALIDATION_ROWS = 1_000  # the mean over more says nothing new and costs seconds
CALIBRATION_BATCH_ROWS = 8
BATCH_ROWS = 16


def work(context: "StageContext") -> QuantizeSummary:
    spec = context.spec
    Pace(context, 1).at(0, "reading the calibration and validation rows and the ONNX model")
    calibration = download_split(context, "calibration")
    validation = download_split(context, "validation")
    if len(calibration) < MIN_CALIBRATION_ROWS:
        raise InvalidInput(
            f"Static quantisation needs at least {MIN_CALIBRATION_ROWS} calibration rows, got {len(calibration)}.",
            where="calibration.parquet",
            remedy="Give more data or raise quantize.calibrationRows.",
        )
    fp32_file = context.inputs.download("export", "fp32/model.onnx")
    recipe = RECIPES[spec.quantize.recipe]
    chosen = evenly(len(validation), MAX_VALIDATION_ROWS)
    pace = Pace(context, len(calibration) + 2 * len(chosen))

    fp32 = open_model(fp32_file, spec.train.threads)
    ranges = CalibrationBatches(
        calibration.texts,
        list(length_batches(calibration.texts.lengths, CALIBRATION_BATCH_ROWS)),
        fp32.inputs,
        lambda done: pace.at(done, f"calibrating on row {done} of {len(calibration)}"),
    )
    int8_file = context.scratch / "int8" / "model.onnx"
    int8_file.parent.mkdir(parents=True, exist_ok=True)
    quantized = quantize(fp32_file, int8_file, recipe, ranges)
    int8 = open_model(int8_file, spec.train.threads)

    batches = list(length_batches(validation.texts.lengths, BATCH_ROWS, chosen))
    start = len(calibration)
    reference = all_logits(
        fp32.logits, validation.texts, batches, lambda done: pace.at(start + done, f"FP32 on {done} validation rows")
    )
    start += len(chosen)
    measured = all_logits(
        int8.logits, validation.texts, batches, lambda done: pace.at(start + done, f"INT8 on {done} validation rows")
    )
    delta = mean_score_delta(measured[chosen], reference[chosen])

    stored = context.outputs.write(
        "int8/model.onnx", int8_file, bucket=context.environment.experiments_bucket, key=onnx_key(context, "int8")
    )
    context.outputs.write_json(
        "quantize.json",
        {
            "schemaVersion": 1,
            "recipe": recipe.as_document(),
            "calibrationRows": len(calibration),
            "quantizedOperators": quantized.by_type,
            "keptInFloat": list(quantized.kept_in_float),
            "bytes": {"fp32": fp32_file.stat().st_size, "int8": stored.bytes},
            "sha256": stored.sha256,
            "validation": {
                "rows": len(chosen),
                "meanAbsScoreDelta": delta,
                "maxAbsLogitDelta": float(np.abs(measured[chosen] - reference[chosen]).max()),
                "sameClass": float((predicted_class(measured[chosen]) == predicted_class(reference[chosen])).mean()),
            },
        },
    )
    return QuantizeSummary(
        recipe=recipe.name,
        calibration_rows=len(calibration),
        quantized_operators=quantized.nodes,
        bytes=stored.bytes,
        fp32_bytes=fp32_file.stat().st_size,
        validation_mean_abs_score_delta=delta,
    )


def evenly(rows: int, most: int) -> Ids:
    """All row numbers, or `most` of them spread evenly."""
    return cast(Ids, np.unique(np.linspace(0, rows - 1, min(rows, most)).astype(np.int64)))
