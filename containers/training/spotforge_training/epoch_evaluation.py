"""Validation between epochs."""

from collections.abc import Callable
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from typing_extensions import override


class EpochEvaluation(TrainerCallback):
    """Evaluates what an epoch left before the next one begins; the last epoch is evaluated by the stage itself. When the
    evaluation answers True training is over, behind the step that has begun already.

    At the beginning and not at the end, so that a run resumed from a checkpoint of an epoch's very last step evaluates too.
    """

    def __init__(self, evaluate: Callable[[TrainerState], object]) -> None:
        self._evaluate = evaluate
        self._over = False

    @override
    def on_epoch_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        steps_an_epoch = state.max_steps // state.num_train_epochs
        seen = any(line["step"] == state.global_step and "eval_loss" in line for line in state.log_history)
        if state.global_step > 0 and state.global_step % steps_an_epoch == 0 and not seen:
            self._over = self._evaluate(state) is True

    @override
    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if self._over:
            control.should_training_stop = True
