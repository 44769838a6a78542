"""Recognises a run that will not come back, and ends it while the reason is still known."""

import math
from typing import Any

import torch
from spotforge_runtime.errors import Diverged
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from typing_extensions import override

from spotforge_training.ranks import ALONE, Ranks

# The usual bound for fine-tuning encoders (BERT, Devlin et al. 2019, and every recipe since).
LARGEST_GRADIENT_NORM = 1.0
# Ten times worse than knowing nothing, five steps running, is no bad batch; three times worse, thirty steps running, no warm-up.
PATIENCE = ((10.0, 5), (3.0, 30))


class DivergenceWatch:
    """Judges each step's loss against `uninformed`, the loss of answering the class frequencies, where every run starts."""

    def __init__(self, uninformed: float) -> None:
        self._uninformed = uninformed
        self._above = [0 for _ in PATIENCE]

    def judge(self, step: int, loss: float, gradient_norm: float, learning_rate: float) -> None:
        """Raises Diverged when loss or gradient are no longer finite, or the loss stays far above where it started."""
        if not math.isfinite(loss):
            raise _diverged(f"the loss is {loss}", step, learning_rate)
        if not math.isfinite(gradient_norm):
            raise _diverged(f"the gradient's norm is {gradient_norm} at a loss of {loss:.4g}", step, learning_rate)
        for i, (times, steps) in enumerate(PATIENCE):
            self._above[i] = self._above[i] + 1 if loss > times * self._uninformed else 0
            if self._above[i] >= steps:
                reason = (
                    f"the loss is {loss:.4g}, for {steps} steps more than {times:g} times the {self._uninformed:.4g} "
                    "of answering the class frequencies"
                )
                raise _diverged(reason, step, learning_rate)


def _diverged(reason: str, step: int, learning_rate: float) -> Diverged:
    return Diverged(
        f"Training diverged at step {step}: {reason} (learning rate {learning_rate:.3g} at this step).",
        where="train.learningRate",
        remedy="Lower train.learningRate; 5e-5 to 2e-4 suits most encoders.",
    )


class DivergenceGuard(TrainerCallback):
    """Clips the gradient before each optimiser step and has the watch judge the step, so that a NaN never reaches the weights.

    `loss` is the loss of the step in progress, summed over its micro-batches by the trainer, here over the processes. So all
    of them judge alike.
    """

    def __init__(self, watch: DivergenceWatch, ranks: Ranks = ALONE) -> None:
        self._watch = watch
        self._ranks = ranks
        self.loss = 0.0

    @override
    def on_step_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self.loss = 0.0

    @override
    def on_pre_optimizer_step(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        model, optimizer = kwargs["model"], kwargs["optimizer"]
        assert isinstance(model, torch.nn.Module) and isinstance(optimizer, torch.optim.Optimizer)
        self.loss = self._ranks.sum(self.loss)
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), LARGEST_GRADIENT_NORM)
        self._watch.judge(state.global_step + 1, self.loss, float(norm), optimizer.param_groups[0]["lr"])


def uninformed_loss(class_counts: list[int]) -> float:
    """Entropy of the class frequencies in nats: the likelihood loss of the best answer that does not look at the text.

    >>> round(uninformed_loss([10, 10]), 4)
    0.6931
    """
    total = sum(class_counts)
    return -sum(count / total * math.log(count / total) for count in class_counts if count)
