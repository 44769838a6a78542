"""Keeps the weights of a few steps, so that the parity stage can tell how its difference grew with training."""

import copy
import logging
import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from spotforge_runtime.context import StageContext
from spotforge_runtime.contracts import names
from spotforge_runtime.contracts.models import WeightSnapshot, WeightSnapshots
from spotforge_runtime.errors import StageError
from transformers import PreTrainedModel, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from typing_extensions import override

logger = logging.getLogger(__name__)

DOCUMENT = "weight-snapshots.json"
WEIGHTS = "model.safetensors"
# Of all steps; the last one is the model itself.
FRACTIONS = (0.0, 0.25, 0.5)
# A trend is worth a second of training, not the upload of gigabytes: two hundred million parameters in float32.
LARGEST_BYTES = 800_000_000


class ParityTrendSnapshots(TrainerCallback):
    """Saves the folded model at the beginning, after a quarter and after half of the steps.

    Snapshots lie beside the checkpoints and expire with them. They are uploaded meanwhile, by the first process only. Nothing
    of a training depends on them: one that cannot be stored is left out, and the document says so. A resumed training finds
    those of the attempts before it.
    """

    def __init__(
        self, context: StageContext, *, steps: int, fold: Callable[[PreTrainedModel], object], first: bool = True
    ) -> None:
        self._context = context
        self._fold = fold
        self._wanted = sorted({int(steps * fraction) for fraction in FRACTIONS}) if first else []
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="snapshot")
        self._pending: list[tuple[int, Future[None]]] = []
        self._notes: list[str] = []

    @override
    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: Any = None, **kwargs: Any
    ) -> None:
        self._keep_when_wanted(state.global_step, model)

    @override
    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: Any = None, **kwargs: Any
    ) -> None:
        self._keep_when_wanted(state.global_step, model)

    def publish(self, last_step: int) -> None:
        """Waits for what is being uploaded and writes the document of all that there are before `last_step`."""
        for step, pending in self._pending:
            try:
                pending.result()
            except StageError as error:
                logger.warning("The weights of step %d were not kept: %s", step, error.message)
                self._notes.append(f"The weights of step {step} could not be stored.")
        document = WeightSnapshots(
            schema_version=names.SCHEMA_VERSION,
            last_step=last_step,
            snapshots=[snapshot for snapshot in self._stored() if snapshot.step < last_step],
            notes=self._notes,
        )
        self._context.outputs.write_json(DOCUMENT, document)

    def _keep_when_wanted(self, step: int, model: PreTrainedModel) -> None:
        if step not in self._wanted:
            return
        self._wanted.remove(step)
        size = sum(parameter.numel() * 4 for parameter in model.parameters())
        if size > LARGEST_BYTES:
            self._wanted.clear()
            self._notes.append(f"A model of {size / 1e6:.0f} MB of weights is too large to keep them on the way.")
            return
        folded = copy.deepcopy(model)
        self._fold(folded)
        folder = self._context.scratch / "weight-snapshots" / str(step)
        folded.float().save_pretrained(folder, safe_serialization=True, max_shard_size="1TB")
        self._pending.append((step, self._pool.submit(self._upload, step)))

    def _upload(self, step: int) -> None:
        at = self._context.attempt
        folder = self._context.scratch / "weight-snapshots" / str(step)
        key = f"{self._prefix}{step}-r{at.run}-{at.attempt}.safetensors"
        self._context.storage.upload(folder / WEIGHTS, self._bucket, key)
        shutil.rmtree(folder)

    def _stored(self) -> list[WeightSnapshot]:
        """The newest attempt's of each step."""
        try:
            found = {item.key: item.bytes for item in self._context.storage.list(self._bucket, self._prefix)}
        except StageError as error:
            logger.warning("Snapshots of the weights were not listed: %s", error.message)
            return []
        newest: dict[int, tuple[tuple[int, int], WeightSnapshot]] = {}
        for key, size in found.items():
            step, run, attempt = (int(part.lstrip("r")) for part in key.removeprefix(self._prefix).partition(".")[0].split("-"))
            head = self._context.storage.head(self._bucket, key)
            if head is None or head.sha256 is None or (step in newest and newest[step][0] > (run, attempt)):
                continue
            snapshot = WeightSnapshot(step=step, bucket=self._bucket, key=key, bytes=size, sha256=head.sha256)
            newest[step] = ((run, attempt), snapshot)
        return [newest[step][1] for step in sorted(newest)]

    @property
    def _bucket(self) -> str:
        return self._context.environment.checkpoints_bucket

    @property
    def _prefix(self) -> str:
        return names.KEY_WEIGHT_SNAPSHOTS.format(experiment_id=self._context.attempt.experiment_id)
