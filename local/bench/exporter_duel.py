"""Both export backends on the same models: what they can export, how exactly, how long it takes. `npm run bench:exporters`."""

from __future__ import annotations

import inspect
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from exporter_architectures import ARCHITECTURES, LOGITS, SEED, Architecture, auto_class
from exporter_transformers import TransformersExporter
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, InvalidGraph, NotImplemented, RuntimeException
from pydantic import BaseModel, ConfigDict
from spotforge_optimization.export_config import ExpectedModel, ExportConfig, read_export_config
from spotforge_optimization.exporter import Exporter, export_onnx
from spotforge_optimization.exporter_optimum import OptimumExporter
from spotforge_optimization.interleaved_timing import Speedup, time_interleaved
from spotforge_optimization.onnx_contract import OnnxContract, load_structure
from spotforge_optimization.onnx_session import open_model
from spotforge_optimization.tolerance import Tolerance, compare
from spotforge_optimization.tournament import answer
from spotforge_optimization.weight_layers import find_weight_layers
from spotforge_runtime.contracts.names import Task
from spotforge_runtime.errors import StageError
from telling import doing, figures, says

Arrays = Mapping[str, npt.NDArray[Any]]
# Neither a size that was traced: a graph that only looks dynamic fails here.
SHAPES = ((1, 7), (3, 24))
TIMED_SHAPE = (8, 32)
THREADS = 2
MINILM = Architecture("minilm", "text-ordinal", {})
OnnxRuntimeError = (Fail, InvalidArgument, InvalidGraph, NotImplemented, RuntimeException)


class Plan(BaseModel):
    """`base` is a MiniLM's folder; `seconds` is how long its two exports are timed."""

    model_config = ConfigDict(extra="forbid")

    folder: Path
    base: Path
    seconds: float


@dataclass(frozen=True)
class Result:
    """`refused` says why there is no usable export; `difference` is the largest of any logit to PyTorch."""

    seconds: float
    file: Path | None = None
    difference: float = float("nan")
    within: bool = False
    refused: str = ""

    @property
    def exact(self) -> bool:
        return not self.refused and self.within


def backends(config: ExportConfig, task: Task) -> tuple[Exporter, Exporter]:
    """The stage's own first."""
    return OptimumExporter(config, task), TransformersExporter(config.environment, task, config.tasks[task].expected.opset)


