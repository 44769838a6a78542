"""Every way in which a stage can fail, and the one table from error to name and exit code."""

# ruff: noqa: N818 - a failure is named as the contract names it: Stage.InvalidInput is InvalidInput

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass

from spotforge_runtime.contracts import names


class StageError(Exception):
    """A failure that its reader can act on: what happened, where, and what to do.

    `diagnostics` are URIs of documents that say more (for example a report with every refused row)."""

    def __init__(
        self, message: str, *, where: str | None = None, remedy: str | None = None, diagnostics: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy
        self.diagnostics = tuple(diagnostics)


class InvalidInput(StageError):
    """The user's data or spec cannot be used as it is."""


class Diverged(StageError):
    """Training ran away: the loss is not a number or grew without bound."""


class GateRejected(StageError):
    """The model works but is not good enough for a gate of the spec."""


class OutOfMemory(StageError):
    """The device or the machine had too little memory for this batch size."""


class Infrastructure(StageError):
    """Disk full, or storage or bus refused for longer than patience lasts."""


class Interrupted(StageError):
    """The host is taken away. What had to be kept is kept."""


class ContractBroken(StageError):
    """A stage or its surroundings broke the contract between stages: a defect, not the user's doing."""


@dataclass(frozen=True)
class Outcome:
    name: str
    exit_code: int
    outcome: str = "failed"


OUTCOMES: dict[type[StageError], Outcome] = {
    InvalidInput: Outcome("Stage.InvalidInput", names.EXIT_INVALID_INPUT),
    Diverged: Outcome("Stage.Diverged", names.EXIT_DIVERGED),
    GateRejected: Outcome("Stage.GateRejected", names.EXIT_GATE_REJECTED, "rejected"),
    OutOfMemory: Outcome("Stage.OutOfMemory", names.EXIT_OUT_OF_MEMORY),
    Infrastructure: Outcome("Stage.Infrastructure", names.EXIT_INFRASTRUCTURE),
    Interrupted: Outcome("Stage.Interrupted", names.EXIT_INTERRUPTED),
    ContractBroken: Outcome("Stage.ContractBroken", 1),
    StageError: Outcome("Stage.Failed", 1),
}


def outcome_of(error: StageError) -> Outcome:
    """The table's row for an error; a subclass that has none of its own takes its parent's."""
    return next(OUTCOMES[kind] for kind in type(error).__mro__ if kind in OUTCOMES)


def name_of_exit_code(code: int) -> str:
    """The error name behind an exit code of a stage; `Stage.Failed` for a code that says nothing."""
    known = {outcome.exit_code: outcome.name for outcome in OUTCOMES.values() if outcome.exit_code != 1}
    if code in (128 + 9, 128 + 15):
        return "Stage.Interrupted"
    return known.get(code, "Stage.Failed")


def as_stage_error(error: BaseException) -> StageError:
    """Sees what an exception means. Knows CUDA's and the disk's errors by name and text, so that torch need not be imported."""
    if isinstance(error, StageError):
        return error
    text = f"{type(error).__name__}: {error}"
    if _is_out_of_memory(error):
        return OutOfMemory(
            f"The stage ran out of memory. {text}", remedy="It is tried again with half the micro-batch; lower train.batchSize."
        )
    if _is_disk_full(error):
        return Infrastructure(f"The disk is full. {text}", remedy="It is tried again; give the job definition more storage.")
    if _is_write_of_torch(error):
        return Infrastructure(
            f"A file could not be written to the local disk: it is full or broken. {text}",
            remedy="It is tried again; give the job definition more storage.",
        )
    return StageError(f"The stage failed unexpectedly. {text}", remedy="The stage's log has the stack.")


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and "out of memory" in str(error).lower()


def _is_disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return "No space left on device" in str(error) or "os error 28" in str(error)


def _is_write_of_torch(error: BaseException) -> bool:
    """torch's archive writer, which writes in C++, hides why a write failed: it never says ENOSPC."""
    signs = ("PytorchStreamWriter failed writing", "iostream error", "unexpected pos")
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in signs)
