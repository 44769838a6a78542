"""Which splits are good enough to train and to judge a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from spotforge_runtime.errors import InvalidInput

from spotforge_data.findings import Findings
from spotforge_data.rejections import Rejections
from spotforge_data.splitting import SPLITS

MOST_REJECTED = 0.05
FEWEST_TEST_ROWS = 500
FEWEST_VALIDATION_ROWS = 50
FEWEST_TRAIN_ROWS = 100  # as many as the smallest calibration set

Diagnose = Callable[[], Sequence[str]]


def check_rejected(rejections: Rejections, rows_read: int, diagnose: Diagnose) -> None:
    """InvalidInput when there are no rows or more than 5 % of them were rejected. `diagnose` stores a report."""
    if rows_read == 0:
        raise InvalidInput("The data file has no rows.", where="dataset", remedy="Send a file with rows.")
    share = rejections.count / rows_read
    if share > MOST_REJECTED:
        worst = sorted(rejections.by_reason.items(), key=lambda item: (-item[1].count, item[0]))
        reasons = ", ".join(f"{rejected.count} {reason}" for reason, rejected in worst)
        row, detail = worst[0][1].examples[0]
        raise InvalidInput(
            f"{rejections.count} of {rows_read} rows ({share:.1%}) cannot be used; "
            f"at most {MOST_REJECTED:.0%} may: {reasons}. For example row {row}: {detail}.",
            where=f"dataset, row {row}",
            remedy="Correct these rows, or dataset.columns and dataset.labels if they name the wrong thing; "
            "report.json lists every reason, rejected-rows.csv every row.",
            diagnostics=diagnose(),
        )


def check_splits(found: Findings, values: Sequence[float], diagnose: Diagnose) -> None:
    """InvalidInput, with the numbers and what to do, when a split is too small or train has one class only."""
    import numpy as np

    sizes = ", ".join(f"{name} {int(found.chosen(name).sum())}" for name in SPLITS) + " rows"
    for name, fewest in (("test", FEWEST_TEST_ROWS), ("validation", FEWEST_VALIDATION_ROWS), ("train", FEWEST_TRAIN_ROWS)):
        chosen = found.chosen(name)
        if chosen.sum() < fewest:
            raise InvalidInput(
                f"The {name} split has {int(chosen.sum())} rows of {len(np.unique(found.facts.position[chosen]))} groups; "
                f"at least {fewest} are needed ({sizes}).",
                where=f"dataset.split.{name}",
                remedy="Send more rows, or raise dataset.split."
                + (f"{name}." if name != "train" else "train's share by lowering test and validation."),
                diagnostics=diagnose(),
            )
    train = found.chosen("train")
    classes = np.unique(found.facts.label[train])
    if len(classes) == 1:
        raise InvalidInput(
            f"All {int(train.sum())} rows to train on have the label {values[int(classes[0])]:g}; "
            f"there is nothing to learn ({sizes}).",
            where="dataset.labels",
            remedy="Send rows of at least two label values, in more than one group.",
            diagnostics=diagnose(),
        )
