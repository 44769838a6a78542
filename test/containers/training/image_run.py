"""A tiny vision transformer through the trainer and the checkpoint code of the train stage."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import torch
from containers.training.killed_runs import SteppedCheckpointing
from spotforge_runtime.checkpoints import CheckpointStore
from spotforge_runtime.context import StageContext
from spotforge_training.base_model import attach_head
from spotforge_training.checkpointing import conditions_of
from spotforge_training.divergence import DivergenceGuard, DivergenceWatch, uninformed_loss
from spotforge_training.epoch_evaluation import EpochEvaluation
from spotforge_training.examples import Example
from spotforge_training.ordinal_regression_trainer import OrdinalRegressionTrainer
from spotforge_training.training_recipe import recipe_of, training_arguments
from spotforge_training.training_run import make_reproducible, restore
from torch import Tensor
from torch.utils.data import Dataset
from transformers import ViTConfig, ViTForImageClassification

CLASSES = 5
SIZE = 32


class PixelExamples(Dataset[Example]):
    """Noise that is the brighter, the higher the class. Images do not differ in what they cost."""

    def __init__(self, count: int, seed: int) -> None:
        draw = np.random.default_rng(seed)
        self.labels = draw.integers(0, CLASSES, count)
        noise = draw.normal(0, 1, (count, 3, SIZE, SIZE))
        self._pixels = torch.from_numpy((noise + 0.5 * self.labels[:, None, None, None]).astype(np.float32))
        self.lengths = [1] * count

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> Example:
        return {"pixel_values": self._pixels[index], "labels": int(self.labels[index])}


def stack(examples: list[Example]) -> dict[str, Tensor]:
    return {
        "pixel_values": torch.stack([example["pixel_values"] for example in examples]),
        "labels": torch.tensor([example["labels"] for example in examples]),
    }


def work(context: StageContext) -> dict[str, Any]:
    spec = context.spec.train
    recipe = recipe_of(spec, context.micro_batch_divisor)
    make_reproducible(recipe)
    train, validation = PixelExamples(spec.max_rows or 320, seed=1), PixelExamples(64, seed=2)
    configuration = ViTConfig(
        image_size=SIZE,
        patch_size=8,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        hidden_dropout_prob=0.1,
        num_labels=CLASSES - 1,
    )
    model = ViTForImageClassification(configuration)
    counts = np.bincount(train.labels, minlength=CLASSES).tolist()
    attach_head(model, counts)

    store = CheckpointStore(context)
    conditions = conditions_of(recipe, len(train), "cpu")
    restored = restore(store, context.scratch / "restored", conditions)
    steps = recipe.epochs * len(train) // recipe.batch_size

    def validate(state: Any) -> None:
        labels = validation.labels.astype(np.int32)
        figures = trainer.figures_of(trainer.logits_of(validation, lambda _: checkpointing.between_batches(trainer)), labels)
        state.log_history.append({"step": state.global_step, "epoch": state.epoch, "eval_loss": figures["loss"]})

    checkpointing = SteppedCheckpointing(
        store, context.interruption, conditions=conditions, resumed_from_step=restored.step if restored else None
    )
    trainer = OrdinalRegressionTrainer(
        model=model,
        args=training_arguments(recipe, steps, context.scratch / "checkpoints"),
        train_examples=train,
        collate=stack,
        guard=DivergenceGuard(DivergenceWatch(uninformed_loss(counts))),
        callbacks=[EpochEvaluation(validate), checkpointing],
    )
    trainer.train(resume_from_checkpoint=str(restored.folder) if restored else None)
    store.wait()

    weights = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        weights.update(name.encode() + tensor.numpy().tobytes())
    return {
        "modelSha256": weights.hexdigest(),
        "resumedFromStep": restored.step if restored else None,
        "tornCheckpoints": store.torn,
        "mae": trainer.figures_of(trainer.logits_of(validation), validation.labels.astype(np.int32))["mae"],
    }
