"""Our train stage and a stock Trainer script on the same rows, turn by turn. Started by `npm run bench:training`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from evaluation_tasks import folder_of
from laptop_stages import LaptopStages, StageFailedError, laptop_stages
from prepared_task import PreparedTask, prepare_task
from pydantic import BaseModel, ConfigDict
from spotforge_optimization.mae_change import MaeChange, mae_change
from spotforge_runtime.ordinal_decoding import absolute_errors
from telling import doing, figures, says

PEER = Path(__file__).parent / "peers/stock_trainer.py"
LEAST_SPEEDUP = 1.7

Errors = npt.NDArray[np.int64]


class Plan(BaseModel):
    """`request` is an experiment's with its defaults; `rows` of training, the same for both; a pair trains with the seed after
    that of the pair before."""

    model_config = ConfigDict(extra="forbid")

    folder: Path
    pairs: int
    rows: int
    request: dict[str, Any]


@dataclass(frozen=True)
class Run:
    """`errors` are in classes, a test row each, in the order of the split."""

    samples_per_second: float
    errors: Errors


@dataclass(frozen=True)
class Splits:
    base: Path
    train: Path
    test: Path


def run_pairs(plan: Plan, stages: LaptopStages) -> tuple[list[Run], list[Run]]:
    """Ours and the peer's, pair by pair; who goes first alternates."""
    task = prepare_task(stages, folder_of("text", plan.folder / "data"), plan.request, doing)
    splits = fetch_splits(task, plan)
    ours: list[Run] = []
    theirs: list[Run] = []
    for number in range(plan.pairs):
        seed = plan.request["train"]["seed"] + number
        turns = [
            lambda seed=seed: ours.append(our_run(task, splits, plan, seed)),
            lambda seed=seed: theirs.append(peer_run(splits, plan, seed)),
        ]
        for turn in turns if number % 2 == 0 else reversed(turns):
            turn()
        says(
            f"pair {number + 1} of {plan.pairs}: {ours[-1].samples_per_second:.1f} against {theirs[-1].samples_per_second:.1f} "
            f"samples/s, MAE {ours[-1].errors.mean():.4f} against {theirs[-1].errors.mean():.4f}"
        )
    return ours, theirs


def fetch_splits(task: PreparedTask, plan: Plan) -> Splits:
    """The base model, the first `rows` training rows of a seeded draw, and the test rows."""
    folder = plan.folder / "splits"
    base = task.stages.fetch_folder(task.ingest, "base-model/", folder / "base-model")
    whole = task.stages.fetch(task.prepare, "train.parquet", folder / "whole.parquet")
    train = folder / "train.parquet"
    pl.read_parquet(whole).sample(plan.rows, seed=plan.request["train"]["seed"]).sort("row").write_parquet(train)
    return Splits(base, train, task.stages.fetch(task.prepare, "test.parquet", folder / "test.parquet"))


def our_run(task: PreparedTask, splits: Splits, plan: Plan, seed: int) -> Run:
    request = {**plan.request, "train": {**plan.request["train"], "seed": seed}}
    spec = task.experiment(request)
    inputs = task.inputs(spec, {"train.parquet": splits.train})
    trained = task.stages.run("train", spec, inputs, lambda what: doing(f"ours, seed {seed}: {what}"))
    predictions = pl.read_parquet(
        task.stages.fetch(trained, "predictions.parquet", plan.folder / "predictions.parquet"), columns=["predicted", "label"]
    )
    task.stages.forget(spec["experimentId"])
    errors = np.abs(predictions["predicted"].to_numpy().astype(np.int64) - predictions["label"].to_numpy())
    return Run(trained.summary["samplesPerSecond"], errors)


def peer_run(splits: Splits, plan: Plan, seed: int) -> Run:
    """Its answers are decoded by the median class, which serves an MAE better than the argmax that its users take."""
    doing(f"stock Trainer script, seed {seed}")
    train = plan.request["train"]
    result = plan.folder / "peer.json"
    command = [sys.executable, str(PEER), "--base", str(splits.base), "--train", str(splits.train), "--test", str(splits.test)]
    command += ["--scratch", str(plan.folder / "peer"), "--result", str(result)]
    command += ["--classes", str(len(plan.request["dataset"]["labels"]["values"])), "--epochs", str(train["epochs"])]
    command += ["--batch-size", str(train["batchSize"]), "--max-length", str(train["maxLength"])]
    command += ["--seed", str(seed), "--threads", str(train["threads"])]
    variables = {**os.environ, "OMP_NUM_THREADS": str(train["threads"]), "TRANSFORMERS_OFFLINE": "1"}
    subprocess.run(command, check=True, env=variables, stdout=sys.stderr)
    answer = json.loads(result.read_text())
    errors = absolute_errors(np.asarray(answer["logits"]), np.asarray(answer["labels"]), "cross-entropy")
    return Run(answer["samplesPerSecond"], errors)


def rows_of(ours: Sequence[Run], theirs: Sequence[Run], frozen_layers: int) -> list[dict[str, Any]]:
    """Samples a second by the median of the pairs' ratios; MAE over all pairs, a test row's error being its mean over them."""
    ratio = float(np.median([one.samples_per_second / other.samples_per_second for one, other in zip(ours, theirs, strict=True)]))
    change = mae_difference(ours, theirs)
    says(
        f"MAE changes by {change.change:+.2%} against the stock script (95 % interval {change.low:+.2%} to {change.high:+.2%}, "
        f"{change.rows} test rows, {len(ours)} pairs)"
    )
    row = {"subject": f"train stage ({frozen_layers} layers frozen)", "peer": "stock Trainer script"}
    return [
        {
            **row,
            "metric": "samples/s against the peer",
            "value": round(ratio, 3),
            "unit": "x",
            "target": LEAST_SPEEDUP,
            "pass": ratio >= LEAST_SPEEDUP,
        },
        {
            **row,
            "metric": "test MAE, lower or its interval against the peer holds 0",
            "value": round(change.int8_mae, 4),
            "unit": "classes",
            "target": round(change.fp32_mae, 4),
            "pass": change.change < 0 or change.low <= 0 <= change.high,
        },
    ]


def mae_difference(ours: Sequence[Run], theirs: Sequence[Run]) -> MaeChange:
    """From the peer's to ours."""
    peer, mine = (np.mean([run.errors for run in runs], axis=0) for runs in (theirs, ours))
    return mae_change(peer, mine, seed=13)


def main(arguments: list[str]) -> int:
    plan = Plan.model_validate_json(Path(arguments[0]).read_text())
    try:
        with laptop_stages(plan.folder / "runs") as stages:
            figures(rows_of(*run_pairs(plan, stages), plan.request["train"]["frozenLayers"]))
    except StageFailedError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command's sentence
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
