"""INT8 against FP32 on this machine's processor: batches of 1, 8 and 32 drawn from the real rows, on one thread and on those of
the spec, turn by turn."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from spotforge_optimization.drawn_batches import draw_batches, of_round
from spotforge_optimization.encoding import Batch, Examples
from spotforge_optimization.interleaved_timing import Latency, Speedup, time_interleaved
from spotforge_optimization.onnx_session import Logits, OnnxModel, open_model

# About 200 rounds of MiniLM at batch 1 on two cores, 80 at 8 and 30 at 32; with as many threads as the spec's twice over.
SECONDS_BY_BATCH_SIZE = {1: 2.5, 8: 4.0, 32: 6.0}
DECIDING_BATCH_SIZES = (1, 8)  # a request alone, and what a server gathers under load


@dataclass(frozen=True)
class Cell:
    batch: int
    threads: int
    rounds: int
    fp32: Latency
    int8: Latency
    speedup: Speedup

    def as_document(self) -> dict[str, Any]:
        return asdict(self) | {"conclusive": self.speedup.ranked}


@dataclass(frozen=True)
class BenchmarkTimings:
    """`threads` are the spec's; its cells decide what is preferred, the others are told."""

    cells: tuple[Cell, ...]
    threads: int

    def cell(self, batch: int) -> Cell:
        return next(cell for cell in self.cells if cell.batch == batch and cell.threads == self.threads)

    @property
    def undecided(self) -> list[Cell]:
        """Of those that decide: where the rounds do not tell which model is faster."""
        return [cell for batch in DECIDING_BATCH_SIZES if not (cell := self.cell(batch)).speedup.ranked]

    @property
    def conclusive(self) -> bool:
        return not self.undecided

    @property
    def int8_faster(self) -> bool:
        return all(self.cell(batch).speedup.faster for batch in DECIDING_BATCH_SIZES)

    @property
    def says(self) -> str:
        """The speed-ups that decide, with their intervals."""
        return " and ".join(
            f"{speedup.ratio:.2f}× at batch {batch} (95 % interval {speedup.low:.2f} to {speedup.high:.2f})"
            for batch in DECIDING_BATCH_SIZES
            for speedup in [self.cell(batch).speedup]
        )


def time_both(
    fp32_file: Path,
    int8_file: Path,
    examples: Examples,
    *,
    threads: int,
    seed: int,
    before_cell: Callable[[float, str], None] = lambda _share, _says: None,
) -> BenchmarkTimings:
    """`before_cell` gets the share that is done and what comes next."""
    rows = np.arange(len(examples))
    batches = {size: draw_batches(examples, rows, size, seed=seed) for size in SECONDS_BY_BATCH_SIZE}
    plan = [(count, size) for count in sorted({1, threads}) for size in SECONDS_BY_BATCH_SIZE]
    opened: dict[int, dict[str, OnnxModel]] = {}
    cells = []
    for number, (count, size) in enumerate(plan):
        before_cell(number / len(plan), f"timing batch {size} on {count} thread{'s' if count > 1 else ''}, turn by turn")
        if count not in opened:
            opened = {count: {"fp32": open_model(fp32_file, count), "int8": open_model(int8_file, count)}}
        calls = {name: partial(_answer, model, batches[size]) for name, model in opened[count].items()}
        found = time_interleaved(calls, seconds=SECONDS_BY_BATCH_SIZE[size])
        cells.append(Cell(size, count, found.rounds, found.latency("fp32"), found.latency("int8"), found.speedup("int8", "fp32")))
    return BenchmarkTimings(tuple(cells), threads)


def _answer(model: OnnxModel, batches: list[Batch], number: int) -> Logits:
    return model.logits(of_round(batches, number))
