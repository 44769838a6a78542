"""Every process started by MiniStack, so that none outlives the emulator."""

import contextlib
import os
import signal
import subprocess
import time
import weakref
from typing import Any

# How this process is set up is not the business of a Lambda, which sees what AWS's runtime would show it.
PRIVATE_VARIABLES = frozenset(
    {
        "AUTH",
        "BIND_HOST",
        "DOCKER_HOST",
        "GATEWAY_PORT",
        "IOT_MTLS_ENABLED",
        "LAMBDA_EXECUTOR",
        "LOG_LEVEL",
        "MINISTACK_HOST",
        "MINISTACK_REGION",
        "PERSIST_STATE",
        "PYTHONPATH",
        "S3_DATA_DIR",
        "S3_PERSIST",
        "SFTP_ENABLED",
        "STATE_DIR",
    }
)

_children: "weakref.WeakSet[subprocess.Popen[Any]]" = weakref.WeakSet()
_Popen = subprocess.Popen


class TrackedProcess(_Popen):  # type: ignore[type-arg]
    """A process in a group of its own: Ctrl-C reaches the emulator alone, which then ends the whole group."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        options.setdefault("start_new_session", True)
        if options.get("env"):
            options["env"] = {name: value for name, value in options["env"].items() if name not in PRIVATE_VARIABLES}
        super().__init__(*arguments, **options)
        _children.add(self)


def track_children() -> None:
    """From here on every subprocess of this process is tracked."""
    subprocess.Popen = TrackedProcess  # type: ignore[misc]


def end_children(grace_seconds: float = 1.0) -> None:
    """SIGTERM to each group, SIGKILL to those that are still there after the grace."""
    living = [child for child in list(_children) if child.poll() is None]
    for child in living:
        _signal_group(child, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and any(child.poll() is None for child in living):
        time.sleep(0.02)
    for child in living:
        _signal_group(child, signal.SIGKILL)


def _signal_group(child: "subprocess.Popen[Any]", number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
