"""Restore: does training go on from the newest checkpoint? By the same store, recipe and trainer as a resumed run.

Nobody's data is read: the one step is done on made-up rows of the shape that the recipe has."""

import dataclasses
import shutil
import time
from pathlib import Path

from spotforge_runtime.checkpoints import CheckpointName, CheckpointStore, RestoredCheckpoint
from spotforge_runtime.contracts import names
from spotforge_runtime.contracts.models import RehearsalFigures, RestoreFigures
from spotforge_runtime.errors import ContractBroken, InvalidInput
from spotforge_runtime.rehearsal import RehearsalContext
from transformers import AutoConfig, PreTrainedModel

from spotforge_training.base_model import AUTO_CLASSES, attach_head
from spotforge_training.checkpointing import CONDITIONS, compare_conditions, conditions_in, conditions_of
from spotforge_training.divergence import DivergenceGuard, DivergenceWatch, uninformed_loss
from spotforge_training.frozen_layers import freeze_lower_layers
from spotforge_training.ordinal_regression_trainer import OrdinalRegressionTrainer
from spotforge_training.rehearse_one_step import RANDOM_STATES, RANDOM_STATES_OF_FIRST, OneStep
from spotforge_training.rehearse_rows import MadeUpPictures, MadeUpRows
from spotforge_training.training_recipe import TrainingRecipe, recipe_of, training_arguments
from spotforge_training.training_run import device_name, make_reproducible


def work(context: RehearsalContext) -> RehearsalFigures:
    """Verifies and downloads the checkpoint, loads all of it, and does the step after it.

    Raises:
        InvalidInput: no checkpoint of the experiment is whole.
        ContractBroken: something of the checkpoint did not arrive in the trainer.
        Diverged: the step gave no finite loss.
    """
    experiment_id = context.environment.given(names.ENV_EXPERIMENT_ID)
    stage = context.as_stage(experiment_id, "train")
    store = CheckpointStore(stage)
    started = time.monotonic()
    restored = store.newest(context.scratch / "restored")
    downloaded = time.monotonic()
    if restored is None:
        raise InvalidInput(
            f"No checkpoint of {experiment_id} is whole; passed over: {'; '.join(store.torn) or 'none'}.",
            where=experiment_id,
            remedy="It may have expired or been superseded meanwhile: rehearse again.",
        )
    rows, processes = shape_of(restored.folder)
    recipe = recipe_of(stage.spec.train, stage.micro_batch_divisor, processes)
    differences = compare_conditions(restored.folder, conditions_of(recipe, rows, device_name()))
    files = [path for path in restored.folder.rglob("*") if path.is_file()]

    make_reproducible(recipe)
    classes = len(stage.spec.dataset.labels.values)
    model = empty_model(restored.folder, classes, stage.spec.task, recipe)
    step = do_one_step(model, restored, recipe, rows, classes, context.scratch / "trainer")
    return RehearsalFigures(
        restore=RestoreFigures(
            experiment_id=experiment_id,
            checkpoint=CheckpointName(restored.step, restored.run, restored.attempt).directory,
            step=restored.step,
            files=len(files),
            bytes=sum(path.stat().st_size for path in files),
            tensors=step.tensors,
            learning_rate=step.learning_rate,
            loss=step.loss,
            torn_checkpoints=store.torn,
            differences=differences,
            download_seconds=round(downloaded - started, 3),
            restore_seconds=round(step.begun - downloaded, 3),
            step_seconds=round(step.ended - step.begun, 3),
        )
    )


def shape_of(checkpoint: Path) -> tuple[int, int]:
    """On how many rows and by how many processes the run trains: they decide where in its data the checkpoint stands.
    ContractBroken when unknown."""
    try:
        conditions = conditions_in(checkpoint)
        return int(conditions["rows"]), int(conditions["processes"])
    except (OSError, ValueError, KeyError) as error:
        raise ContractBroken(
            f"The checkpoint does not say on how many rows, by how many processes it was trained: {error!r}.", where=CONDITIONS
        ) from error


def empty_model(checkpoint: Path, classes: int, task: str, recipe: TrainingRecipe) -> PreTrainedModel:
    """The architecture that the checkpoint names, under an ordinal head, with weights that mean nothing yet."""
    config = AutoConfig.from_pretrained(checkpoint, local_files_only=True, trust_remote_code=False)
    model: PreTrainedModel = AUTO_CLASSES[task].from_config(config, trust_remote_code=False)
    attach_head(model, [1] * classes, recipe.head)
    freeze_lower_layers(model, recipe.frozen_layers)
    return model


def made_up_examples(model: PreTrainedModel, rows: int, recipe: TrainingRecipe, classes: int) -> MadeUpRows | MadeUpPictures:
    """In the shape of the model's own data: ids of its vocabulary, or pictures of its size."""
    if hasattr(model.config, "vocab_size"):
        return MadeUpRows(rows, recipe.max_length, vocabulary=int(model.config.vocab_size), classes=classes)
    return MadeUpPictures(rows, int(model.config.image_size), classes=classes)


def do_one_step(
    model: PreTrainedModel, restored: RestoredCheckpoint, recipe: TrainingRecipe, rows: int, classes: int, folder: Path
) -> OneStep:
    """Resumes as a training does and stops behind the first step. A run that was at its end is given one more epoch.

    One process does the step of all of them, as the first: by its random states, in micro-batches of its size."""
    done = restored.step >= recipe.steps(rows)
    going_on = dataclasses.replace(recipe, epochs=recipe.epochs + done, processes=1)
    of_first = restored.folder / RANDOM_STATES_OF_FIRST
    if of_first.exists():
        shutil.copyfile(of_first, restored.folder / RANDOM_STATES)
    rows = recipe.rows_an_epoch(rows)
    examples = made_up_examples(model, rows, recipe, classes)
    guard = DivergenceGuard(DivergenceWatch(uninformed_loss([1] * classes)))
    one_step = OneStep(restored.folder, restored.step, loss=lambda: guard.loss)
    trainer = OrdinalRegressionTrainer(
        model=model,
        args=training_arguments(going_on, going_on.steps(rows), folder),
        train_examples=examples,
        collate=examples.collate,
        guard=guard,
        callbacks=[one_step],
        head=recipe.head,
        layerwise_decay=recipe.layerwise_decay,
    )
    trainer.train(resume_from_checkpoint=str(restored.folder))
    if not one_step.done:
        raise ContractBroken(f"The trainer did no step after step {restored.step}.", where=restored.folder.name)
    return one_step
