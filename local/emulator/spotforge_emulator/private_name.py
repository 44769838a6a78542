"""The one way in which patches take hold of MiniStack's private names."""

from typing import Any


class MissingPrivateNameError(Exception):
    """MiniStack no longer has a name that a patch replaces: the pinned version was changed without adapting the patch."""


def private(owner: Any, name: str) -> Any:
    """`owner.name`, or a failure that names both."""
    if not hasattr(owner, name):
        where = getattr(owner, "__name__", repr(owner))
        raise MissingPrivateNameError(f"{where} has no {name!r}: adapt the patch to this version of MiniStack.")
    return getattr(owner, name)


def replace(owner: Any, name: str, value: Any) -> Any:
    """Sets `owner.name` and returns what was there; fails when nothing was."""
    original = private(owner, name)
    setattr(owner, name, value)
    return original


def replace_text(text: str, old: str, new: str) -> str:
    """Replaces one passage of an embedded script; fails unless it occurs exactly once."""
    if text.count(old) != 1:
        raise MissingPrivateNameError(f"The script has the passage {old!r} {text.count(old)} times instead of once.")
    return text.replace(old, new)
