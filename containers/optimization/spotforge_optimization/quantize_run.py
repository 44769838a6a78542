"""Quantize: a tournament of models, decided on validation; its INT8 winner goes on to be judged on test."""

from typing import TYPE_CHECKING

from spotforge_runtime.contracts.models import QuantizeSummary
from spotforge_runtime.errors import InvalidInput

from spotforge_optimization.candidates import competing
from spotforge_optimization.cpu import read_cpu
from spotforge_optimization.onnx_session import onnxruntime_version
from spotforge_optimization.pace import Pace
from spotforge_optimization.stage_inputs import download_split, onnx_key
from spotforge_optimization.tournament import Rules, run_tournament
from spotforge_optimization.tournament_document import tournament_document
from spotforge_optimization.tournament_picture import tournament_svg

if TYPE_CHECKING:
    from spotforge_runtime.context import StageContext

MIN_CALIBRATION_ROWS = 100
STEPS = 1_000


def work(context: "StageContext") -> QuantizeSummary:
    spec = context.spec
    pace = Pace(context, STEPS)
    pace.at(0, "reading the calibration and validation rows and the ONNX model")
    calibration = download_split(context, "calibration")
    validation = download_split(context, "validation")
    if len(calibration) < MIN_CALIBRATION_ROWS:
        raise InvalidInput(
            f"Static quantisation needs at least {MIN_CALIBRATION_ROWS} calibration rows, got {len(calibration)}.",
            where="calibration.parquet",
            remedy="Give more data or raise quantize.calibrationRows.",
        )
    fp32_file = context.inputs.download("export", "fp32/model.onnx")
    rules = Rules(
        head=spec.train.head,
        threads=spec.train.threads,
        seed=spec.train.seed,
        max_mean_score_delta=spec.gates.int8.max_mean_score_delta,
        max_mae_increase=spec.gates.int8.max_mae_increase,
    )
    found = run_tournament(
        fp32_file,
        calibration.examples,
        validation,
        competing(spec.quantize.candidates),
        rules,
        context.scratch / "candidates",
        lambda fraction, says: pace.at(round(fraction * STEPS), says),
    )
    chosen = found.entry(found.chosen)
    pace.at(STEPS - 1, f"storing {found.chosen}")
    stored = context.outputs.write(
        "int8/model.onnx", chosen.built.file, bucket=context.environment.experiments_bucket, key=onnx_key(context, "int8")
    )
    document = tournament_document(found, rules, read_cpu(), onnxruntime_version())
    context.outputs.write_json("tournament.json", document | {"sha256": stored.sha256})
    context.outputs.write_bytes("tournament.svg", tournament_svg(document).encode())
    return QuantizeSummary(
        chosen=found.chosen,
        candidates=len(found.entries),
        seconds=round(sum(found.seconds.values()), 2),
        calibration_rows=len(calibration),
        quantized_operators=sum(chosen.built.quantized_operators.values()),
        bytes=stored.bytes,
        fp32_bytes=fp32_file.stat().st_size,
        validation_mean_abs_score_delta=chosen.mean_score_delta,
    )
