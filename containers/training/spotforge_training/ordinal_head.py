"""The heads by name: the layer that each puts in the place of a model's last one, and the loss that trains it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spotforge_runtime.ordinal_decoding import Head
from torch import Tensor

from spotforge_training.coral import CoralHead, coral_losses
from spotforge_training.corn import conditional_biases, corn_losses
from spotforge_training.cross_entropy import cross_entropy_losses, frequency_biases
from spotforge_training.cumulative_link_head import CumulativeLinkHead
from spotforge_training.cumulative_link_loss import cumulative_link_losses
from spotforge_training.head_layer import HeadLayer
from spotforge_training.linear_head import LinearHead


@dataclass(frozen=True)
class OrdinalHead:
    """`layer(features, class_counts)` is a fresh one that predicts the class frequencies; `losses(logits, labels)`, shape (N,),
    are in nats. Logits have shape (N, `logits_of(K, name)`)."""

    name: Head
    layer: Callable[[int, Sequence[int]], HeadLayer]
    losses: Callable[[Tensor, Tensor], Tensor]
    # Head and cutpoints start from nothing while the encoder starts trained. One score and a few cutpoints can take a large
    # step without harm; rows of weights for every logit cannot.
    learning_rate_factor: float


def corn_layer(features: int, class_counts: Sequence[int]) -> LinearHead:
    return LinearHead(features, conditional_biases(class_counts))


def cross_entropy_layer(features: int, class_counts: Sequence[int]) -> LinearHead:
    return LinearHead(features, frequency_biases(class_counts))


HEADS: dict[Head, OrdinalHead] = {
    head.name: head
    for head in (
        OrdinalHead("cumulative-link", CumulativeLinkHead.for_classes, cumulative_link_losses, 50.0),
        OrdinalHead("coral", CoralHead, coral_losses, 50.0),
        OrdinalHead("corn", corn_layer, corn_losses, 10.0),
        OrdinalHead("cross-entropy", cross_entropy_layer, cross_entropy_losses, 10.0),
    )
}
