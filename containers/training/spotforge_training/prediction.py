"""Logits for a whole split, in the order of the split."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from spotforge_training.examples import Collate, Examples
from spotforge_training.ordinal_decoding import Logits

PREDICTION_BATCH = 64


def predict_logits(
    model: nn.Module,
    examples: Examples,
    collate: Collate,
    *,
    after_batch: Callable[[int], None] = lambda _rows: None,
) -> Logits:
    """Shape (N, K-1), row i for example i.

    Batches are of like lengths, longest first, because most of the time would go into padding otherwise; the logits are put
    back into the examples' own order. No data loader: one would draw from the global random state, and a run that evaluates
    between two checkpoints could no longer be told bit for bit from a run that resumed between them.

    Args:
        after_batch: called with the number of rows done so far; may raise to stop.
    """
    order = np.argsort(-np.asarray(examples.lengths), kind="stable")
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    rows: list[Logits] = []
    try:
        with torch.inference_mode():
            for start in range(0, len(order), PREDICTION_BATCH):
                chosen = [examples[int(i)] for i in order[start : start + PREDICTION_BATCH]]
                inputs = {name: tensor.to(device) for name, tensor in collate(chosen).items() if name != "labels"}
                rows.append(model(**inputs).logits.float().cpu().numpy())
                after_batch(min(start + PREDICTION_BATCH, len(order)))
    finally:
        model.train(was_training)
    logits = np.empty((len(order), rows[0].shape[1]), dtype=np.float32)
    logits[order] = np.concatenate(rows)
    return logits
