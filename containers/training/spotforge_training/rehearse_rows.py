"""Rows that say nothing, in the shape of a training's: as many, as long, with ids of its vocabulary and labels of its classes."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.utils.data import Dataset

from spotforge_training.examples import Example
from spotforge_training.image_examples import stack_pictures


class MadeUpRows(Dataset[Example]):
    """Every row has the greatest length, the most that a step can cost. A row is a function of its index alone."""

    def __init__(self, rows: int, length: int, *, vocabulary: int, classes: int) -> None:
        self._rows = rows
        self._length = length
        self._vocabulary = vocabulary
        self._classes = classes

    @property
    def lengths(self) -> Sequence[int]:
        return [self._length] * self._rows

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, index: int) -> Example:
        # From the upper end of the vocabulary: padding and the other special tokens have the lowest ids.
        ids = [self._vocabulary - 1 - (index + place) % max(1, self._vocabulary // 2) for place in range(self._length)]
        return {"input_ids": ids, "attention_mask": [1] * self._length, "labels": index % self._classes}

    @staticmethod
    def collate(examples: list[Example]) -> dict[str, Tensor]:
        """All are of one length: nothing to pad."""
        return {name: torch.tensor([example[name] for example in examples]) for name in examples[0]}


class MadeUpPictures(Dataset[Example]):
    """Every picture is of one grey, which follows from its index."""

    def __init__(self, rows: int, size: int, *, classes: int) -> None:
        self._size = size
        self._classes = classes
        self.lengths = [1] * rows
        self.collate = stack_pictures

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> Example:
        pixels = torch.full((3, self._size, self._size), (index % 255) / 255)
        return {"pixel_values": pixels, "labels": index % self._classes}