def example(architecture: Architecture, rows: int, tokens: int, seed: int) -> dict[str, npt.NDArray[Any]]:
    """Inputs of a shape; the last text of several is padded. Pictures have the size of the model."""
    draw = np.random.default_rng(seed)
    if architecture.task == "image-ordinal":
        side = architecture.config["image_size"]
        return {"pixel_values": draw.normal(size=(rows, 3, side, side)).astype(np.float32)}
    mask = np.ones((rows, tokens), dtype=np.int64)
    if rows > 1:
        mask[-1, tokens // 2 :] = 0
    ids = draw.integers(5, 100, (rows, tokens))
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def reference(architecture: Architecture, folder: Path, batches: list[Arrays]) -> list[npt.NDArray[np.float32]]:
    """What PyTorch answers, by the transformers that trains: float32, shape (rows, logits) a batch."""
    import torch

    model = auto_class(architecture.task).from_pretrained(folder, local_files_only=True).eval()
    known = inspect.signature(model.forward).parameters
    with torch.inference_mode():
        return [model(**{n: torch.from_numpy(a) for n, a in batch.items() if n in known}).logits.numpy() for batch in batches]


def names_amiss(contract: OnnxContract, expected: ExpectedModel) -> list[str]:
    """What of names and opset is not as configured. Names of axes are left out: a backend that won would bring its own."""
    inputs, outputs = ({tensor.name for tensor in side} for side in (contract.inputs, contract.outputs))
    missing = {*expected.inputs.required} - inputs
    unknown = inputs - {*expected.inputs.required, *expected.inputs.optional}
    found = [f"no input {name}" for name in sorted(missing)] + [f"an input {name}" for name in sorted(unknown)]
    if outputs != {tensor.name for tensor in expected.outputs}:
        found.append(f"outputs {', '.join(sorted(outputs))}")
    return found + ([f"opset {contract.opset}"] if contract.opset != expected.opset else [])


def export(
    exporter: Exporter, architecture: Architecture, model: Path, output: Path, config: ExportConfig, tolerance: Tolerance
) -> Result:
    """Exports, and holds names to the committed contract and logits to PyTorch's, at shapes that were not traced."""
    shutil.rmtree(output, ignore_errors=True)
    seconds = 0.0

    def passed(now: float) -> None:
        nonlocal seconds
        seconds = now
        doing(f"{architecture.model_type}: {exporter.name}, {now:.0f} s")

    try:
        exported = export_onnx(exporter, model, output, while_running=passed)
        found = names_amiss(exported.contract, config.tasks[architecture.task].expected)
        if found or exported.sidecars:
            return Result(seconds, refused="; ".join([*found, *exported.sidecars]))
        batches = [example(architecture, rows, tokens, seed) for seed, (rows, tokens) in enumerate(SHAPES)]
        onnx = open_model(exported.file, THREADS)
        largest, within = 0.0, True
        for batch, expected in zip(batches, reference(architecture, model, list(batches)), strict=True):
            compared = compare(onnx.logits(batch), expected, tolerance)
            largest, within = max(largest, float(compared.delta.max())), within and not compared.mismatches
    except (StageError, ValueError, *OnnxRuntimeError) as error:
        return Result(seconds, refused=str(error).strip().splitlines()[-1][:300])
    return Result(seconds, exported.file, largest, within)


def write_minilm(base: Path, to: Path) -> None:
    """The demo's base model with a new head."""
    import torch

    torch.manual_seed(SEED)
    auto_class(MINILM.task).from_pretrained(base, num_labels=LOGITS, local_files_only=True).save_pretrained(to)


def weight_layers_in(file: Path) -> int:
    """How many the quantiser finds."""
    return len(find_weight_layers(load_structure(file)).body)


def speed_of_minilm(files: tuple[Path, Path], seconds: float) -> Speedup:
    """Of the stage's own export, the first, over the other."""
    batch = example(MINILM, *TIMED_SHAPE, seed=SEED)
    models = {str(at): open_model(file, THREADS) for at, file in enumerate(files)}
    timings = time_interleaved({name: partial(answer, model, [batch]) for name, model in models.items()}, seconds=seconds)
    return timings.speedup("0", "1")


def rows_of(results: dict[str, tuple[Result, Result]], plan: Plan) -> list[dict[str, Any]]:
    """What the stage's own backend cannot do and the other can is a reason to change it; the other rows are told."""
    row = {"subject": OptimumExporter.name, "peer": TransformersExporter.name}
    ours, theirs = ([each[at] for each in results.values()] for at in (0, 1))
    both = [(one, other) for one, other in results.values() if not one.refused and not other.refused]

    def told(metric: str, value: float, unit: str, target: float, holds: bool | None = None) -> dict[str, Any]:
        return {**row, "metric": metric, "value": value, "unit": unit, "target": target, "pass": holds}

    covered = [sum(result.exact for result in side) for side in (ours, theirs)]
    worst = [max((result.difference for result in side), default=0.0) for side in zip(*both, strict=True)] or [0.0, 0.0]
    rows = [
        told(
            "architectures exported and equal to PyTorch", covered[0], f"of {len(results)}", covered[1], covered[0] >= covered[1]
        ),
        told(f"largest |delta logit| over the {len(both)} that both export", _short(worst[0]), "logits", _short(worst[1])),
    ]
    one, other = results[MINILM.model_type]
    rows.append(told("time to export MiniLM", round(one.seconds, 1), "s", round(other.seconds, 1)))
    if one.file and other.file:
        doing("MiniLM: timing both exports turn by turn")
        layers = [weight_layers_in(file) for file in (one.file, other.file)]
        speed = speed_of_minilm((one.file, other.file), plan.seconds)
        rows += [
            told("weight layers of MiniLM that the quantiser finds", layers[0], "layers", layers[1]),
            told(
                f"speed of MiniLM's export at batch 8 (95 % {speed.low:.2f} to {speed.high:.2f})", round(speed.ratio, 3), "x", 1
            ),
        ]
    return rows


def _short(difference: float) -> float:
    return float(f"{difference:.2g}")


def main(arguments: list[str]) -> int:
    plan = Plan.model_validate_json(Path(arguments[0]).read_text())
    config, tolerance = read_export_config(), Tolerance(1e-5, 1e-5)
    results: dict[str, tuple[Result, Result]] = {}
    for architecture in (MINILM, *ARCHITECTURES):
        name = architecture.model_type
        model = plan.folder / "models" / name
        shutil.rmtree(model, ignore_errors=True)
        doing(f"{name}: making the model")
        write_minilm(plan.base, model) if architecture is MINILM else architecture.write(model)
        one, other = (
            export(exporter, architecture, model, plan.folder / "onnx" / f"{name}-{at}", config, tolerance)
            for at, exporter in enumerate(backends(config, architecture.task))
        )
        results[name] = (one, other)
        says(f"{name}: {_said(one)} against {_said(other)}")
    figures(rows_of(results, plan))
    return 0


def _said(result: Result) -> str:
    if result.refused:
        return f"no ({result.refused})"
    return f"{result.difference:.1e}{'' if result.within else ' beyond the tolerance'} in {result.seconds:.0f} s"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
