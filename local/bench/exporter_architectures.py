"""Small models of random weights, one an architecture: what the pipeline's two tasks are likely to be fine-tuned from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotforge_runtime.contracts.names import Task

LOGITS = 6
SEED = 5
_TEXT = {"vocab_size": 128, "max_position_embeddings": 66}
_BERT = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
_IMAGE = {"image_size": 32, "num_channels": 3}
_VIT = {**_IMAGE, **_BERT, "patch_size": 8}


@dataclass(frozen=True)
class Architecture:
    """`config` are arguments of the configuration class of transformers' `model_type`; random weights answer with spread logits
    when they are wider than the 0.02 of most configurations."""

    model_type: str
    task: Task
    config: dict[str, Any]

    def write(self, to: Path) -> None:
        """A Hugging Face folder as the train stage publishes one, but for the tokenizer: the same bytes each time."""
        import torch
        from transformers import AutoConfig, ViTImageProcessor

        torch.manual_seed(SEED)
        config = AutoConfig.for_model(self.model_type, num_labels=LOGITS, initializer_range=0.2, **self.config)
        auto_class(self.task).from_config(config).eval().save_pretrained(to)
        if self.task == "image-ordinal":
            side = self.config["image_size"]
            ViTImageProcessor(size={"height": side, "width": side}).save_pretrained(to)


def auto_class(task: Task) -> Any:
    """transformers' class that opens a model of the task."""
    from transformers import AutoModelForImageClassification, AutoModelForSequenceClassification

    return AutoModelForSequenceClassification if task == "text-ordinal" else AutoModelForImageClassification


ARCHITECTURES = (
    Architecture("bert", "text-ordinal", {**_TEXT, **_BERT}),
    Architecture("roberta", "text-ordinal", {**_TEXT, **_BERT, "type_vocab_size": 1}),
    Architecture("xlm-roberta", "text-ordinal", {**_TEXT, **_BERT, "type_vocab_size": 1}),
    Architecture("distilbert", "text-ordinal", {**_TEXT, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}),
    Architecture("electra", "text-ordinal", {**_TEXT, **_BERT, "embedding_size": 16}),
    Architecture("albert", "text-ordinal", {**_TEXT, **_BERT, "embedding_size": 16}),
    Architecture("mpnet", "text-ordinal", {**_TEXT, **_BERT}),
    Architecture("deberta-v2", "text-ordinal", {**_TEXT, **_BERT, "type_vocab_size": 0, "relative_attention": True}),
    Architecture(
        "modernbert", "text-ordinal", {**_TEXT, **_BERT, "global_attn_every_n_layers": 2, "local_attention": 8, "pad_token_id": 0}
    ),
    Architecture("vit", "image-ordinal", _VIT),
    Architecture("beit", "image-ordinal", _VIT),
    Architecture("dinov2", "image-ordinal", {**_VIT, "mlp_ratio": 2}),
    Architecture(
        "swin",
        "image-ordinal",
        {**_IMAGE, "patch_size": 2, "embed_dim": 16, "depths": [1, 1], "num_heads": [2, 4], "window_size": 4},
    ),
    Architecture("convnext", "image-ordinal", {**_IMAGE, "depths": [1, 1, 1, 1], "hidden_sizes": [8, 16, 24, 32]}),
    Architecture(
        "resnet",
        "image-ordinal",
        {**_IMAGE, "embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1], "layer_type": "basic"},
    ),
    Architecture(
        "mobilevit", "image-ordinal", {**_IMAGE, "hidden_sizes": [16, 24, 32], "neck_hidden_sizes": [8, 8, 16, 16, 24, 32, 64]}
    ),
)
