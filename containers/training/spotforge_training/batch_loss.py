"""One number out of the losses of a micro-batch."""

from torch import Tensor


def batch_loss(losses: Tensor, labels: Tensor, examples: Tensor | int | None = None, weights: Tensor | None = None) -> Tensor:
    """Sum of the losses, each times the weight of its class, over `examples`, the number of rows when absent.

    A micro-batch passes the rows of the whole batch, so that micro-batches of any size add up to one batch's gradient.

    Args:
        losses: shape (N,).
        labels: shape (N,), class indices.
        weights: shape (K,); absent: all classes count alike.

    >>> import torch
    >>> batch_loss(torch.tensor([1.0, 3.0]), torch.tensor([0, 1])).item()
    2.0
    >>> batch_loss(torch.tensor([1.0, 3.0]), torch.tensor([0, 1]), examples=4, weights=torch.tensor([2.0, 0.5])).item()
    0.875
    """
    weighted = losses if weights is None else losses * weights.to(losses.device)[labels]
    return weighted.sum() / (len(labels) if examples is None else examples)
