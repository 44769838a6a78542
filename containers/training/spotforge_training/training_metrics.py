"""The figures of a run as lines: one per logged step, for metrics.jsonl and the curves."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

# The Trainer's names on the left; `epoch` and `step` keep theirs.
NAMES = {
    "loss": "loss",
    "learning_rate": "learningRate",
    "eval_loss": "validationLoss",
    "eval_mae": "validationMae",
    "cutpoints": "cutpoints",
}
# `cutpoints` are those of the head after that step; none, or an empty list, of a head without any.
Line = dict[str, Any]


def metric_lines(history: Iterable[Mapping[str, Any]]) -> list[Line]:
    """The Trainer's log history as lines, ascending by step; what was logged at one step is one line.

    >>> metric_lines([{"step": 2, "epoch": 1.0, "loss": 0.5}, {"step": 2, "epoch": 1.0, "eval_mae": 0.25}])
    [{'step': 2, 'epoch': 1.0, 'loss': 0.5, 'validationMae': 0.25}]
    """
    lines: dict[int, Line] = {}
    for entry in history:
        figures = {NAMES[name]: entry[name] for name in NAMES if name in entry}  # in one order, also after a resume
        if figures:
            line = lines.setdefault(entry["step"], {"step": entry["step"], "epoch": round(entry["epoch"], 4)})
            line.update(figures)
    return [lines[step] for step in sorted(lines)]


def json_lines(lines: Iterable[Line]) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


def mean_loss_since(lines: Iterable[Line], first_step: int) -> float:
    """Mean training loss of the steps after `first_step`; each line speaks for the steps since the line before it.

    >>> mean_loss_since([{"step": 2, "loss": 9.0}, {"step": 4, "loss": 3.0}, {"step": 5, "loss": 0.0}], first_step=2)
    2.0
    """
    total, steps, before = 0.0, 0, 0
    for line in lines:
        if "loss" in line:
            covered = int(line["step"]) - max(before, first_step)
            before = int(line["step"])
            if covered > 0:
                total += covered * line["loss"]
                steps += covered
    return total / steps if steps else 0.0
