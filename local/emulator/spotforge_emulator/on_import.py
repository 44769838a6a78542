"""Runs a patch when MiniStack first loads a module. Loading CloudFormation's 16,000 lines of provisioners takes longer than the
whole rest of the start, and an emulator that only serves as somebody's S3 never needs them."""

import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

_waiting: dict[str, list[Callable[[], None]]] = {}


class _Finder:
    """Stands first in sys.meta_path and lets the others find; wraps the loader of modules that a patch waits for."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in _waiting:
            return None
        patches = _waiting.pop(name)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_patch(module: ModuleType) -> None:
                execute(module)
                # The patches import the module by name, which is in sys.modules by now.
                for patch in patches:
                    patch()

            spec.loader.exec_module = execute_and_patch  # type: ignore[method-assign]
        return spec


_finder: Any = _Finder()


def when_imported(module: str, patch: Callable[[], None]) -> None:
    """Applies `patch` after `module` was loaded: now if it is loaded already."""
    if module in sys.modules:
        patch()
        return
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    _waiting.setdefault(module, []).append(patch)
