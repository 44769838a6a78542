"""One table says what an error means; one function sees what an exception is."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from spotforge_runtime import errors
from spotforge_runtime.attempt import AttemptIdentity
from spotforge_runtime.contracts import names
from spotforge_runtime.contracts.models import StageFailed
from spotforge_runtime.death import explain_death
from spotforge_runtime.results import failure_document

AT = AttemptIdentity("exp_00000000000000000000000000", 1, "train", 1)


class OutOfMemoryError(RuntimeError):
    """Like torch's."""


def test_the_table_agrees_with_the_contract() -> None:
    table = {kind.__name__: (row.name, row.exit_code) for kind, row in errors.OUTCOMES.items()}
    assert table == {
        "InvalidInput": ("Stage.InvalidInput", 64),
        "Diverged": ("Stage.Diverged", 65),
        "GateRejected": ("Stage.GateRejected", 66),
        "OutOfMemory": ("Stage.OutOfMemory", 67),
        "Infrastructure": ("Stage.Infrastructure", 74),
        "Interrupted": ("Stage.Interrupted", 75),
        "ContractBroken": ("Stage.ContractBroken", 1),
        "StageError": ("Stage.Failed", 1),
    }
    assert all(name in names.STAGE_ERRORS for name, _ in table.values())


def test_a_subclass_means_what_its_parent_means() -> None:
    class TooManyRows(errors.InvalidInput):
        pass

    assert errors.outcome_of(TooManyRows("x")).exit_code == 64


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), errors.OutOfMemory),
        (OutOfMemoryError("x"), errors.OutOfMemory),
        (RuntimeError("CUDA error: out of memory"), errors.OutOfMemory),
        (OSError(errno.ENOSPC, "No space left on device"), errors.Infrastructure),
        (OSError(errno.EDQUOT, "quota"), errors.Infrastructure),
        (Exception("Error while serializing: IoError(Os { code: 28, message: No space left on device"), errors.Infrastructure),
        (RuntimeError("[enforce fail at inline_container.cc:671] . unexpected pos 704 vs 598"), errors.Infrastructure),
        (OSError(errno.ENOENT, "nothing"), errors.StageError),
        (ValueError("x"), errors.StageError),
        (errors.Diverged("x"), errors.Diverged),
    ],
)
def test_exceptions_are_seen_for_what_they_mean(error: BaseException, expected: type[errors.StageError]) -> None:
    assert type(errors.as_stage_error(error)) is expected


def test_a_report_that_is_too_long_is_shortened_to_the_contract() -> None:
    error = errors.GateRejected("m" * 3000, where="w" * 900, remedy="r" * 2000)
    document = failure_document(AT, error)
    StageFailed.model_validate(document)
    report: dict[str, Any] = document["error"]
    assert (len(report["message"]), len(report["where"]), len(report["remedy"])) == (2000, 500, 1000)
    assert document["outcome"] == "rejected"


@pytest.mark.parametrize(
    ("code", "out_of_memory", "asked", "name", "exit_code", "says"),
    [
        (0, False, False, "Stage.ContractBroken", 1, "wrote no result"),
        (137, True, False, "Stage.OutOfMemory", 67, "memory was full"),
        (137, False, False, "Stage.Interrupted", 137, "killed by SIGKILL"),
        (143, False, False, "Stage.Interrupted", 143, "killed by SIGTERM"),
        (139, False, False, "Stage.Failed", 139, "killed by SIGSEGV"),
        (139, False, True, "Stage.Interrupted", 139, "killed by SIGSEGV"),
        (65, False, False, "Stage.Diverged", 65, "exit code 65"),
        (3, False, False, "Stage.Failed", 3, "exit code 3"),
        (255, False, False, "Stage.Failed", 255, "signal 127"),
    ],
)
def test_a_death_without_a_word_is_explained(
    code: int, out_of_memory: bool, asked: bool, name: str, exit_code: int, says: str
) -> None:
    death = explain_death(code, out_of_memory=out_of_memory, asked_to_end=asked)
    assert (death.name, death.exit_code) == (name, exit_code)
    assert says in death.error.message
