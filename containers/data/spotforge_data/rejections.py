"""Every row that is not used, with its reason: all of them in a file, the first of each reason at hand."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from spotforge_data.row_rules import LONGEST_DETAIL

FILE_NAME = "rejected-rows.csv"
EXAMPLES = 100


@dataclass
class Rejected:
    """How often a reason was met, with the first rows that met it."""

    count: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list)


class Rejections:
    """Writes `row,reason,detail` to a csv file as reasons are found. Use as a context manager while rows are added: the file is
    whole afterwards."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.by_reason: dict[str, Rejected] = {}

    def __enter__(self) -> Rejections:
        self._file = self.path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(("row", "reason", "detail"))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def add(self, row: int, reason: str, detail: str) -> None:
        """Notes one row. Reasons keep the order in which they were first met; rows of a reason come in their order."""
        detail = detail[:LONGEST_DETAIL]
        self._writer.writerow((row, reason, detail))
        rejected = self.by_reason.setdefault(reason, Rejected())
        rejected.count += 1
        if len(rejected.examples) < EXAMPLES:
            rejected.examples.append((row, detail))

    def flush(self) -> Path:
        """Brings the file up to date; returns where it lies."""
        if not self._file.closed:
            self._file.flush()
        return self.path

    @property
    def count(self) -> int:
        """Of all rejected rows."""
        return sum(rejected.count for rejected in self.by_reason.values())

    def sorted(self) -> list[tuple[str, Rejected]]:
        """Reasons by name."""
        return sorted(self.by_reason.items())
