"""A dataset and a base model small enough for unit tests, and still real: a signal to learn, a tokenizer that tokenizes."""

from __future__ import annotations

import csv
import importlib
import random
import sys
from pathlib import Path
from typing import Any

ROWS = 1600
VALUES = (-2, -1, 0, 1, 2)
WORDS_BY_VALUE = {
    -2: ("awful", "horrible", "dreadful"),
    -1: ("bad", "weak", "dull"),
    0: ("plain", "usual", "average"),
    1: ("good", "nice", "solid"),
    2: ("great", "superb", "wonderful"),
}
FILLERS = ("the", "film", "was", "and", "story", "acting", "a", "with", "scene", "it", "felt", "music")


def rows(count: int = ROWS, *, seed: int = 7, group_size: int = 4) -> list[dict[str, str]]:
    """Rows text, label, group; one in ten carries a word of a neighbouring value, so that nobody reaches an error of 0."""
    source = random.Random(seed)
    made = []
    for number in range(count):
        value = source.choice(VALUES)
        hinted = min(2, max(-2, value + source.choice((-1, 1)))) if source.random() < 0.1 else value
        words = [source.choice(FILLERS) for _ in range(source.randint(3, 10))]
        words.insert(source.randrange(len(words)), source.choice(WORDS_BY_VALUE[hinted]))
        made.append({"text": " ".join(words), "label": str(value), "group": f"document-{number // group_size}"})
    return made


def write_csv(path: Path, data: list[dict[str, str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["text", "label", "group"])
        writer.writeheader()
        writer.writerows(data)
    return path


def vocabulary() -> list[str]:
    words = {word for group in WORDS_BY_VALUE.values() for word in group} | {word for word in FILLERS if len(word) > 1}
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(words), *letters, *(f"##{letter}" for letter in letters)]


def write_base_model(folder: Path, *, hidden: int = 32, layers: int = 2) -> Path:
    """A random BERT with its WordPiece tokenizer, as a Hugging Face directory with safetensors."""
    import torch

    transformers: Any = importlib.import_module("transformers")  # annotated in part only

    folder.mkdir(parents=True, exist_ok=True)
    words = vocabulary()
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    tokenizer = transformers.BertTokenizerFast(vocab_file=str(folder / "vocab.txt"), model_max_length=64)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(11)
    configuration = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=2 * hidden,
        max_position_embeddings=64,
    )
    transformers.BertModel(configuration).save_pretrained(folder, safe_serialization=True)
    return folder


if __name__ == "__main__":
    to = Path(sys.argv[1])
    write_csv(to / "data.csv", rows(2000))
    write_base_model(to / "base-model")
