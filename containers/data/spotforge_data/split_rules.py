"""Which splits are good enough to train and to judge a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from spotforge_runtime.errors import InvalidInput

from spotforge_data.row_rules import CheckedRows, Row
from spotforge_data.splitting import Splits

MOST_REJECTED = 0.05
FEWEST_TEST_ROWS = 500
FEWEST_VALIDATION_ROWS = 50
FEWEST_TRAIN_ROWS = 100  # as many as the smallest calibration set


def check_rejected(checked: CheckedRows, diagnose: Callable[[], Sequence[str]]) -> None:
    """InvalidInput when there are no rows or more than 5 % of them were rejected. `diagnose` stores a report."""
    if checked.read_count == 0:
        raise InvalidInput("The data file has no rows.", where="dataset", remedy="Send a file with rows.")
    share = checked.rejected_count / checked.read_count
    if share > MOST_REJECTED:
        worst = sorted(checked.rejected.items(), key=lambda item: (-item[1].count, item[0]))
        reasons = ", ".join(f"{rejected.count} {reason}" for reason, rejected in worst)
        row, detail = worst[0][1].examples[0]
        raise InvalidInput(
            f"{checked.rejected_count} of {checked.read_count} rows ({share:.1%}) cannot be used; "
            f"at most {MOST_REJECTED:.0%} may: {reasons}. For example row {row}: {detail}.",
            where=f"dataset, row {row}",
            remedy="Correct these rows, or dataset.columns and dataset.labels if they name the wrong thing; "
            "report.json lists every reason.",
            diagnostics=diagnose(),
        )


def check_shares(validation: float, test: float) -> None:
    """InvalidInput when validation and test leave nothing to train on."""
    if validation + test >= 1:
        raise InvalidInput(
            f"dataset.split leaves nothing to train on: validation {validation:g} and test {test:g} are 1 or more together.",
            where="dataset.split",
            remedy="Lower one of them.",
        )


def check_splits(splits: Splits, values: Sequence[float], diagnose: Callable[[], Sequence[str]]) -> None:
    """InvalidInput, with the numbers and what to do, when a split is too small or train has one class only."""
    for rows, fewest, name in (
        (splits.test, FEWEST_TEST_ROWS, "test"),
        (splits.validation, FEWEST_VALIDATION_ROWS, "validation"),
        (splits.train, FEWEST_TRAIN_ROWS, "train"),
    ):
        if len(rows) < fewest:
            raise InvalidInput(
                f"The {name} split has {len(rows)} rows of {len({row.group for row in rows})} groups; "
                f"at least {fewest} are needed ({_sizes(splits)}).",
                where=f"dataset.split.{name}",
                remedy="Send more rows, or raise dataset.split."
                + (f"{name}." if name != "train" else "train's share by lowering test and validation."),
                diagnostics=diagnose(),
            )
    classes = Counter(row.label for row in splits.train)
    if len(classes) == 1:
        only = values[next(iter(classes))]
        raise InvalidInput(
            f"All {len(splits.train)} rows to train on have the label {only:g}; there is nothing to learn ({_sizes(splits)}).",
            where="dataset.labels",
            remedy="Send rows of at least two label values, in more than one group.",
            diagnostics=diagnose(),
        )


def class_counts(rows: Sequence[Row], classes: int) -> list[int]:
    """How many rows each class has, by index."""
    counts = Counter(row.label for row in rows)
    return [counts[index] for index in range(classes)]


def _sizes(splits: Splits) -> str:
    return f"train {len(splits.train)}, validation {len(splits.validation)}, test {len(splits.test)} rows"
