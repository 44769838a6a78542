"""Holds what is installed against the lock."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from spotforge_runtime.errors import StageError

NAMED_AT_MOST = 5


def check_versions(lock: Path) -> str:
    """Every package that `lock` asks for on this machine must be installed in the locked version."""
    if not lock.is_file():
        raise StageError(
            f"There is no lock at {lock}.", remedy="Name it: --lock FILE (requirements/containers.txt of the checkout)."
        )
    locked = dict(locked_here(lock.read_text()))
    wrong = [
        f"{name} is {found or 'not installed'}, locked is {wanted}"
        for name, wanted in sorted(locked.items())
        if (found := _installed(name)) != wanted
    ]
    if wrong or not locked:
        more = f", and {len(wrong) - NAMED_AT_MOST} more" if len(wrong) > NAMED_AT_MOST else ""
        what = "; ".join(wrong[:NAMED_AT_MOST]) + more if wrong else f"{lock} names no package"
        raise StageError(f"{what}.", remedy="Install from the lock again, or build the image again.")
    return f"{len(locked)} packages as locked, on Python {platform.python_version()}, {platform.machine()}"


def locked_here(lock: str) -> Iterator[tuple[str, str]]:
    """Name and version of each line of a lock that applies on this machine: the others are for other platforms or Pythons."""
    from packaging.requirements import Requirement

    for line in lock.splitlines():
        if not line[:1].isalnum():  # a comment, or a hash of the line before
            continue
        requirement = Requirement(line.rstrip("\\ "))
        if requirement.marker is None or requirement.marker.evaluate():
            yield requirement.name, next(iter(requirement.specifier)).version


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
