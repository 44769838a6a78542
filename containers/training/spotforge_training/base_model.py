"""One way to load every base model, to give it an ordinal head, and to turn it back into a stock model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from spotforge_runtime.errors import InvalidInput
from spotforge_runtime.ordinal_decoding import Head, logits_of
from torch import nn
from transformers import AutoModelForImageClassification, AutoModelForSequenceClassification, PreTrainedModel

from spotforge_training.final_linear import final_linear, replace_module
from spotforge_training.head_layer import HeadLayer
from spotforge_training.ordinal_head import HEADS

AUTO_CLASSES: dict[str, Any] = {
    "text-ordinal": AutoModelForSequenceClassification,
    "image-ordinal": AutoModelForImageClassification,
}


def load_base_model(folder: Path, classes: int, task: str = "text-ordinal", head: Head = "cumulative-link") -> PreTrainedModel:
    """The stock model of the task's Auto class with as many labels as the head has logits, from a Hugging Face directory; its
    last layer is fresh.

    Nothing is fetched, only safetensors are read, and no code of the directory is run.

    Raises:
        InvalidInput: the directory holds no model that this class can load.
    """
    try:
        model = AUTO_CLASSES[task].from_pretrained(
            folder,
            num_labels=logits_of(classes, head),
            # One of K - 1 logits answers "is it above k": several hold at once. At K = 2 "regression" would be the default.
            problem_type="single_label_classification" if head == "cross-entropy" else "multi_label_classification",
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,  # a base that was fine-tuned for another number of labels brings a head of that size
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise InvalidInput(
            f"The base model could not be loaded for {task}: {error}",
            where="model.base",
            remedy="Give a Hugging Face directory (config.json, model.safetensors, and the tokenizer.json of a text model or the "
            "preprocessor_config.json of an image model) of a kind transformers knows.",
        ) from error
    return cast(PreTrainedModel, model)


def attach_head(model: PreTrainedModel, class_counts: Sequence[int], head: Head = "cumulative-link") -> HeadLayer:
    """Puts the head's layer in the place of the model's last linear layer and returns it."""
    name = final_linear(model)
    layer = HEADS[head].layer(cast(nn.Linear, model.get_submodule(name)).in_features, class_counts)
    replace_module(model, name, layer)
    return layer


def head_of(model: nn.Module) -> tuple[str, HeadLayer]:
    """The name and layer of the one head in a model that is trained."""
    [found] = [(name, module) for name, module in model.named_modules() if isinstance(module, HeadLayer)]
    return found


def fold_head(model: PreTrainedModel) -> list[float]:
    """Replaces the head by the `nn.Linear` that computes the same; returns its thresholds, see `HeadLayer.thresholds`."""
    name, head = head_of(model)
    linear = head.folded()
    replace_module(model, name, linear)
    # As the stock layer has them: what the file says and what the export holds are then the same numbers.
    return [-bias for bias in linear.bias.tolist()] if head.thresholds() else []
