"""The work of the train stage: data and base model in, a stock ordinal classifier and its figures out."""

import logging
from pathlib import Path

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from spotforge_runtime.checkpoints import CheckpointStore, RestoredCheckpoint
from spotforge_runtime.context import StageContext
from spotforge_runtime.contracts.models import TrainSummary
from spotforge_runtime.inputs import StageInputs
from spotforge_runtime.ordinal_decoding import Head, expected_score, mean_absolute_error, median_label, predicted_class
from transformers import TrainerState, set_seed
from transformers.trainer import TRAINER_STATE_NAME
from transformers.utils import logging as transformers_logging

from spotforge_training.base_model import attach_head, fold_head, head_of, load_base_model
from spotforge_training.checkpoint_cadence import LARGEST_BLOCKED_SHARE, LONGEST_INTERVAL_SECONDS
from spotforge_training.checkpointing import Checkpointing, CheckpointReport, Conditions, compare_conditions, conditions_of
from spotforge_training.class_weights import balanced_weights
from spotforge_training.curves_svg import curves_svg
from spotforge_training.device_use import DeviceUse
from spotforge_training.divergence import DivergenceGuard, DivergenceWatch, uninformed_loss
from spotforge_training.early_stopping import BestWeights, best_of, is_over
from spotforge_training.epoch_evaluation import EpochEvaluation
from spotforge_training.examples import Examples
from spotforge_training.frozen_layers import freeze_lower_layers
from spotforge_training.modality import CONTENT_COLUMNS, modality_of
from spotforge_training.model_folder import WEIGHTS, save_stock_model
from spotforge_training.ordinal_regression_trainer import OrdinalRegressionTrainer
from spotforge_training.parity_trend_snapshots import ParityTrendSnapshots
from spotforge_training.phase_times import PhaseTimes
from spotforge_training.ranks import join_ranks
from spotforge_training.split_tables import SplitTable, choose_rows, read_split
from spotforge_training.training_metrics import json_lines, mean_loss_since, metric_lines
from spotforge_training.training_progress import TrainingProgress
from spotforge_training.training_recipe import TrainingRecipe, recipe_of, training_arguments
from spotforge_training.work_meter import WorkMeter

logger = logging.getLogger(__name__)


