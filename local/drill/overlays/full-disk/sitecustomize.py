"""From the step DRILL_AT_STEP on the container's disk is full: whoever opens a file of it for writing hears ENOSPC."""

import builtins
import errno
import io
import os
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent))
import planting

really_open = io.open


def refuse(file: Any, mode: str = "r", *positional: Any, **named: Any) -> Any:
    if set(mode) & set("wax+") and not isinstance(file, int) and not str(file).startswith("/dev/"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
    return really_open(file, mode, *positional, **named)


def fill() -> None:
    builtins.open = refuse
    io.open = refuse


if planting.is_child():
    planting.at_step(planting.setting("AT_STEP"), fill)
