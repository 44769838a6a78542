"""What a run is trained with: the spec's choices, and the constants that are not the user's to choose, each with its reason."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from spotforge_runtime.contracts.models import TrainSpec
from spotforge_runtime.errors import InvalidInput
from spotforge_runtime.ordinal_decoding import Head
from transformers import TrainingArguments

WARMUP_SHARE = 0.1
WEIGHT_DECAY = 0.01
# Chart points a run should have: enough for a curve, few enough for a run of a million steps.
LOG_LINES = 100
LOG_EVERY_AT_MOST = 50


@dataclass(frozen=True)
class TrainingRecipe:
    """Everything that decides the weights. Stored with each checkpoint: a resumed run must have the same one."""

    epochs: int
    batch_size: int
    micro_batch: int
    learning_rate: float
    max_length: int
    frozen_layers: int
    seed: int
    threads: int
    precision: str
    head: Head
    layerwise_decay: float
    class_weights: str
    patience: int  # epochs without a better validation MAE before training stops; 0: never
    processes: int = 1

    @property
    def accumulation(self) -> int:
        return self.batch_size // (self.processes * self.micro_batch)

    def rows_an_epoch(self, rows: int) -> int:
        """How many of `rows` an epoch trains on: all processes have equally many, so that none waits for another in vain.
        What that leaves over, fewer rows than there are processes, is others each epoch."""
        return rows - rows % self.processes

    def steps(self, rows: int) -> int:
        return self.epochs * math.ceil(self.rows_an_epoch(rows) / self.batch_size)

    def describe(self) -> dict[str, int | float | str]:
        return asdict(self)


def recipe_of(spec: TrainSpec, micro_batch_divisor: int, processes: int = 1) -> TrainingRecipe:
    """The spec's batch is the whole one, however many processes share it. InvalidInput when they cannot share it equally."""
    if spec.batch_size % processes:
        raise InvalidInput(
            f"A batch of {spec.batch_size} rows cannot be shared equally by {processes} processes, one for each GPU.",
            where="train.batchSize",
            remedy=f"Make train.batchSize a multiple of {processes}.",
        )
    return TrainingRecipe(
        epochs=spec.epochs,
        batch_size=spec.batch_size,
        micro_batch=micro_batch(spec.batch_size // processes, micro_batch_divisor),
        learning_rate=spec.learning_rate,
        max_length=spec.max_length,
        frozen_layers=spec.frozen_layers or 0,
        seed=spec.seed,
        threads=spec.threads,
        precision=spec.precision,
        head=spec.head,
        layerwise_decay=spec.layerwise_decay,
        class_weights=spec.class_weights,
        patience=spec.early_stopping.patience if spec.early_stopping else 0,
        processes=processes,
    )


def micro_batch(batch_size: int, divisor: int) -> int:
    """The largest micro-batch of at most batch_size / divisor that accumulates to exactly `batch_size`, a process's share.

    >>> micro_batch(16, 1), micro_batch(16, 2), micro_batch(15, 2), micro_batch(7, 2)
    (16, 8, 5, 1)
    """
    return next(size for size in range(max(1, batch_size // divisor), 0, -1) if batch_size % size == 0)


def training_arguments(recipe: TrainingRecipe, steps: int, folder: Path) -> TrainingArguments:
    """Logging, saving and evaluating are decided by callbacks, clipping by the divergence guard: all off here."""
    cuda = torch.cuda.is_available()
    if recipe.precision == "float16" and not cuda:
        raise InvalidInput(
            "train.precision is float16, which needs a GPU; this host has none.",
            where="train.precision",
            remedy="Choose float32, or a compute profile with GPUs.",
        )
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.micro_batch,
        gradient_accumulation_steps=recipe.accumulation,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type="linear",
        warmup_ratio=WARMUP_SHARE,
        weight_decay=WEIGHT_DECAY,
        max_grad_norm=0.0,
        optim="adamw_torch_fused",  # 308 to 28 ms a step on 12 M parameters, two CPU threads
        seed=recipe.seed,
        data_seed=recipe.seed,
        bf16=recipe.precision == "bfloat16",
        fp16=recipe.precision == "float16",
        use_cpu=not cuda,
        # With it, gradients are summed in the same pieces from the first step on. Without, the pieces are cut anew after the
        # first step, also the first after a resume, and of three processes or more the last bits follow the pieces.
        accelerator_config={"use_configured_state": recipe.processes > 1},  # of `join_ranks`
        ddp_find_unused_parameters=True if recipe.processes > 1 else None,
        dataloader_num_workers=0,
        dataloader_pin_memory=cuda,
        remove_unused_columns=False,
        label_names=["labels"],
        logging_strategy="steps",
        logging_steps=max(1, min(LOG_EVERY_AT_MOST, steps // LOG_LINES)),
        logging_nan_inf_filter=False,  # it would replace a NaN by the average and hide that the run has diverged
        save_strategy="no",
        eval_strategy="no",
        save_total_limit=None,
        report_to=[],
        disable_tqdm=True,
    )
