"""CORN: K-1 conditional questions "given that it is above k-1, is it above k?", whose answers multiply to P(y > k).

Shi, Cao and Raschka 2021, "Deep Neural Networks for Rank-Consistent Ordinal Regression Based On Conditional Probabilities".
Consistent by construction, with a row of weights for each question.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from spotforge_training.coral import above_each


def conditional_biases(class_counts: Sequence[int]) -> list[float]:
    """logit P(y > k | y > k-1) of the class frequencies, half an example added to every class.

    >>> [round(bias, 4) for bias in conditional_biases([10, 10, 10])]
    [0.6931, 0.0]
    """
    smoothed = [count + 0.5 for count in class_counts]
    return [math.log(sum(smoothed[k + 1 :]) / smoothed[k]) for k in range(len(smoothed) - 1)]


def corn_losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Sum over the questions that an example answers, k = 0 ... min(y, K-2), of their binary cross-entropies.

    The paper (equation 7) divides by the number of answers in the whole set. Here the sum belongs to its example, as in the other
    heads: it is the negative log-likelihood of the label, -log P(y).

    Args:
        logits: shape (N, K-1).
        labels: shape (N,), class indices 0 ... K-1.

    Returns:
        shape (N,), float32, in nats, each >= 0.

    >>> [round(loss, 4) for loss in corn_losses(torch.tensor([[2.0, -1.0], [2.0, -1.0]]), torch.tensor([0, 2])).tolist()]
    [2.1269, 1.4402]
    """
    thresholds = logits.shape[1]
    asked = (labels.unsqueeze(1) >= torch.arange(thresholds, device=labels.device)).float()
    return (binary_cross_entropy_with_logits(logits.float(), above_each(labels, thresholds), reduction="none") * asked).sum(dim=1)
