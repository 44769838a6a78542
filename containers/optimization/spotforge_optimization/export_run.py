"""Export: the trained model as ONNX, by the committed configuration, and proof that the file is what that expects."""

import importlib.metadata
import json
from typing import TYPE_CHECKING

from spotforge_runtime.contracts.models import ExportSummary
from spotforge_runtime.errors import ContractBroken

from spotforge_optimization.export_config import read_export_config
from spotforge_optimization.exporter import export_onnx
from spotforge_optimization.exporter_optimum import OptimumExporter
from spotforge_optimization.onnx_contract import differences
from spotforge_optimization.pace import Pace
from spotforge_optimization.stage_inputs import onnx_key

if TYPE_CHECKING:
    from pathlib import Path

    from spotforge_runtime.context import StageContext

# Of a MiniLM on two idle cores; only the progress bar's speed depends on it.
USUAL_SECONDS = 20
RECORDED_VERSIONS = ("torch", "transformers", "optimum", "optimum-onnx", "onnx")


def work(context: "StageContext") -> ExportSummary:
    pace = Pace(context, 100)
    pace.at(0, "reading the trained model")
    model = context.inputs.download_folder("train", "model/")
    config = read_export_config()
    task = context.spec.task
    exporter = OptimumExporter(config, task)

    def while_running(seconds: float) -> None:
        # Approaches 90 % without ever standing still or passing it.
        pace.at(5 + round(85 * seconds / (seconds + USUAL_SECONDS / 2)), f"{exporter.name}, {seconds:.0f} s", seconds=seconds)

    exported = export_onnx(exporter, model, context.scratch / "onnx", while_running=while_running)
    contract = exported.contract
    found = differences(contract, config.tasks[task].expected, logits_in(model / "config.json"))
    # Later stages read one file, and a bundle signs one.
    found += [f"expected all weights inside, got some in {name}" for name in exported.sidecars]
    if found:
        raise ContractBroken(
            f"The exported ONNX file is not what export_config.json expects: {'; '.join(found)}",
            where="model.onnx",
            remedy="Pin the versions that export.json of an earlier experiment records, or change the expectation knowingly.",
        )
    pace.at(95, "storing the ONNX file")
    stored = context.outputs.write(
        "fp32/model.onnx", exported.file, bucket=context.environment.experiments_bucket, key=onnx_key(context, "fp32")
    )
    context.outputs.write_json(
        "export.json",
        {
            "schemaVersion": 1,
            "command": ["optimum-cli", "export", "onnx", *config.arguments_of(task)],
            "contract": contract.model_dump(mode="json"),
            "bytes": stored.bytes,
            "sha256": stored.sha256,
            "versions": {name: importlib.metadata.version(name) for name in RECORDED_VERSIONS},
        },
    )
    return ExportSummary(
        opset=contract.opset,
        bytes=stored.bytes,
        sha256=stored.sha256,
        inputs=[tensor.name for tensor in contract.inputs],
        outputs=[tensor.name for tensor in contract.outputs],
    )


def logits_in(config: "Path") -> int:
    """How many logits a stock classification model has, by its config.json, which keeps its labels only when they are not two."""
    labels = json.loads(config.read_text(encoding="utf-8")).get("id2label")
    return len(labels) if labels else 2
