"""The same rows through the program that will serve the model, held to the same gate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotforge_optimization.encoding import Examples, Ids, length_batches
from spotforge_optimization.parity_check import ParityOutcome, check_parity
from spotforge_optimization.parity_outputs import Arrays
from spotforge_optimization.parity_runtimes import CommandRuntime, answers_to
from spotforge_optimization.tolerance import Tolerance

# Each batch is a process that opens the model, which costs more than padding does; of more rows the attention of long texts
# would take gigabytes.
BATCH_ROWS = 128
# What the summary of another runtime needs; the tables of differences are those of the first comparison.
REPORTED = ("passed", "problem", "rows", "names", "shapes", "outputs", "problems", "maxAbs", "maxRatio", "mismatches")


@dataclass(frozen=True)
class InferenceServer:
    """`spotforge-inference answer`, which scores arrays by the code that serves."""

    program: Path

    def runtime(self, model: Path, threads: int) -> CommandRuntime:
        return CommandRuntime([str(self.program), "answer", "--model", str(model), "--threads", str(threads)])

    def __str__(self) -> str:
        return self.program.name


def served_parity(
    server: InferenceServer,
    *,
    model: Path,
    inputs: Sequence[str],
    threads: int,
    examples: Examples,
    rows: Ids,
    reference: Arrays,
    tolerance: Tolerance,
    after_batch: Callable[[int], None] = lambda _done: None,
) -> ParityOutcome:
    """`inputs` are the names that the model asks for; `reference` are PyTorch's outputs of all rows. StageError when the program
    does not answer."""

    def batch_of(batch: Ids) -> Arrays:
        given = examples.batch(batch)
        return {name: given[name] for name in inputs}

    batches = list(length_batches(examples.lengths, BATCH_ROWS))
    measured = answers_to(server.runtime(model, threads), batch_of, batches, after_batch)
    outcome = check_parity(reference=reference, measured=measured, lengths=examples.lengths, rows=rows, tolerance=tolerance)
    report: dict[str, Any] = {"runtime": str(server)}
    report |= {name: outcome.report[name] for name in REPORTED if name in outcome.report}
    return ParityOutcome(outcome.passed, outcome.says, report)
