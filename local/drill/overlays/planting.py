"""What the overlays share: in which process they may act, and when.

An overlay is a folder that the local Batch puts first on the PYTHONPATH of one attempt: its `sitecustomize.py` is the first thing
that every Python process of the container runs. Product code knows nothing of it."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any


def is_child() -> bool:
    """True in the process that does a stage's work, and in none that it or its parent starts."""
    return "spotforge_runtime.child" in sys.orig_argv


def is_parent() -> bool:
    """True in a container's main process, `python -m spotforge_<image>.<stage>`."""
    return "-m" in sys.orig_argv and sys.orig_argv[-1].endswith(f".{os.environ.get('STAGE')}")


def setting(name: str) -> float:
    """A number that came with the overlay."""
    return float(os.environ[f"DRILL_{name}"])


def after_import(name: str, act: Callable[[Any], None]) -> None:
    """Calls `act` with a module as soon as it has been imported, before anybody else has it."""
    sys.meta_path.insert(0, _AfterImport(name, act))


class _AfterImport(importlib.abc.MetaPathFinder):
    def __init__(self, name: str, act: Callable[[Any], None]) -> None:
        self._name = name
        self._act = act

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        sys.meta_path.remove(self)  # for the next overlay that waits for the same module
        spec = importlib.util.find_spec(fullname) if path is None else _find(fullname, path, target)
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def load_and_act(module: ModuleType) -> None:
            load(module)
            self._act(module)

        spec.loader.exec_module = load_and_act  # type: ignore[method-assign]
        return spec


def _find(name: str, path: Sequence[str], target: ModuleType | None) -> importlib.machinery.ModuleSpec | None:
    for finder in sys.meta_path:
        spec = finder.find_spec(name, path, target)
        if spec is not None:
            return spec
    return None


def at_step(step: float, act: Callable[[], None]) -> None:
    """Calls `act` once, in the thread that works, when the stage reports this step or a later one."""

    def watch(module: Any) -> None:
        report = module.Progress.report
        done: list[bool] = []

        def report_and_act(progress: Any, *positional: Any, **named: Any) -> None:
            report(progress, *positional, **named)
            at = named.get("step")
            if at is not None and at >= step and not done:
                done.append(True)
                act()

        module.Progress.report = report_and_act

    after_import("spotforge_runtime.progress", watch)


def kill_container() -> None:
    """SIGKILL to the process group, which is what a container that dies is here: nobody in it can do anything any more."""
    os.killpg(0, signal.SIGKILL)
