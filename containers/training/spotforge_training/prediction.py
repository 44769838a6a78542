"""Logits for a whole split, in the order of the split."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from spotforge_training.examples import Collate, Examples
from spotforge_training.ranks import ALONE, Ranks

PREDICTION_BATCH = 64


def predict_logits(
    model: PreTrainedModel,
    examples: Examples,
    collate: Collate,
    *,
    ranks: Ranks = ALONE,
    after_batch: Callable[[int], None] = lambda _rows: None,
) -> NDArray[np.float32]:
    """Shape (N, L), row i for example i.

    Batches are of like lengths, longest first, because most of the time would go into padding otherwise; the logits are put
    back into the examples' own order. No data loader: one would draw from the global random state, and a run that evaluates
    between two checkpoints could no longer be told bit for bit from a run that resumed between them.

    Several processes take the batches in turn, and each gets all logits.

    Args:
        after_batch: called with the number of rows done so far, equally often in each process; may raise to stop.
    """
    order = np.argsort(-np.asarray(examples.lengths), kind="stable")
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    round_of_all = ranks.count * PREDICTION_BATCH
    logits = np.zeros((len(order), model.config.num_labels), dtype=np.float32)
    try:
        with torch.inference_mode():
            for start in range(0, len(order), round_of_all):
                mine = order[start + ranks.index * PREDICTION_BATCH :][:PREDICTION_BATCH]
                if len(mine):  # not everybody has one in the last round
                    chosen = [examples[int(i)] for i in mine]
                    inputs = {name: tensor.to(device) for name, tensor in collate(chosen).items() if name != "labels"}
                    logits[mine] = model(**inputs).logits.float().cpu().numpy()
                after_batch(min(start + round_of_all, len(order)))
    finally:
        model.train(was_training)
    return ranks.sum_array(logits)  # of each row one process has the logits, the others zeros
