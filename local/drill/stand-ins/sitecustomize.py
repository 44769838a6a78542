"""Stages that a drill is not about take half a second: for an experiment named `until-{stage}` the stages after it are stand-ins,
which store an empty manifest and figures that fit the contract. Everything around them, from queue to result, is as ever.

For the images of the drills' own tier; product code knows nothing of it."""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from pathlib import Path
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
# One of these fits each figure of each summary: numbers, text, digests, URIs, lists, what a bundle prefers, and a verdict.
VALUES: tuple[Any, ...] = (1, "stand-in", "0" * 64, "s3://nowhere/stand-in/", [], "fp32", "failed")


def figures(summary: Any) -> Any:
    """A summary that fits its contract, whatever that asks for: each field gets the first of the values that it takes."""
    from pydantic import ValidationError

    fields: dict[Any, Any] = {}
    for value in VALUES:
        try:
            return summary.model_validate(fields)
        except ValidationError as error:
            fields |= {problem["loc"][0]: value for problem in error.errors()}
    return summary.model_validate(fields)


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
    return figures(getattr(models, f"{stage.capitalize()}Summary"))


def run_next() -> None:
    """Python runs the first sitecustomize of its path only: an image that has one of its own gets it run here."""
    own = Path(__file__).parent.resolve()
    others = [entry for entry in sys.path if Path(entry).resolve() != own]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


run_next()
if "spotforge_runtime.child" in sys.orig_argv:
    sys.meta_path.insert(0, StandIns())  # before what the image's own may have put there
