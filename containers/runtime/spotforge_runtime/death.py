"""What it means when the child ended without a result."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from spotforge_runtime.errors import ContractBroken, Interrupted, OutOfMemory, StageError, name_of_exit_code, outcome_of

_LOG = "The stage's log and stacks.txt say more."


@dataclass(frozen=True)
class Death:
    name: str
    exit_code: int
    error: StageError


def explain_death(code: int, *, out_of_memory: bool, asked_to_end: bool) -> Death:
    """Name, exit code and message for a child that ended with `code` (128 + n: killed by signal n) and wrote no result.

    Out of memory only when the kernel said so; a SIGKILL by itself is taken for the end of the host."""
    if code == 0:
        return _by_table(ContractBroken("The stage ended with exit code 0 but wrote no result.", remedy=_LOG))
    if out_of_memory:
        message = "The stage was killed because the machine's memory was full."
        return _by_table(OutOfMemory(message, remedy="It is tried again with half the micro-batch; lower train.batchSize."))
    how = f"was killed by {_signal_name(code)}" if code > 128 else f"ended with exit code {code}"
    message = f"The stage's process {how} before it wrote a result."
    if asked_to_end or name_of_exit_code(code) == "Stage.Interrupted":
        return Death("Stage.Interrupted", code, Interrupted(message, remedy="It is tried again on another host."))
    return Death(name_of_exit_code(code), code, StageError(message, remedy=_LOG))


def _by_table(error: StageError) -> Death:
    outcome = outcome_of(error)
    return Death(outcome.name, outcome.exit_code, error)


def _signal_name(code: int) -> str:
    try:
        return signal.Signals(code - 128).name
    except ValueError:
        return f"signal {code - 128}"
