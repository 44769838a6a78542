"""Heads of one task, held against cross-entropy over the same seeds and the same test rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from cell_results import CellResult

HEADS = ("cumulative-link", "coral", "corn", "cross-entropy")
BASELINE = "cross-entropy"
INTERVAL_SEED = 13
RESAMPLES = 2_000
CONFIDENCE = 0.95

Errors = npt.NDArray[np.float64]
ErrorsOf = Callable[[CellResult], Errors]
Verdict = Literal["lower", "higher", "not told apart"]


@dataclass(frozen=True)
class Change:
    """Relative change of an MAE, with its 95 % interval."""

    change: float
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        return "lower" if self.high < 0 else "higher" if self.low > 0 else "not told apart"


@dataclass(frozen=True)
class HeadFigures:
    """Of one head over its seeds. `change` is that of the median class's MAE against cross-entropy over the seeds that both have,
    None without any; `score_change` that of the expected score's."""

    head: str
    seeds: tuple[int, ...]
    maes: tuple[float, ...]
    score_mae: float
    exact: float
    change: Change | None
    score_change: Change | None

    @property
    def mae(self) -> float:
        return float(np.mean(self.maes))

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds; 0 with one."""
        return float(np.std(self.maes, ddof=1)) if len(self.maes) > 1 else 0.0

    @property
    def verdict(self) -> Verdict | None:
        return self.change.verdict if self.change else None


@dataclass(frozen=True)
class TaskFigures:
    group: str
    train_rows: int
    test_rows: int
    baseline_mae: float
    heads: tuple[HeadFigures, ...]


def compare(group: str, results: Sequence[CellResult]) -> TaskFigures | None:
    """The heads in a fixed order; None when nothing of the task is kept. ValueError when cells were judged on different rows."""
    cells = [result for result in results if result.group == group]
    if not cells:
        return None
    if any(cell.rows != cells[0].rows or cell.labels != cells[0].labels for cell in cells):
        raise ValueError(f"{group}: the cells were not judged on the same test rows; delete the kept results and run them again")
    by_head = {head: [cell for cell in cells if cell.head == head] for head in HEADS}
    return TaskFigures(
        group=group,
        train_rows=cells[0].train_rows,
        test_rows=len(cells[0].rows),
        baseline_mae=float(np.mean([cell.baseline_mae for cell in cells])),
        heads=tuple(_figures(head, of_head, by_head[BASELINE]) for head, of_head in by_head.items() if of_head),
    )


def _figures(head: str, cells: Sequence[CellResult], baseline: Sequence[CellResult]) -> HeadFigures:
    return HeadFigures(
        head=head,
        seeds=tuple(cell.seed for cell in cells),
        maes=tuple(cell.mae for cell in cells),
        score_mae=float(np.mean([score_errors(cell).mean() for cell in cells])),
        exact=float(np.mean([np.equal(cell.predicted, cell.labels).mean() for cell in cells])),
        change=None if head == BASELINE else change_against(baseline, cells, class_errors),
        score_change=None if head == BASELINE else change_against(baseline, cells, score_errors),
    )


def class_errors(cell: CellResult) -> Errors:
    return np.abs(np.subtract(cell.predicted, cell.labels, dtype=np.float64))


def score_errors(cell: CellResult) -> Errors:
    return np.abs(np.subtract(cell.scores, cell.labels, dtype=np.float64))


def change_against(baseline: Sequence[CellResult], cells: Sequence[CellResult], of: ErrorsOf) -> Change | None:
    """From cross-entropy's MAE to a head's, over the seeds that both have. None without any."""
    seeds = sorted({cell.seed for cell in cells} & {cell.seed for cell in baseline})
    if not seeds:
        return None
    before, after = ({cell.seed: of(cell) for cell in side} for side in (baseline, cells))
    return paired_change(np.asarray([before[seed] for seed in seeds]), np.asarray([after[seed] for seed in seeds]))


def paired_change(before: Errors, after: Errors) -> Change:
    """Errors in classes, shape (seeds, rows), the same seed and the same row at the same place.

    The interval is that of a paired percentile bootstrap which draws seeds and rows, each anew (the pigeonhole bootstrap, Owen
    2007): another seed and other test rows could both have changed the answer. With one seed it knows of the rows alone.
    """
    seeds, rows = before.shape
    draw = np.random.default_rng(INTERVAL_SEED)
    changes = np.empty(RESAMPLES)
    for at in range(RESAMPLES):
        of_seed, of_row = draw.integers(seeds, size=seeds), draw.integers(rows, size=rows)
        was, now = (errors[:, of_row].mean(axis=1)[of_seed].mean() for errors in (before, after))
        changes[at] = now / was - 1
    low, high = np.quantile(changes, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Change(float(after.mean() / before.mean() - 1), float(low), float(high))
