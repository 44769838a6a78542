"""What preparing a dataset has found out so far, and the report that says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from spotforge_runtime.contracts import names

from spotforge_data.rejections import Rejections
from spotforge_data.row_facts import RowFacts
from spotforge_data.splitting import SPLITS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from spotforge_runtime.contracts.models import PrepareReport

EXAMPLES_PER_REASON = 5


@dataclass
class Findings:
    """Grows as the work goes on. `split` (index into SPLITS), `left_out` and `calibration` (bool) are arrays over the rows that
    passed, `pairs` and `leaks` (n, 2) places of near duplicates among them, a leak's original before its copy; `unlisted` are
    the files that no row names. None is what is not known yet."""

    rejections: Rejections
    rows_read: int = 0
    facts: RowFacts = field(default_factory=lambda: RowFacts.joined([]))
    split: npt.NDArray[np.uint8] | None = None
    left_out: npt.NDArray[np.bool_] | None = None
    calibration: npt.NDArray[np.bool_] | None = None
    pairs: npt.NDArray[np.uint32] | None = None
    leaks: npt.NDArray[np.uint32] | None = None
    unlisted: Sequence[str] = ()

    def kept(self) -> npt.NDArray[np.bool_]:
        """Which of the rows that passed are learned from: all but copies of rows in another split."""
        import numpy as np

        return np.ones(len(self.facts), bool) if self.left_out is None else ~self.left_out

    def chosen(self, part: str) -> npt.NDArray[np.bool_]:
        """Which of the rows that passed are in a split, or in `calibration`."""
        import numpy as np

        if part == "calibration":
            return np.zeros(len(self.facts), bool) if self.calibration is None else self.calibration
        return np.zeros(len(self.facts), bool) if self.split is None else (self.split == SPLITS.index(part)) & self.kept()

    @property
    def rows_kept(self) -> int:
        return int(self.kept().sum())

    @property
    def groups(self) -> int:
        import numpy as np

        return len(np.unique(self.facts.position[self.kept()]))

    def class_counts(self, part: npt.NDArray[np.bool_], classes: int) -> list[int]:
        """Rows of each class among some of the rows that passed."""
        import numpy as np

        counts: list[int] = np.bincount(self.facts.label[part], minlength=classes).tolist()
        return counts

    def split_counts(self, classes: int) -> list[dict[str, Any]]:
        """Rows and rows of each class of each split and of calibration, as the contracts' SplitCounts."""
        chosen = {part: self.chosen(part) for part in (*SPLITS, "calibration")}
        return [
            {"split": part, "rows": int(rows.sum()), "classCounts": self.class_counts(rows, classes)}
            for part, rows in chosen.items()
        ]


def prepare_report(findings: Findings, classes: int, truncated: int) -> PrepareReport:
    """`report.json` of the stage."""
    from spotforge_runtime.contracts.models import PrepareReport

    return PrepareReport.model_validate(
        {
            "schemaVersion": names.SCHEMA_VERSION,
            "rowsRead": findings.rows_read,
            "rowsKept": findings.rows_kept,
            "rejected": [
                {
                    "reason": reason,
                    "count": rejected.count,
                    "examples": [{"row": row, "detail": detail} for row, detail in rejected.examples[:EXAMPLES_PER_REASON]],
                }
                for reason, rejected in findings.rejections.sorted()
            ],
            "truncatedRows": truncated,
            "groups": findings.groups,
            "splits": findings.split_counts(classes),
        }
    )
