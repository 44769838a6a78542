"""When a training run writes a checkpoint, and how it goes on from one."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import torch
import transformers
from spotforge_runtime.errors import Interrupted, InvalidInput
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from spotforge_training.training_recipe import TrainingRecipe

CONDITIONS = "conditions.json"
# The Trainer pickles its arguments beside each checkpoint. Nothing reads them back, and a checkpoint should hold no pickled objects.
PICKLED_ARGUMENTS = "training_args.bin"


class Commits(Protocol):
    """The part of the runtime's CheckpointStore that a run writes through."""

    def commit(self, folder: Path, *, step: int, epoch: float) -> None: ...


class Checkpointing(TrainerCallback):  # type: ignore[misc, unused-ignore]
    """Saves every `every_seconds` of wall time, and at once when the attempt is to be interrupted, which it then obeys.

    Wall time and not steps, because what a reclaimed machine costs is time, and a step takes 20 ms here and 2 s there.
    """

    def __init__(
        self,
        store: Commits,
        *,
        conditions: dict[str, int | float | str],
        every_seconds: float,
        interrupted: Callable[[], bool],
        resumed_from_step: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._conditions = conditions
        self._every_seconds = every_seconds
        self._interrupted = interrupted
        self._clock = clock
        self._last_time = clock()
        self._last_step = resumed_from_step or 0
        self.committed = 0

    def on_train_begin(self, _args: TrainingArguments, _state: TrainerState, _control: TrainerControl, **_: object) -> None:
        self._last_time = self._clock()

    def on_step_end(self, _args: TrainingArguments, _state: TrainerState, control: TrainerControl, **_: object) -> TrainerControl:
        if self._interrupted() or self._clock() - self._last_time >= self._every_seconds:
            control.should_log = True  # or the steps since the last line would be in no line after a resume
            control.should_save = True
        return control

    def on_save(self, args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: object) -> None:
        folder = Path(str(args.output_dir)) / f"checkpoint-{state.global_step}"
        (folder / PICKLED_ARGUMENTS).unlink(missing_ok=True)
        (folder / CONDITIONS).write_text(json.dumps(self._conditions, indent=2, sort_keys=True))
        self._store.commit(folder, step=state.global_step, epoch=state.epoch or 0.0)
        shutil.rmtree(folder)
        self.committed += 1
        self._last_step = state.global_step
        self._last_time = self._clock()
        if self._interrupted():
            raise _interrupted(state.global_step)

    def yield_to_interruption(self, trainer: Trainer) -> None:
        """Between two batches of an evaluation: when interrupted, commits what has been trained and raises Interrupted."""
        if not self._interrupted():
            return
        if trainer.state.global_step > self._last_step:
            trainer._save_checkpoint(trainer.model, None)
            self.on_save(trainer.args, trainer.state, trainer.control)
        raise _interrupted(self._last_step)


def conditions_of(recipe: TrainingRecipe, rows: int, device: str) -> dict[str, int | float | str]:
    """What must be equal for a resumed run to end with the weights of an uninterrupted one."""
    return {
        **{name: value for name, value in recipe.describe().items() if name != "micro_batch"},
        "rows": rows,
        "device": device,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


# These change results in their last bits only and are not the user's choice: a run goes on, and says so.
TOLERATED = frozenset({"device", "torch", "transformers"})


def compare_conditions(checkpoint: Path, now: dict[str, int | float | str]) -> list[str]:
    """Differences that are tolerated, each as a sentence.

    Raises:
        InvalidInput: the checkpoint was written under another recipe, thread count or precision. Going on would give weights
            that no uninterrupted run gives, and nobody could tell.
    """
    file = checkpoint / CONDITIONS
    then: dict[str, int | float | str] = json.loads(file.read_text()) if file.exists() else {}
    different = [name for name in sorted(now) if then.get(name) != now[name]]
    refused = [f"{name} was {then.get(name)!r} and is {now[name]!r}" for name in different if name not in TOLERATED]
    if refused:
        raise InvalidInput(
            f"The checkpoint cannot be continued under other conditions: {'; '.join(refused)}.",
            where="train",
            remedy="Resume with the values the checkpoint was written with, or start a new experiment.",
        )
    return [f"{name} was {then.get(name)}, is {now[name]}" for name in different]


def _interrupted(step: int) -> Interrupted:
    return Interrupted(f"Training was interrupted after step {step}; its checkpoint is committed and the next attempt goes on from there.")
