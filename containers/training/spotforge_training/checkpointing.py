"""When a training run writes a checkpoint, and on what terms it goes on from one."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from spotforge_runtime.checkpoints import CheckpointStore
from spotforge_runtime.errors import ContractBroken
from spotforge_runtime.interruption import Interruption
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from typing_extensions import override

from spotforge_training.training_recipe import TrainingRecipe

CONDITIONS = "conditions.json"
# The Trainer pickles its arguments beside each checkpoint. Nothing reads them back, and a checkpoint should hold no pickles.
PICKLED_ARGUMENTS = "training_args.bin"

Conditions = dict[str, int | float | str]


class Checkpointing(TrainerCallback):
    """Saves every `every_seconds` of wall time, and at once when the attempt is to be interrupted, which it then obeys.

    Wall time and not steps, because what a reclaimed host costs is time, and a step takes 20 ms here and 2 s there.
    """

    def __init__(
        self,
        store: CheckpointStore,
        interruption: Interruption,
        *,
        conditions: Conditions,
        every_seconds: float,
        resumed_from_step: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._interruption = interruption
        self._conditions = conditions
        self._every_seconds = every_seconds
        self._clock = clock
        self._last_time = clock()
        self._last_step = resumed_from_step or 0

    @override
    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._last_time = self._clock()

    @override
    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if self._interruption.requested or self._clock() - self._last_time >= self._every_seconds:
            control.should_log = True  # or the steps since the last line would be in no line after a resume
            control.should_save = True

    @override
    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        folder = Path(str(args.output_dir)) / f"checkpoint-{state.global_step}"
        (folder / PICKLED_ARGUMENTS).unlink(missing_ok=True)
        (folder / CONDITIONS).write_text(json.dumps(self._conditions, indent=2, sort_keys=True))
        self._store.commit(folder, step=state.global_step, epoch=state.epoch or 0.0)
        shutil.rmtree(folder)
        self._last_step = state.global_step
        self._last_time = self._clock()
        if self._interruption.requested:
            self._store.wait()
            raise self._interruption.error()

    def yield_to_interruption(self, trainer: Trainer) -> None:
        """Between two batches of an evaluation: when interrupted, commits what has been trained and raises Interrupted."""
        if not self._interruption.requested:
            return
        if trainer.state.global_step > self._last_step:
            trainer._save_checkpoint(trainer.model, None)
            self.on_save(trainer.args, trainer.state, trainer.control)
        self._store.wait()
        raise self._interruption.error()


def conditions_of(recipe: TrainingRecipe, rows: int, device: str) -> Conditions:
    """What must be equal for a resumed run to end with the weights of an uninterrupted one."""
    return {
        **recipe.describe(),
        "rows": rows,
        "device": device,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


# These are not the user's to hold: the next rung may have another GPU, and memory that ran out asks for smaller micro-batches.
# They change results in the last bits only, so the run goes on and the log says so.
TOLERATED = frozenset({"device", "torch", "transformers", "micro_batch"})


def compare_conditions(checkpoint: Path, now: Conditions) -> list[str]:
    """Differences that are tolerated, each as a sentence.

    Raises:
        ContractBroken: the checkpoint was written under another recipe, thread count or precision. Going on would give
            weights that no uninterrupted run gives, and nobody could tell.
    """
    file = checkpoint / CONDITIONS
    then: Conditions = json.loads(file.read_text()) if file.exists() else {}
    different = [name for name in sorted(now) if then.get(name) != now[name]]
    refused = [f"{name} was {then.get(name)!r} and is {now[name]!r}" for name in different if name not in TOLERATED]
    if refused:
        raise ContractBroken(
            f"The checkpoint cannot be continued under other conditions: {'; '.join(refused)}.",
            where="train",
            remedy="Resume with what the checkpoint was written with, or submit a new experiment.",
        )
    return [f"{name} was {then.get(name)}, is {now[name]}" for name in different]
