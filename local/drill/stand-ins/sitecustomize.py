"""Stages that a drill is not about take half a second: for an experiment named `until-{stage}` the stages after it are stand-ins,
which store an empty manifest and figures that fit the contract. Everything around them, from queue to result, is as ever.

For the images of the drills' own tier; product code knows nothing of it."""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from types import ModuleType
from typing import Any

MODULES = {
    "train": "spotforge_training.training_run",
    "export": "spotforge_optimization.export_run",
    "parity": "spotforge_optimization.parity_run",
    "quantize": "spotforge_optimization.quantize_run",
    "benchmark": "spotforge_optimization.benchmark_run",
    "bundle": "spotforge_optimization.bundle_run",
}
NAME = "until-"
SHA256 = "0" * 64


def figures(experiment_id: str) -> dict[str, dict[str, Any]]:
    times = ("fp32LatencyMsBatch1", "int8LatencyMsBatch1", "fp32LatencyMsBatch8", "int8LatencyMsBatch8")
    changes = ("maeChange", "maeChangeLow", "maeChangeHigh", "meanAbsScoreDelta")
    return {
        "train": dict.fromkeys(
            ("mae", "baselineMae", "validationMae", "validationLoss", "trainLoss", "rows", "steps", "epochs", "samplesPerSecond"),
            1,
        )
        | {"parameters": 1, "device": "stand-in", "checkpoints": 0, "resumedFromStep": None, "modelSha256": SHA256},
        "export": {"opset": 1, "bytes": 0, "sha256": SHA256, "inputs": [], "outputs": []},
        "parity": {"rows": 0, "elements": 0, "mismatches": 0, "maxAbs": 0, "maxRatio": 0},
        "quantize": {
            "recipe": "stand-in",
            "calibrationRows": 0,
            "quantizedOperators": 0,
            "bytes": 0,
            "fp32Bytes": 0,
            "validationMeanAbsScoreDelta": 0,
        },
        "benchmark": {"cpuModel": "stand-in", "instructionSets": [], "threads": 1, "rows": 0, "onnxruntime": "stand-in"}
        | dict.fromkeys(("speedupBatch1", "speedupBatch8", "fp32Mae", "int8Mae", *times), 1)
        | dict.fromkeys(changes, 0),
        "bundle": {
            "bundleUri": f"s3://nowhere/{experiment_id}/",
            "bundleSha256": SHA256,
            "version": 1,
            "bytes": 0,
            "preferred": "fp32",
        },
    }


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules that do the stages' work; each is imported only once the experiment's name asks for the real one."""

    def find_spec(self, name: str, _path: Any, _target: Any = None) -> Any:
        return importlib.machinery.ModuleSpec(name, self) if name in MODULES.values() else None

    def create_module(self, _spec: Any) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        stage = os.environ["STAGE"]

        def work(context: Any) -> Any:
            name = context.spec.name
            last = name.removeprefix(NAME)
            stages = list(MODULES)
            if name.startswith(NAME) and stages.index(stage) > (stages.index(last) if last in stages else -1):
                return stand_in(stage, context)
            sys.meta_path.remove(self)
            del sys.modules[module.__name__]
            return importlib.import_module(module.__name__).work(context)

        module.__dict__["work"] = work


def stand_in(stage: str, context: Any) -> Any:
    from spotforge_runtime.contracts import models

    context.progress.report(step=1, total_steps=1, message="a stand-in")
    return getattr(models, f"{stage.capitalize()}Summary").model_validate(figures(context.attempt.experiment_id)[stage])


def run_next() -> None:
    """Python runs the first sitecustomize of its path only: an image that has one of its own gets it run here."""
    own = os.path.dirname(__file__)  # noqa: PTH120 - pathlib would be imported in every process
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", [entry for entry in sys.path if entry != own])
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if "spotforge_runtime.child" in sys.orig_argv:
    sys.meta_path.insert(0, StandIns())
run_next()
