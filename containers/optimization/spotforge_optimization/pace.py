"""Progress of a stage that knows how many steps it has."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotforge_runtime.context import StageContext


class Pace:
    def __init__(self, context: "StageContext", total_steps: int) -> None:
        self._context = context
        self._total = max(1, total_steps)

    def at(self, step: int, message: str, **metrics: float) -> None:
        """Reports a step with what is being done now. Raises Interrupted once the stage was asked to stop."""
        self._context.interruption.check()
        self._context.progress.report(step=min(step, self._total), total_steps=self._total, message=message, metrics=metrics)
