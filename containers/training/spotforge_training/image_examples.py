"""Pictures as examples for the trainer: decoded when asked for, all of one size. Everything that knows about pictures."""

from collections.abc import Sequence
from pathlib import Path

import torch
from spotforge_runtime.errors import ContractBroken, InvalidInput
from spotforge_runtime.pictures import PictureRules, read_picture_rules
from torch import Tensor
from torch.utils.data import Dataset

from spotforge_training.examples import Example

PREPROCESSOR = "preprocessor_config.json"
# Decoded pictures are kept as long as all of them fit: decoding costs as much as a small model's step. 1 GiB is 6,900 of 224².
KEPT_BYTES = 1024**3


def load_picture_rules(folder: Path) -> PictureRules:
    """InvalidInput when the base model's directory has no preprocessor, or one that asks for what nobody here does."""
    if not (folder / PREPROCESSOR).is_file():
        raise InvalidInput(
            f"The base model has no {PREPROCESSOR}.",
            where="model.base",
            remedy="Save the image processor beside the model: processor.save_pretrained(folder).",
        )
    return read_picture_rules(folder / PREPROCESSOR)


class ImageExamples(Dataset[Example]):
    """Encoded pictures (PNG or JPEG) with their labels. All cost the same, so `lengths` are all 1."""

    def __init__(self, rules: PictureRules, images: Sequence[bytes], labels: Sequence[int]) -> None:
        self._rules = rules
        self._images = images
        self._labels = labels
        self.lengths = [1] * len(labels)
        self._keep = len(labels) * 3 * rules.width * rules.height * 4 <= KEPT_BYTES
        self._decoded: dict[int, Tensor] = {}

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> Example:
        pixels = self._decoded.get(index)
        if pixels is None:
            try:
                pixels = torch.from_numpy(self._rules.pixels(self._images[index]))
            except ValueError as error:
                raise ContractBroken(f"Picture {index} of a prepared split has {error}.") from error
            if self._keep:
                self._decoded[index] = pixels
        return {"pixel_values": pixels, "labels": self._labels[index]}


def stack_pictures(examples: list[Example]) -> dict[str, Tensor]:
    """Shape (rows, 3, height, width), and labels of shape (rows,)."""
    return {
        "pixel_values": torch.stack([example["pixel_values"] for example in examples]),
        "labels": torch.tensor([example["labels"] for example in examples]),
    }
