"""The train stage with a host that dies: `work` commits a checkpoint at one step and ends without a word at a later one."""

from __future__ import annotations

import os
from typing import Any

from spotforge_runtime.context import StageContext
from spotforge_runtime.contracts.models import TrainSummary
from spotforge_training import training_run
from spotforge_training.checkpointing import Checkpointing

CHECKPOINT_AT = 27
DIES_AT = 33


class DyingCheckpointing(Checkpointing):
    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        control.should_save = state.global_step == CHECKPOINT_AT
        if state.global_step == DIES_AT:
            self._store.wait()
            os._exit(137)


def work(context: StageContext) -> TrainSummary | None:
    setattr(training_run, "Checkpointing", DyingCheckpointing)  # noqa: B010 - the host, not the stage, decides when to die
    return training_run.work(context)
