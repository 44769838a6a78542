"""The train stage, shared by several processes, with a second one that runs out of memory at the third step."""

from __future__ import annotations

from typing import Any

from spotforge_runtime.context import StageContext
from spotforge_runtime.contracts.models import TrainSummary
from spotforge_runtime.parent import run_stage

FAILS_AT = 3


def work(context: StageContext) -> TrainSummary | None:
    from spotforge_training import training_run
    from spotforge_training.checkpointing import Checkpointing

    class FailingCheckpointing(Checkpointing):
        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step == FAILS_AT and context.environment.rank == 1:
                raise MemoryError("4 GiB")

    setattr(training_run, "Checkpointing", FailingCheckpointing)  # noqa: B010
    return training_run.work(context)


if __name__ == "__main__":
    run_stage("containers.training.failing_run")
