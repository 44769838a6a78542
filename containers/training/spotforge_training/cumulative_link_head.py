"""The ordinal head: one latent score and ordered cutpoints, in the place of a stock model's last linear layer."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

from spotforge_training.head_layer import HeadLayer
from spotforge_training.ordered_cutpoints import OrderedCutpoints, quantile_cutpoints

# The spread of a fresh classifier in the BERT family (`initializer_range`): f(x) starts close to 0, where the cutpoints
# hold the frequencies.
LATENT_SPREAD = 0.02


class CumulativeLinkHead(HeadLayer):
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
        latent = (features.float() * self.latent).sum(dim=-1, keepdim=True)
        logits: Tensor = latent - self.cutpoints()
        return logits

    def folded(self) -> nn.Linear:
        """K-1 equal rows, bias = -theta."""
        with torch.no_grad():
            return linear_of_one_score(self.latent, -self.cutpoints())

    def thresholds(self) -> list[float]:
        with torch.no_grad():
            return [float(theta) for theta in self.cutpoints().tolist()]


def linear_of_one_score(latent: Tensor, biases: Tensor) -> nn.Linear:
    """A stock `nn.Linear` whose every row is `latent`, shape (H,), with `biases`, shape (L,)."""
    # Its own first weights would be drawn from the random state of a training that may go on.
    linear: nn.Linear = skip_init(nn.Linear, latent.numel(), biases.numel(), device=latent.device, dtype=latent.dtype)
    with torch.no_grad():
        linear.weight.copy_(latent.expand(biases.numel(), -1))
        linear.bias.copy_(biases)
    return linear
