"""Cross-entropy: K classes that know nothing of their order, decoded by their median. The honest baseline of the others."""

import math
from collections.abc import Sequence

from torch import Tensor
from torch.nn.functional import cross_entropy


def frequency_biases(class_counts: Sequence[int]) -> list[float]:
    """log P(y = c) of the class frequencies, half an example added to every class.

    >>> [round(bias, 4) for bias in frequency_biases([10, 10])]
    [-0.6931, -0.6931]
    """
    total = sum(class_counts) + 0.5 * len(class_counts)
    return [math.log((count + 0.5) / total) for count in class_counts]


def cross_entropy_losses(logits: Tensor, labels: Tensor) -> Tensor:
    """-log softmax(logits)[y].

    Args:
        logits: shape (N, K).
        labels: shape (N,), class indices 0 ... K-1.

    Returns:
        shape (N,), float32, in nats, each >= 0.

    >>> import torch
    >>> round(cross_entropy_losses(torch.tensor([[1.0, 0.0, 0.0]]), torch.tensor([0])).item(), 4)
    0.5514
    """
    return cross_entropy(logits.float(), labels.long(), reduction="none")
