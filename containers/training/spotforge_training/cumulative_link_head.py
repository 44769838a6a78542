"""The ordinal head: one latent score and ordered cutpoints, in the place of a stock model's last linear layer."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from spotforge_training.ordered_cutpoints import OrderedCutpoints, quantile_cutpoints

# The spread of a fresh classifier in the BERT family (`initializer_range`): f(x) starts close to 0, where the cutpoints
# hold the frequencies.
LATENT_SPREAD = 0.02


class CumulativeLinkHead(nn.Module):
    """logits[..., k] = f(x) - theta[k] = logit P(y > k), with f(x) = `latent` · x.

    f has no intercept of its own: it would only repeat theta[0].
    """

    def __init__(self, features: int, cutpoints: OrderedCutpoints) -> None:
        super().__init__()
        self.latent = nn.Parameter(torch.empty(features).normal_(std=LATENT_SPREAD))
        self.cutpoints = cutpoints

    @classmethod
    def for_classes(cls, features: int, class_counts: Sequence[int]) -> "CumulativeLinkHead":
        """A head for K = len(class_counts) classes whose cutpoints start at the quantiles of the training labels."""
        return cls(features, OrderedCutpoints.at(quantile_cutpoints(class_counts)))

    def forward(self, features: Tensor) -> Tensor:
        """Shape (..., H) to (..., K-1), in float32 even under autocast: differences of logits carry the likelihood."""
        latent = (features.float() * self.latent).sum(dim=-1, keepdim=True)
        logits: Tensor = latent - self.cutpoints()
        return logits

    def folded(self) -> nn.Linear:
        """The same function as a stock `nn.Linear(H, K-1)`: K-1 equal rows, bias = -theta."""
        with torch.no_grad():
            theta = self.cutpoints()
            linear = nn.Linear(self.latent.numel(), theta.numel(), device=self.latent.device, dtype=self.latent.dtype)
            linear.weight.copy_(self.latent.expand(theta.numel(), -1))
            linear.bias.copy_(-theta)
        return linear
