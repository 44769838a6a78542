"""Runs the cells of a plan that are not kept yet and writes the report. Started by `npm run evaluate`.

A cell is one run of the train stage by its job's argv, on splits that the data stages prepared. As many run at once as there are
processors for their threads: two trainings of one thread do a third more than one of two.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from cell_results import CellResult, CellStore, cell_hash, read_predictions
from evaluation_report import write_report
from evaluation_tasks import folder_of
from laptop_stages import LaptopStages, StageFailedError, laptop_stages
from prepared_task import PreparedTask, prepare_task
from pydantic import BaseModel, ConfigDict
from spotforge_runtime.hashing import sha256_of_file
from spotforge_runtime.tree_hash import tree_hash
from telling import doing, says

INTERRUPTED = 130
NOTICES_AN_INTERRUPTION_WITHIN = 1.0  # seconds
ROOT = Path(__file__).parents[2]
TRAINING_CODE = ROOT / "containers/training/spotforge_training"


class Cell(BaseModel):
    """`group` is what is compared, `dataset` what is prepared once, `request` an experiment's with its defaults."""

    model_config = ConfigDict(extra="forbid")

    key: str
    group: str
    dataset: str
    request: dict[str, Any]


class Plan(BaseModel):
    """`chosen` are keys of cells to run now; the report tells of all that are kept."""

    model_config = ConfigDict(extra="forbid")

    folder: Path
    report: Path
    cells: list[Cell]
    chosen: list[str]


class KeptHashes:
    """What each data set was when it was last prepared, so that results are found without preparing it again."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._by_dataset: dict[str, dict[str, str]] = json.loads(file.read_text()) if file.exists() else {}

    def of(self, dataset: str) -> dict[str, str]:
        return self._by_dataset.get(dataset, {})

    def keep(self, dataset: str, hashes: dict[str, str]) -> None:
        self._by_dataset[dataset] = hashes
        self._file.write_text(json.dumps(self._by_dataset, indent=2) + "\n")


def run_plan(plan: Plan, stages: LaptopStages) -> list[CellResult]:
    """Every result of the plan that is kept at the end, in the order of the cells."""
    store, hashes = CellStore(plan.folder / "cells"), KeptHashes(plan.folder / "prepared.json")
    prepared: dict[str, PreparedTask] = {}

    def missing() -> list[Cell]:
        return [cell for cell in plan.cells if cell.key in plan.chosen and store.read(_hash(cell, hashes)) is None]

    for dataset, request in {cell.dataset: cell.request for cell in missing()}.items():
        doing(f"{dataset}: making the data")
        files = folder_of(dataset, plan.folder / "data")
        prepared[dataset] = prepare_task(stages, files, request, _named(dataset))
        hashes.keep(dataset, prepared[dataset].hashes)
        says(f"{dataset}: {prepared[dataset].prepare.summary['rows']} rows prepared")
    wanted = missing()
    said = Countdown(len(wanted))
    threads = max((cell.request["train"]["threads"] for cell in wanted), default=1)

    def run(cell: Cell) -> None:
        result = run_cell(stages, prepared[cell.dataset], cell, _named(cell.key))
        store.write(_hash(cell, hashes), result)
        says(f"{cell.key}: MAE {result.mae:.4f}{said.one_less()}")

    pool = ThreadPoolExecutor(max(1, len(os.sched_getaffinity(0)) // threads))
    try:
        left = {pool.submit(run, cell) for cell in wanted}
        while left:  # a wait without an end would not notice a signal that another thread took
            done, left = wait(left, timeout=NOTICES_AN_INTERRUPTION_WITHIN, return_when=FIRST_COMPLETED)
            for each in done:
                each.result()
    except StageFailedError:
        pool.shutdown(cancel_futures=True)  # what is under way is worth keeping
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    kept = (store.read(_hash(cell, hashes)) for cell in plan.cells)
    return [result for result in kept if result is not None]


def _hash(cell: Cell, hashes: KeptHashes) -> str:
    return cell_hash(cell.request, hashes.of(cell.dataset))


class Countdown:
    """How many cells are left, and for about how long."""

    def __init__(self, cells: int) -> None:
        self._left = self._all = cells
        self._started = time.monotonic()

    def one_less(self) -> str:
        self._left -= 1
        if not self._left:
            return ""
        minutes = (time.monotonic() - self._started) / (self._all - self._left) * self._left / 60
        return f"; {self._left} cells left, about {minutes:.0f} min"


def run_cell(stages: LaptopStages, task: PreparedTask, cell: Cell, report: Callable[[str], None]) -> CellResult:
    """One training by the stage's own process."""
    spec = task.experiment(cell.request)
    began = time.monotonic()
    trained = stages.run("train", spec, task.inputs(spec), report)
    seconds = time.monotonic() - began
    with tempfile.TemporaryDirectory(dir=stages.folder) as folder:
        predictions = read_predictions(stages.fetch(trained, "predictions.parquet", Path(folder) / "predictions.parquet"))
    summary = trained.summary
    result = CellResult(
        key=cell.key,
        group=cell.group,
        head=cell.request["train"]["head"],
        seed=cell.request["train"]["seed"],
        train_rows=summary["rows"],
        mae=summary["mae"],
        baseline_mae=summary["baselineMae"],
        seconds=round(seconds, 1),
        samples_per_second=round(summary["samplesPerSecond"], 1),
        epochs=summary["epochs"],
        code=tree_hash({file.name: sha256_of_file(file) for file in TRAINING_CODE.glob("*.py")}),
        **predictions,
    )
    stages.forget(spec["experimentId"])
    return result


def _named(what: str) -> Callable[[str], None]:
    return lambda says_what: doing(f"{what}: {says_what}")


def main(arguments: list[str]) -> int:
    plan = Plan.model_validate_json(Path(arguments[0]).read_text())
    try:
        with laptop_stages(plan.folder / "runs") as stages:
            results = run_plan(plan, stages)
    except StageFailedError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command's sentence
        return 1
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)  # a cell in its thread would wait for an S3 that is gone, and Python for the thread
    says(f"report: {write_report(results, [cell.key for cell in plan.cells], plan.report)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
