"""What these programs tell the command that started them: a line of JSON each, which it shows to the person."""

import json
import threading
from collections.abc import Sequence
from typing import Any

_whole_lines = threading.Lock()


def _tell(event: dict[str, Any]) -> None:
    with _whole_lines:
        print(json.dumps(event), flush=True)  # noqa: T201 - the pipe to the command


def says(what: str) -> None:
    """Something is done; its line stays."""
    _tell({"says": what})


def doing(what: str) -> None:
    """Something is under way; its line gives way to the next."""
    _tell({"doing": what})


def figures(rows: Sequence[dict[str, Any]]) -> None:
    """What was measured, in rows of the command's own kind."""
    _tell({"figures": list(rows)})
