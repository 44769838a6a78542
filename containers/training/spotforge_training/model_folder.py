"""The trained model as what the next stages read: a stock Hugging Face directory."""

from pathlib import Path

from transformers import PreTrainedModel

from spotforge_training.base_model import fold_head
from spotforge_training.modality import Modality

WEIGHTS = "model.safetensors"


def save_stock_model(model: PreTrainedModel, modality: Modality, folder: Path) -> list[float]:
    """Folds the head, writes config, safetensors and the tokenizer or preprocessor into `folder`, and returns the thresholds.

    What is written loads by the stock Auto class, in float32, and computes the same logits.
    """
    cutpoints = fold_head(model)
    # One file whatever the size: the manifest and the exporter name it.
    model.save_pretrained(folder, safe_serialization=True, max_shard_size="1TB")
    modality.save(folder)
    return cutpoints
