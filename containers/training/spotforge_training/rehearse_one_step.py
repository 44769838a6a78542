"""Sees that everything of a checkpoint has arrived when the first step begins, and stops behind that step."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from spotforge_runtime.errors import ContractBroken
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer import safe_globals
from typing_extensions import override

from spotforge_training.model_folder import WEIGHTS

# The Trainer's name for them, and of several processes for those of the first.
RANDOM_STATES = "rng_state.pth"
RANDOM_STATES_OF_FIRST = "rng_state_0.pth"


class OneStep(TrainerCallback):
    """`begun` and `ended` are of the monotonic clock; the other figures are known once it is `done`."""

    def __init__(self, checkpoint: Path, step: int, *, loss: Callable[[], float]) -> None:
        self._checkpoint = checkpoint
        self._step = step
        self._loss = loss
        self.begun = 0.0
        self.ended = 0.0
        self.loss = 0.0
        self.learning_rate = 0.0
        self.tensors = 0
        self.done = False

    @override
    def on_step_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._expect(state.global_step == self._step, f"training stands at step {state.global_step}")
        self._expect_random_states()
        self._expect_weights(kwargs["model"])
        self._expect_optimizer(kwargs["optimizer"])
        schedule = kwargs["lr_scheduler"]
        self._expect(schedule.last_epoch == self._step, f"the schedule stands at step {schedule.last_epoch}")
        self.learning_rate = float(schedule.get_last_lr()[0])
        self.begun = time.monotonic()

    @override
    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self.ended = time.monotonic()
        self.loss = float(self._loss())
        self.done = True
        control.should_training_stop = True

    def _expect_weights(self, model: torch.nn.Module) -> None:
        stored, loaded = load_file(self._checkpoint / WEIGHTS), model.state_dict()
        different = sorted(name for name in stored if name not in loaded or not torch.equal(stored[name], loaded[name].cpu()))
        self._expect(not different, f"{len(different)} of {len(stored)} weights are not the stored ones: {different[:5]}")

    def _expect_optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        steps = [optimizer.state[parameter].get("step") for parameter in parameters if parameter in optimizer.state]
        self.tensors = len(steps)
        right = sum(1 for step in steps if step is not None and int(step) == self._step)
        self._expect(right == len(parameters), f"the optimiser has its state for {right} of {len(parameters)} parameters")

    def _expect_random_states(self) -> None:
        with safe_globals():
            stored = torch.load(self._checkpoint / RANDOM_STATES, weights_only=True)
        numpy_state: tuple[Any, ...] = np.random.get_state()  # type: ignore[assignment]
        same = {
            "torch": any(torch.equal(state, torch.random.get_rng_state()) for state in states_at_first_step(stored["cpu"])),
            "python": stored["python"] == random.getstate(),
            "numpy": all(np.array_equal(a, b) for a, b in zip(stored["numpy"], numpy_state, strict=True)),
        }
        other = [name for name, equal in same.items() if not equal]
        self._expect(not other, f"random states are not the stored ones: {', '.join(other)}")

    def _expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise ContractBroken(
                f"The checkpoint of step {self._step} was not restored: {otherwise}.",
                where=f"step {self._step}",
                remedy="A resumed run would not end with the weights of an uninterrupted one: do not deploy this image.",
            )


def states_at_first_step(stored: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """torch's random state as the first step may find it: as stored, or, where that step begins an epoch, after the one
    number that a data loader draws for its workers. An uninterrupted run draws it at the same place."""
    generator = torch.Generator()
    generator.set_state(stored)
    torch.empty((), dtype=torch.int64).random_(generator=generator)
    return stored, generator.get_state()
