"""What every head's last layer can do, whatever it is inside."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class HeadLayer(nn.Module, ABC):
    """Stands in the place of a stock model's last linear layer while the model is trained."""

    @abstractmethod
    def forward(self, features: Tensor) -> Tensor:
        """Shape (..., H) to (..., L) logits, in float32 even under autocast: differences of logits carry the likelihood."""

    @abstractmethod
    def folded(self) -> nn.Linear:
        """The same function as a stock `nn.Linear(H, L)`."""

    @abstractmethod
    def thresholds(self) -> list[float]:
        """theta[k] of logit[k] = f(x) - theta[k] as they are now; empty where rows of weights differ and there are none."""
