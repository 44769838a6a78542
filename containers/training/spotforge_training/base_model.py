"""One way to load every base model, to give it an ordinal head, and to turn it back into a stock model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from spotforge_runtime.errors import InvalidInput
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from spotforge_training.cumulative_link_head import CumulativeLinkHead
from spotforge_training.final_linear import final_linear, replace_module


def load_base_model(folder: Path, classes: int, auto_class: Any = AutoModelForSequenceClassification) -> PreTrainedModel:
    """The stock model of `auto_class` for `classes` - 1 labels, from a Hugging Face directory; its head is fresh.

    Nothing is fetched, only safetensors are read, and no code of the directory is run.

    Raises:
        InvalidInput: the directory holds no model that this class can load.
    """
    try:
        model = auto_class.from_pretrained(
            folder,
            num_labels=classes - 1,
            # One of K - 1 logits answers "is it above k": several hold at once. At K = 2 "regression" would be the default.
            problem_type="multi_label_classification",
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,  # a base that was fine-tuned for another number of labels brings a head of that size
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise InvalidInput(
            f"The base model could not be loaded: {error}",
            where="model.base",
            remedy="Give a Hugging Face directory (config.json, model.safetensors, tokenizer.json) of a kind transformers knows.",
        ) from error
    return cast(PreTrainedModel, model)


def attach_head(model: PreTrainedModel, class_counts: Sequence[int]) -> CumulativeLinkHead:
    """Puts a cumulative-link head in the place of the model's last linear layer and returns it."""
    name = final_linear(model)
    head = CumulativeLinkHead.for_classes(model.get_submodule(name).in_features, class_counts)  # type: ignore[arg-type]
    replace_module(model, name, head)
    return head


def fold_head(model: PreTrainedModel) -> list[float]:
    """Replaces the cumulative-link head by the `nn.Linear` that computes the same; returns its cutpoints, ascending."""
    [(name, head)] = [(name, module) for name, module in model.named_modules() if isinstance(module, CumulativeLinkHead)]
    linear = head.folded()
    replace_module(model, name, linear)
    return [-bias for bias in linear.bias.tolist()]
