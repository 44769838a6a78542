"""A head whose logits have a row of weights each: CORN's and cross-entropy's. It is a stock linear layer already."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from spotforge_training.cumulative_link_head import LATENT_SPREAD
from spotforge_training.head_layer import HeadLayer


class LinearHead(HeadLayer):
    """logits = W x + b. Rows start with the spread of a fresh classifier, biases at what the class frequencies ask for."""

    def __init__(self, features: int, biases: Sequence[float]) -> None:
        super().__init__()
        self.linear = nn.Linear(features, len(biases))
        with torch.no_grad():
            self.linear.weight.normal_(std=LATENT_SPREAD)
            self.linear.bias.copy_(torch.tensor(biases))

    def forward(self, features: Tensor) -> Tensor:
        return nn.functional.linear(features.float(), self.linear.weight, self.linear.bias)

    def folded(self) -> nn.Linear:
        return self.linear

    def thresholds(self) -> list[float]:
        return []
