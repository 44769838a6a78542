"""The trained model as what the next stages read: a stock Hugging Face directory."""

from pathlib import Path

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from spotforge_training.base_model import fold_head

WEIGHTS = "model.safetensors"


def save_stock_model(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> list[float]:
    """Folds the head, writes config, safetensors and tokenizer into `folder`, and returns the cutpoints, ascending.

    What is written loads by the stock Auto class, in float32, and computes the same logits.
    """
    cutpoints = fold_head(model)
    # One file whatever the size: the manifest and the exporter name it.
    model.save_pretrained(folder, safe_serialization=True, max_shard_size="1TB")
    tokenizer.save_pretrained(folder)
    return cutpoints
