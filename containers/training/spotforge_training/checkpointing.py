"""When a training run writes a checkpoint, and on what terms it goes on from one."""

import json
import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch
import transformers
from spotforge_runtime.checkpoints import CheckpointStore
from spotforge_runtime.errors import ContractBroken
from spotforge_runtime.interruption import Interruption
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from typing_extensions import override

from spotforge_training.checkpoint_cadence import LONGEST_INTERVAL_SECONDS, CheckpointCadence
from spotforge_training.ranks import ALONE, Ranks
from spotforge_training.training_recipe import TrainingRecipe

logger = logging.getLogger(__name__)

CONDITIONS = "conditions.json"
# The Trainer pickles its arguments beside each checkpoint. Nothing reads them back, and a checkpoint should hold no pickles.
PICKLED_ARGUMENTS = "training_args.bin"

Conditions = dict[str, int | float | str]


@dataclass(frozen=True)
class CheckpointReport:
    """What checkpoints cost this attempt. `interval_seconds` is the longest stretch of training without one."""

    training_seconds: float
    blocked_seconds: float
    interval_seconds: float
    forced: int

    @property
    def blocked_share(self) -> float:
        return self.blocked_seconds / self.training_seconds if self.training_seconds > 0 else 0.0


class Checkpointing(TrainerCallback):
    """Saves when the cadence says so, and at once when the attempt is to be interrupted, which it then obeys.

    From the start of training on, an interruption waits for the step in progress and its checkpoint; before, there is
    nothing to save. By wall time and not by steps, because what a reclaimed host costs is time, and a step takes 20 ms
    here and 2 s there.

    Of several processes the first one's clock counts, one that is interrupted interrupts all, and the first commits what
    all have written. None ends before that is done: its end would be taken for a failure.

    `also` writes into each checkpoint what else a resumed run needs.
    """

    def __init__(
        self,
        store: CheckpointStore,
        interruption: Interruption,
        *,
        conditions: Conditions,
        longest_interval: float | None = None,
        resumed_from_step: int | None = None,
        also: Callable[[Path], object] = lambda _: None,
        ranks: Ranks = ALONE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._interruption = interruption
        self._conditions = conditions
        self._also = also
        self._ranks = ranks
        self._cadence = CheckpointCadence(longest_interval or LONGEST_INTERVAL_SECONDS)
        self._clock = clock
        self._started = clock()
        self._ended: float | None = None
        self._asked_at = 0.0
        self._begun_at: float | None = None
        self._last_step = resumed_from_step or 0

    @override
    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._interruption.defer()
        self._interruption.check()
        self._started, self._asked_at = self._clock(), 0.0

    @override
    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if self._due():
            control.should_log = True  # or the steps since the last line would be in no line after a resume
            control.should_save = True

    @override
    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._ranks.wait()  # each has written its random states by then
        if self._ranks.first:
            self._commit(Path(str(args.output_dir)) / f"checkpoint-{state.global_step}", state)
        self._last_step = state.global_step
        self._note_cost()
        if self._ranks.any(self._interruption.requested):
            self._end()

    @override
    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._ended = self._now

    def between_batches(self, trainer: Trainer) -> None:
        """Between two batches of an evaluation: commits what has been trained when that is due, and raises Interrupted when
        interrupted."""
        due = self._due()
        if due and trainer.state.global_step > self._last_step:
            trainer._save_checkpoint(trainer.model, None)
            self.on_save(trainer.args, trainer.state, trainer.control)
        elif self._ranks.any(self._interruption.requested):
            self._end()

    @property
    def report(self) -> CheckpointReport:
        end = self._now if self._ended is None else self._ended
        return CheckpointReport(
            training_seconds=end,
            blocked_seconds=self._cadence.blocked,
            interval_seconds=self._cadence.longest_until(end),
            forced=self._cadence.forced,
        )

    @property
    def _now(self) -> float:
        return self._clock() - self._started

    def _due(self) -> bool:
        now = self._now
        next_chance, self._asked_at = now + (now - self._asked_at), now
        due = self._ranks.first and self._cadence.due(now, next_chance=next_chance, under_way=self._store.under_way())
        if self._ranks.any(due or self._interruption.requested):
            self._begun_at = now
            return True
        return False

    def _commit(self, folder: Path, state: TrainerState) -> None:
        (folder / PICKLED_ARGUMENTS).unlink(missing_ok=True)
        self._also(folder)
        (folder / CONDITIONS).write_text(json.dumps(self._conditions, indent=2, sort_keys=True))
        self._store.commit(folder, step=state.global_step, epoch=state.epoch or 0.0)
        shutil.rmtree(folder)

    def _end(self) -> NoReturn:
        self._store.wait()
        self._ranks.wait()
        raise self._interruption.error()

    def _note_cost(self) -> None:
        """From the decision on: writing the log line, serialising to the local disk, handing over."""
        now = self._now
        begun = now if self._begun_at is None else self._begun_at
        self._cadence = self._cadence.after(begun, now - begun)
        self._begun_at, self._asked_at = None, now
        logger.info("Checkpoint at step %d blocked training for %.3f s.", self._last_step, now - begun)


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

# What checkpoints do not say that were written before there was a choice.
BEFORE_THE_CHOICE: Conditions = {
    "processes": 1,
    "head": "cumulative-link",
    "layerwise_decay": 1.0,
    "class_weights": "none",
    "patience": 0,
}


def conditions_in(checkpoint: Path) -> Conditions:
    """The terms on which a checkpoint was written. OSError or ValueError when it does not say."""
    written: Conditions = json.loads((checkpoint / CONDITIONS).read_text())
    return BEFORE_THE_CHOICE | written


def compare_conditions(checkpoint: Path, now: Conditions) -> list[str]:
    """Differences that are tolerated, each as a sentence.

    Raises:
        ContractBroken: the checkpoint was written under another recipe, thread count or precision. Going on would give
            weights that no uninterrupted run gives, and nobody could tell.
    """
    then = conditions_in(checkpoint) if (checkpoint / CONDITIONS).exists() else {}
    different = [name for name in sorted(now) if then.get(name) != now[name]]
    refused = [f"{name} was {then.get(name)!r} and is {now[name]!r}" for name in different if name not in TOLERATED]
    if refused:
        raise ContractBroken(
            f"The checkpoint cannot be continued under other conditions: {'; '.join(refused)}.",
            where="train",
            remedy="Resume with what the checkpoint was written with, or submit a new experiment.",
        )
    return [f"{name} was {then.get(name)}, is {now[name]}" for name in different]
