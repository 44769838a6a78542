"""What a run tells while it works: step, epoch, loss, learning rate, and the figures of each evaluation."""

from collections.abc import Callable
from typing import Any

from spotforge_runtime.progress import Progress
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from typing_extensions import override

from spotforge_training.work_meter import WorkMeter


class TrainingProgress(TrainerCallback):
    """Reports after every step and every evaluated batch; the runtime thins the reports out."""

    def __init__(
        self, reports: Progress, meter: WorkMeter, *, training_rows: int, epochs: int, loss: Callable[[], float]
    ) -> None:
        self._reports = reports
        self._meter = meter
        self._training_rows = training_rows * epochs
        self._epochs = epochs
        self._loss = loss
        self._step = 0
        self._total = 0
        self.metrics: dict[str, float] = {}

    @override
    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._step, self._total = state.global_step, state.max_steps
        if state.global_step > 0:
            self.metrics["resumedFromStep"] = float(state.global_step)
        self._meter.trained(round(self._training_rows * state.global_step / state.max_steps))

    @override
    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._step = state.global_step
        self._meter.trained(round(self._training_rows * state.global_step / state.max_steps))
        self.metrics |= {"loss": self._loss(), "learningRate": kwargs["lr_scheduler"].get_last_lr()[0]}
        # The epoch of the step just done: at its very end `state.epoch` is already the next whole number.
        epoch = min(self._epochs, int((state.global_step - 1) * self._epochs / state.max_steps) + 1)
        self.tell(f"epoch {epoch}/{self._epochs}")

    def evaluated_rows(self, split: str, rows: int, total: int) -> None:
        self._meter.evaluating(rows)
        self.tell(f"{split} {rows:,} of {total:,} rows")
        if rows == total:
            self._meter.evaluated()

    def tell(self, message: str) -> None:
        self._reports.report(
            step=self._step, total_steps=self._total, message=message, metrics=dict(self.metrics), fraction=self._meter.fraction
        )
