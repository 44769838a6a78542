"""Progress and interruption of a stage, at one place: who reports a step also learns that it is time to stop."""

from typing import TYPE_CHECKING

from spotforge_runtime.errors import Interrupted

if TYPE_CHECKING:
    from spotforge_runtime.context import StageContext


class Pace:
    """Steps of a stage that knows how many it has. Raises Interrupted, at a step, once the stage was asked to stop."""

    def __init__(self, context: "StageContext", total_steps: int) -> None:
        self._context = context
        self._total = max(1, total_steps)

    def at(self, step: int, message: str, **metrics: float) -> None:
        if self._context.interruption.requested:
            raise Interrupted(
                f"asked to stop at: {message}", where=f"step {step} of {self._total}", remedy="the stage starts again from its inputs"
            )
        self._context.progress.report(step=min(step, self._total), total_steps=self._total, message=message, metrics=metrics)
