"""Imports whatever an entry point may import later, also what it imports only when it comes to it."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

from spotforge_runtime.errors import StageError

OWN_PREFIX = "spotforge_"
# A module of ours that starts somebody else's command names here what that imports.
NAMED_BY_US = "IMPORTED_BY_COMMAND"
OWN_MODULE = re.compile(r"spotforge_[a-z_]+\.[a-z_.]*[a-z_]")


def check_imports(module: str) -> str:
    """Imports the module of an entry point's work and every name that it, or a module of ours below it, imports anywhere."""
    importlib.import_module(module)
    wanted = sorted(imports_of(module))
    if not wanted:
        raise StageError(f"{module} has no source that could be read.", remedy="Run it with the packages that the image holds.")
    missing = [f"{name} from {source}" if name else source for source, name in wanted if not _found(source, name)]
    if missing:
        raise StageError(
            f"Cannot import {', '.join(missing)}.",
            remedy="Build the image again from its lock; `versions` below says what is not as locked.",
        )
    packages = {source.partition(".")[0] for source, _ in wanted}
    return f"{module} and what it may import later: {len(wanted)} names of {len(packages)} packages"


def imports_of(module: str) -> set[tuple[str, str]]:
    """(module, name) for each `from module import name`, (module, "") for each `import module`, of a module of ours and of
    those of ours below it, also of one that is only named because a process is started with it. What only a type checker
    imports does not count."""
    found: set[tuple[str, str]] = set()
    waiting, seen = [module], {module}
    while waiting:
        for source, name in _imports_in(waiting.pop()):
            found.add((source, name))
            for own in (source, f"{source}.{name}"):
                if own.startswith(OWN_PREFIX) and own not in seen and _file_of(own):
                    seen.add(own)
                    waiting.append(own)
    return found


def _imports_in(module: str) -> Iterator[tuple[str, str]]:
    file = _file_of(module)
    waiting: list[ast.AST] = [ast.parse(file.read_text())] if file else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:  # the packages import nothing relatively
            yield from ((node.module, alias.name) for alias in node.names)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == NAMED_BY_US:
            yield from ((imported, "") for imported in ast.literal_eval(node.value))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and OWN_MODULE.fullmatch(node.value):
            yield node.value, ""
        waiting += ast.iter_child_nodes(node)


def _file_of(module: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:  # a name of a module that is no package
        return None
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


def _found(source: str, name: str) -> bool:
    try:
        module = importlib.import_module(source)
        return not name or hasattr(module, name) or importlib.import_module(f"{source}.{name}") is not None
    except ImportError:
        return False
