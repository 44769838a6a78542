"""Lower layers of an encoder learn slower: what they know is general, and holds for the new task as it is.

Howard and Ruder 2018, "Universal Language Model Fine-tuning for Text Classification", section 3.2 (discriminative
fine-tuning): the rate falls by a constant factor from each layer to the one below it.
"""

from torch import nn
from transformers import PreTrainedModel

from spotforge_training.frozen_layers import layer_stack


def layerwise_factors(model: PreTrainedModel, decay: float) -> dict[str, float]:
    """Factor of the learning rate by parameter name: 1 above the stack of layers, `decay` to the power of how far down below
    that. What lies before the stack, the embeddings, counts as one more layer. All are 1 when `decay` is 1, or the encoder
    has no stack.
    """
    prefix, stack = layer_stack(model.base_model)
    names = [name for name, _ in model.named_parameters()]
    if decay == 1 or not stack:
        return dict.fromkeys(names, 1.0)
    base = f"{model.base_model_prefix}." if isinstance(getattr(model, model.base_model_prefix, None), nn.Module) else ""
    factors: dict[str, float] = {}
    begun = False
    for name in names:
        inner = name.removeprefix(base)
        if not name.startswith(base):
            factors[name] = 1.0
        elif inner.startswith(f"{prefix}."):
            begun = True
            factors[name] = decay ** (len(stack) - int(inner.removeprefix(f"{prefix}.").split(".")[0]))
        else:
            factors[name] = 1.0 if begun else decay ** (len(stack) + 1)
    return factors
