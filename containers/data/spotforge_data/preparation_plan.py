"""How a dataset is prepared: which columns hold what, which labels there are, how it is split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spotforge_runtime.errors import InvalidInput

from spotforge_data.data_file import Columns
from spotforge_data.split_files import Content

if TYPE_CHECKING:
    from spotforge_runtime.contracts.models import ColumnsSpec, LabelsSpec, SplitSpec


@dataclass(frozen=True)
class PreparationPlan:
    """`values` are the K label values, ascending; `validation` and `test` shares of the groups."""

    content: Content
    columns: Columns
    values: Sequence[float]
    validation: float
    test: float
    seed: int
    calibration_rows: int


def plan_of(task: str, columns: ColumnsSpec, labels: LabelsSpec, split: SplitSpec, calibration_rows: int) -> PreparationPlan:
    """The plan for a task. InvalidInput when validation and test leave nothing to train on."""
    if split.validation + split.test >= 1:
        raise InvalidInput(
            "dataset.split leaves nothing to train on: "
            f"validation {split.validation:g} and test {split.test:g} are 1 or more together.",
            where="dataset.split",
            remedy="Lower one of them.",
        )
    content: Content = "image" if task == "image-ordinal" else "text"
    named = columns.image if content == "image" else columns.text
    return PreparationPlan(
        content=content,
        columns=Columns(named or content, columns.label, columns.group),
        values=labels.values,
        validation=split.validation,
        test=split.test,
        seed=split.seed,
        calibration_rows=calibration_rows,
    )
