"""Which execution the current thread works for, and under which role."""

import contextvars
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CurrentExecution:
    """`record` is MiniStack's own: its `status` changes when the execution is stopped."""

    arn: str
    machine_arn: str
    role_arn: str
    record: dict[str, Any]

    @property
    def running(self) -> bool:
        return self.record.get("status") == "RUNNING"


_current: contextvars.ContextVar[CurrentExecution | None] = contextvars.ContextVar("spotforge_execution", default=None)


def current_execution() -> CurrentExecution | None:
    """None outside of an execution's threads. Branches and items inherit it: MiniStack copies contexts into their threads."""
    return _current.get()


def enter_execution(execution: CurrentExecution) -> None:
    """For the whole of the calling context."""
    _current.set(execution)
