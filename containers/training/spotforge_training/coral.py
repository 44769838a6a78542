"""CORAL: one latent score and K-1 free biases, trained as K-1 binary questions "is it above k?".

Cao, Mirjalili and Raschka 2020, "Rank Consistent Ordinal Regression for Neural Networks with Application to Age Estimation",
Pattern Recognition Letters 140. Shared weights make the answers consistent in the optimum (theorem 1); nothing keeps the
biases in order on the way there.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from spotforge_training.cumulative_link_head import LATENT_SPREAD, linear_of_one_score
from spotforge_training.head_layer import HeadLayer
from spotforge_training.ordered_cutpoints import quantile_cutpoints


class CoralHead(HeadLayer):
    """logits[..., k] = `latent` · x + `biases`[k] = logit P(y > k)."""

    def __init__(self, features: int, class_counts: Sequence[int]) -> None:
        super().__init__()
        self.latent = nn.Parameter(torch.empty(features).normal_(std=LATENT_SPREAD))
        self.biases = nn.Parameter(-torch.tensor(quantile_cutpoints(class_counts)))

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = (features.float() * self.latent).sum(dim=-1, keepdim=True) + self.biases
        return logits

    def folded(self) -> nn.Linear:
        return linear_of_one_score(self.latent, self.biases)

    def thresholds(self) -> list[float]:
        return [-float(bias) for bias in self.biases.tolist()]


def coral_losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Sum over k of the binary cross-entropy of "y > k" (equation 4, all tasks weighing alike).

    Args:
        logits: shape (N, K-1).
        labels: shape (N,), class indices 0 ... K-1.

    Returns:
        shape (N,), float32, in nats, each >= 0.

    >>> [round(loss, 4) for loss in coral_losses(torch.tensor([[2.0, -1.0], [2.0, -1.0]]), torch.tensor([0, 1])).tolist()]
    [2.4402, 0.4402]
    """
    above = above_each(labels, logits.shape[1])
    return binary_cross_entropy_with_logits(logits.float(), above, reduction="none").sum(dim=1)


def above_each(labels: Tensor, thresholds: int) -> Tensor:
    """1 where y > k, else 0: shape (N, thresholds), float32.

    >>> above_each(torch.tensor([0, 2]), 3).tolist()
    [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0]]
    """
    return (labels.unsqueeze(1) > torch.arange(thresholds, device=labels.device)).float()
