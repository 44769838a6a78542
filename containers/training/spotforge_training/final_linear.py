"""Finds the layer of a stock classification model that makes the logits, and puts another one in its place."""

from spotforge_runtime.errors import InvalidInput
from torch import nn
from transformers import PreTrainedModel


def final_linear(model: PreTrainedModel) -> str:
    """Dotted name of the one `nn.Linear` outside the encoder whose outputs are the model's labels.

    BERT and DistilBERT call it `classifier`, RoBERTa `classifier.out_proj`, others `score` or `logits_proj`; the rule knows
    none of these names.

    Raises:
        InvalidInput: there is none, or more than one, so that an ordinal head cannot be put in its place.
    """
    encoder: str = model.base_model_prefix
    found: list[str] = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and module.out_features == model.num_labels and name.split(".")[0] != encoder
    ]
    if len(found) != 1:
        raise InvalidInput(
            f"The base model's class {type(model).__name__} has {len(found)} layers that could be its last one"
            f"{': ' + ', '.join(found) if found else ''}; an ordinal head needs exactly one, linear.",
            where="model.base",
            remedy="Choose a base model whose classification head ends in one linear layer, such as BERT, DistilBERT or RoBERTa.",
        )
    return found[0]


def replace_module(model: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(model.get_submodule(parent), last, module)
