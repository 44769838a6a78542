"""Ends a training whose validation MAE no longer falls, and keeps the weights of its best epoch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel, TrainerState

BEST_WEIGHTS = "best-weights.safetensors"


def evaluations(history: Sequence[Mapping[str, Any]]) -> list[tuple[int, float]]:
    """(step, validation MAE) of each evaluation, in order."""
    return [(int(line["step"]), float(line["eval_mae"])) for line in history if "eval_mae" in line]


def best_of(history: Sequence[Mapping[str, Any]]) -> tuple[int, float] | None:
    """The first of the lowest ones: of two epochs that are as good the shorter training."""
    return min(evaluations(history), key=lambda entry: entry[1], default=None)


def is_over(history: Sequence[Mapping[str, Any]], patience: int) -> bool:
    """`patience` evaluations running have not been better than the best before them.

    >>> lines = [{"step": step, "eval_mae": mae} for step, mae in ((1, 0.9), (2, 0.7), (3, 0.8), (4, 0.7))]
    >>> [is_over(lines[:count], 2) for count in range(1, 5)]
    [False, False, False, True]
    """
    found = evaluations(history)
    best = best_of(history)
    return best is not None and len([entry for entry in found if entry[0] > best[0]]) >= patience


class BestWeights:
    """A copy of the weights of the best evaluation so far. Written into each checkpoint, so that a resumed run has it too.

    What is best follows from the history in the trainer's state, which is resumed with it.
    """

    def __init__(self, patience: int) -> None:
        """`patience` 0: training never stops early, and nothing is kept."""
        self._patience = patience
        self._kept: dict[str, torch.Tensor] = {}

    @property
    def wanted(self) -> bool:
        return self._patience > 0

    def evaluated(self, state: TrainerState, model: PreTrainedModel) -> bool:
        """Call behind each evaluation; True when training is over."""
        if not self.wanted:
            return False
        best = best_of(state.log_history)
        if best is not None and best[0] == state.global_step:
            self._kept = {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}
        return is_over(state.log_history, self._patience)

    def save(self, checkpoint: Path) -> None:
        if self._kept:
            save_file(self._kept, checkpoint / BEST_WEIGHTS)

    def load(self, checkpoint: Path) -> None:
        if self.wanted and (checkpoint / BEST_WEIGHTS).exists():
            self._kept = load_file(checkpoint / BEST_WEIGHTS)

    def put_back(self, model: PreTrainedModel) -> None:
        """The model ends as its best evaluation found it."""
        if self._kept:
            model.load_state_dict(self._kept)