def work(context: StageContext) -> TrainSummary | None:
    """Trains, evaluates once on test, and publishes. Of several processes only the first publishes, and has a summary.

    Raises:
        InvalidInput: the base model cannot carry an ordinal head, or the spec does not fit it.
        Diverged: the loss ran away.
        Interrupted: the host is taken away; a checkpoint is committed.
        ContractBroken: the splits or the checkpoint are not what they must be.
    """
    spec = context.spec.train
    recipe = recipe_of(spec, context.micro_batch_divisor, context.environment.processes)
    ranks = join_ranks(context.environment)
    classes = len(context.spec.dataset.labels.values)
    times = PhaseTimes()
    make_reproducible(recipe)

    with times.phase("read"):
        context.progress.report(message="reading data and base model")
        base, splits = ranks.by_first(lambda: fetch(context.inputs))
        column = CONTENT_COLUMNS[context.spec.task]
        whole, validation, test = (read_split(split, classes, column) for split in splits)
        train = choose_rows(whole, spec.max_rows, recipe.seed)

    with times.phase("load"):
        modality = modality_of(context.spec.task, base, recipe.max_length)
        # What decides when training ends, and which weights are kept, is worth all rows.
        sample = choose_rows(validation, None if recipe.patience else ROWS_BETWEEN_EPOCHS, recipe.seed)
        examples, validation_examples, test_examples = (modality.examples(split) for split in (train, validation, test))
        sample_examples = validation_examples if sample is validation else modality.examples(sample)
        class_counts = np.bincount(train.labels, minlength=classes).tolist()
        model = load_base_model(base, classes, context.spec.task, recipe.head)
        attach_head(model, class_counts, recipe.head)
        freeze_lower_layers(model, recipe.frozen_layers)

    steps = recipe.steps(len(train))
    store = CheckpointStore(context)
    conditions = conditions_of(recipe, len(train), device_name())
    restored = ranks.by_first(lambda: restore(store, context.scratch / "restored", conditions))
    evaluated = (recipe.epochs - 1) * len(sample) + len(validation) + len(test)
    meter = WorkMeter(training_rows=recipe.epochs * len(train), evaluated_rows=evaluated)
    guard = DivergenceGuard(DivergenceWatch(uninformed_loss(class_counts)), ranks)
    best = BestWeights(recipe.patience)
    if restored:
        best.load(restored.folder)
    device_use = DeviceUse()
    snapshots = ParityTrendSnapshots(context, steps=steps, fold=fold_head, first=ranks.first)
    checkpointing = Checkpointing(
        store,
        context.interruption,
        conditions=conditions,
        longest_interval=spec.checkpoint_every_seconds,
        resumed_from_step=restored.step if restored else None,
        also=best.save,
        ranks=ranks,
    )
    progress = TrainingProgress(context.progress, meter, training_rows=len(train), epochs=recipe.epochs, loss=lambda: guard.loss)

    def figures(split: SplitTable, of: Examples, name: str) -> tuple[NDArray[np.float32], dict[str, float]]:
        """Logits of a split and its loss and MAE. May be interrupted between two batches."""

        def after_batch(rows: int) -> None:
            progress.evaluated_rows(name, rows, len(split))
            checkpointing.between_batches(trainer)

        with times.phase(name):
            logits = trainer.logits_of(of, after_batch)
        return logits, trainer.figures_of(logits, split.labels)

    def validate(state: TrainerState, split: SplitTable, of: Examples) -> bool:
        """Whether training is over."""
        _, measured = figures(split, of, "validation")
        progress.metrics |= {"validationLoss": measured["loss"], "validationMae": measured["mae"], **device_use.metrics}
        state.log_history.append(
            {
                "step": state.global_step,
                "epoch": state.epoch or 0.0,
                "eval_loss": measured["loss"],
                "eval_mae": measured["mae"],
                "cutpoints": head_of(model)[1].thresholds(),  # type: ignore[dict-item] # the Trainer keeps and restores any JSON
            }
        )
        return best.evaluated(state, model)

    trainer = OrdinalRegressionTrainer(
        model=model,
        args=training_arguments(recipe, steps, context.scratch / "checkpoints"),
        train_examples=examples,
        collate=modality.collate,
        guard=guard,
        callbacks=[
            EpochEvaluation(lambda state: validate(state, sample, sample_examples)),
            device_use,
            progress,
            checkpointing,
            snapshots,
        ],
        head=recipe.head,
        class_weights=balanced_weights(class_counts) if recipe.class_weights == "balanced" else None,
        layerwise_decay=recipe.layerwise_decay,
        ranks=ranks,
    )
    if not ranks.first:
        set_seed(recipe.seed + ranks.index)  # the weights began alike in all processes; dropout falls differently in each
    with times.phase("train", without="validation"):
        train_or_go_on(trainer, restored, recipe.patience)
    trained_steps = trainer.state.global_step - (restored.step if restored else 0)
    stopped_early = trainer.state.global_step < steps

    if not stopped_early:  # else the epoch that decided has been evaluated, on all rows
        validate(trainer.state, validation, validation_examples)
    best.put_back(model)
    kept = kept_evaluation(trainer.state, best)
    test_logits, tested = figures(test, test_examples, "test")
    ranks.leave()
    if not ranks.first:
        return None
    baseline = mean_absolute_error(np.full(len(test), median_label(train.labels), dtype=np.int32), test.labels)

    with times.phase("publish"):
        context.progress.report(message="publishing", metrics={"mae": tested["mae"], "baselineMae": baseline})
        lines = metric_lines(trainer.state.log_history)
        folder = context.scratch / "model"
        cutpoints = save_stock_model(model, modality, folder)
        stored = {file.name: context.outputs.write(f"model/{file.name}", file) for file in sorted(folder.iterdir())}
        context.outputs.write_json("cutpoints.json", {"schemaVersion": 1, "cutpoints": cutpoints})
        context.outputs.write_bytes("metrics.jsonl", json_lines(lines).encode())
        title = f"{context.spec.name}: MAE {tested['mae']:.3f} on test, median class {baseline:.3f}"
        context.outputs.write_bytes("curves.svg", curves_svg(lines, title=title, baseline_mae=baseline).encode())
        predictions = context.scratch / "predictions.parquet"
        write_predictions(predictions, test, test_logits, recipe.head)
        context.outputs.write("predictions.parquet", predictions)
        snapshots.publish(int(kept["step"]))
        store.wait()
    logger.info("Seconds by phase: %s", times.seconds)
    cost, use = checkpointing.report, device_use.figures
    log_checkpoints(cost, store.committed, spec.checkpoint_every_seconds)

    return TrainSummary(
        mae=tested["mae"],
        baseline_mae=baseline,
        validation_mae=kept["eval_mae"],
        validation_loss=kept["eval_loss"],
        train_loss=mean_loss_since(lines, trainer.state.global_step - steps // recipe.epochs),
        rows=len(train),
        steps=steps,
        epochs=recipe.epochs,
        samples_per_second=trained_steps * recipe.batch_size / times.seconds["train"] if trained_steps else 0.0,
        parameters=model.num_parameters(),
        device=device_name(),
        stopped_early=stopped_early,
        best_step=int(kept["step"]),
        peak_memory_bytes=use.peak_memory_bytes,
        peak_gpu_memory_bytes=use.peak_gpu_memory_bytes,
        gpu_utilization=use.gpu_utilization,
        training_seconds=round(cost.training_seconds, 3),
        checkpoints=store.committed,
        checkpoint_blocked_seconds=round(cost.blocked_seconds, 3),
        checkpoint_blocked_share=round(cost.blocked_share, 5),
        checkpoint_interval_seconds=round(cost.interval_seconds, 3),
        checkpoints_forced=cost.forced,
        torn_checkpoints=store.torn,
        resumed_from_step=restored.step if restored else None,
        model_sha256=stored[WEIGHTS].sha256,
    )


SPLITS = ("train", "validation", "test")


def fetch(inputs: StageInputs) -> tuple[Path, list[Path]]:
    """The folder of the base model, and the files of the splits."""
    return inputs.download_folder("ingest", "base-model/"), [inputs.download("prepare", f"{name}.parquet") for name in SPLITS]


# Between epochs the curve needs a trend, not a result: MAE to about 0.04 classes. All rows are evaluated at the end.
ROWS_BETWEEN_EPOCHS = 512


def make_reproducible(recipe: TrainingRecipe) -> None:
    """Thread count from the spec, every random state from its seed, and deterministic kernels wherever torch has one."""
    torch.set_num_threads(recipe.threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    # It comes with the above and would fill every fresh tensor with NaN, a guard against bugs that costs time in each step.
    setattr(torch.utils.deterministic, "fill_uninitialized_memory", False)  # noqa: B010 - the stubs do not know it
    set_seed(recipe.seed)
    # It would tell that the head is new and ought to be trained, which is what happens next.
    transformers_logging.set_verbosity_error()


def restore(store: CheckpointStore, to: Path, conditions: Conditions) -> RestoredCheckpoint | None:
    """The newest checkpoint, if there is one that this attempt may continue."""
    restored = store.newest(to)
    if restored is not None:
        logger.info("Going on from step %d, run %d, attempt %d.", restored.step, restored.run, restored.attempt)
        for difference in compare_conditions(restored.folder, conditions):
            logger.warning("Since the checkpoint: %s.", difference)
    return restored


def train_or_go_on(trainer: OrdinalRegressionTrainer, restored: RestoredCheckpoint | None, patience: int) -> None:
    """Trains, from the checkpoint on if there is one. A run that had stopped early stays stopped."""
    if restored is not None and patience:
        state = TrainerState.load_from_json(str(restored.folder / TRAINER_STATE_NAME))
        if is_over(state.log_history, patience):
            trainer.state = state
            return
    trainer.train(resume_from_checkpoint=str(restored.folder) if restored else None)


def kept_evaluation(state: TrainerState, best: BestWeights) -> dict[str, float]:
    """The line of the evaluation whose weights are kept: the best one's when training may stop early, else the last one's."""
    lines = [line for line in state.log_history if "eval_mae" in line]
    found = best_of(lines) if best.wanted else None
    return next(line for line in reversed(lines) if found is None or line["step"] == found[0])


def log_checkpoints(cost: CheckpointReport, committed: int, chosen_interval: float | None) -> None:
    """What checkpoints cost, and why when that was more than they may."""
    logger.info(
        "%d checkpoints blocked training for %.2f s of %.1f s (%.2f %%), at most %.0f s apart.",
        committed,
        cost.blocked_seconds,
        cost.training_seconds,
        100 * cost.blocked_share,
        cost.interval_seconds,
    )
    if cost.forced:
        logger.warning(
            "%d checkpoints raised that above %g %%: never more than %g s may lie between two.",
            cost.forced,
            100 * LARGEST_BLOCKED_SHARE,
            chosen_interval or LONGEST_INTERVAL_SECONDS,
        )


def device_name() -> str:
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def write_predictions(file: Path, test: SplitTable, logits: NDArray[np.float32], head: Head) -> None:
    """One line a test row, in the order of the split: row, label, predicted, expected_score."""
    columns = {
        "row": test.rows,
        "label": test.labels,
        "predicted": predicted_class(logits, head).astype(np.int32),
        "expected_score": expected_score(logits, head),
    }
    pl.DataFrame(columns).write_parquet(file)
