"""Training only the upper part of an encoder."""

from spotforge_runtime.errors import InvalidInput
from torch import nn
from transformers import PreTrainedModel


def freeze_lower_layers(model: PreTrainedModel, layers: int) -> None:
    """Freezes the embeddings and the first `layers` layers of the encoder; 0 trains everything.

    What is frozen is every parameter of the encoder up to the last one of those layers, in the order of registration.

    Raises:
        InvalidInput: the encoder has no stack of layers, or fewer than `layers`.
    """
    if layers == 0:
        return
    encoder: nn.Module = model.base_model
    name, stack = layer_stack(encoder)
    if layers > len(stack):
        raise InvalidInput(
            f"train.frozenLayers is {layers}, but the encoder of the base model has {len(stack)} layers.",
            where="train.frozenLayers",
            remedy=f"Choose 0 (train everything) to {len(stack)} (train the head alone).",
        )
    names = [parameter_name for parameter_name, _ in encoder.named_parameters()]
    in_frozen_layers = [i for i, parameter_name in enumerate(names) if _layer_of(parameter_name, name) in range(layers)]
    for parameter_name in names[: in_frozen_layers[-1] + 1]:
        encoder.get_parameter(parameter_name).requires_grad = False


def layer_stack(encoder: nn.Module) -> tuple[str, nn.ModuleList]:
    """Name and layers of the encoder's longest stack; an empty one when it has none."""
    stacks = [(name, module) for name, module in encoder.named_modules() if isinstance(module, nn.ModuleList)]
    return max(stacks, key=lambda entry: len(entry[1]), default=("", nn.ModuleList()))


def _layer_of(parameter: str, stack: str) -> int | None:
    return int(parameter.removeprefix(f"{stack}.").split(".")[0]) if parameter.startswith(f"{stack}.") else None
