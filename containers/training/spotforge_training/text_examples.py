"""Texts as examples for the trainer: tokenised once, padded by the batch. Everything that knows about text is in here."""

from collections.abc import Sequence
from pathlib import Path

from spotforge_runtime.errors import InvalidInput
from torch import Tensor
from torch.utils.data import Dataset
from transformers import AutoTokenizer, DataCollatorWithPadding, PreTrainedTokenizerBase

from spotforge_training.examples import Example


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The fast tokenizer of the base model's directory. Raises InvalidInput when it holds none, or one that cannot pad."""
    if not (folder / "tokenizer.json").is_file():
        raise InvalidInput(
            "The base model has no tokenizer.json.",
            where="model.base",
            remedy="Save the tokenizer as a fast one beside the model: tokenizer.save_pretrained(folder).",
        )
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, use_fast=True, trust_remote_code=False
        )
    except Exception as error:  # the library's parsers raise whatever their format's library raises
        raise InvalidInput(
            f"The base model's tokenizer could not be loaded: {error}",
            where="model.base",
            remedy="Save tokenizer.json and tokenizer_config.json again with transformers 4.57.",
        ) from error
    if tokenizer.pad_token_id is None:
        raise InvalidInput(
            "The base model's tokenizer has no padding token, so texts of different lengths cannot share a batch.",
            where="model.base",
            remedy="Name a pad_token in the base model's tokenizer_config.json.",
        )
    return tokenizer


class TextExamples(Dataset[Example]):
    """Tokenised texts with their labels. `lengths[i]` is the number of tokens of example i, after truncation."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], labels: Sequence[int], max_length: int) -> None:
        encoded = tokenizer(list(texts), truncation=True, max_length=max_length)
        keys = [key for key in tokenizer.model_input_names if key in encoded]
        columns = [encoded[key] for key in keys]
        self._inputs: list[Example] = [dict(zip(keys, row, strict=True)) for row in zip(*columns, strict=True)]
        self._labels = list(labels)
        self.lengths = [len(inputs[keys[0]]) for inputs in self._inputs]

    def __len__(self) -> int:
        return len(self._inputs)

    def __getitem__(self, index: int) -> Example:
        return {**self._inputs[index], "labels": self._labels[index]}


class PadToLongest:
    """Collates examples into one batch that is as long as its longest text, not as long as `maxLength`."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._pad = DataCollatorWithPadding(tokenizer, padding="longest", return_tensors="pt")

    def __call__(self, examples: list[Example]) -> dict[str, Tensor]:
        return dict(self._pad(examples))
