"""Rows ready for a model, whatever they hold; and texts to padded token batches, with the tokenizer file alone (no
transformers), the same way in every stage and in `score`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Batch = dict[str, npt.NDArray[Any]]
TOKEN_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class Examples(Protocol):
    """Rows that a model can be fed with, by the names of its inputs. A stage that reads them knows no modality."""

    def __len__(self) -> int: ...

    @property
    def lengths(self) -> Ids:
        """How much there is in each row: tokens of a text, 1 for a picture. Rows of like length make a batch."""
        ...

    def batch(self, rows: Sequence[int] | Ids) -> Batch:
        """Every input as one array, its first axis the rows in the order given."""
        ...

    def describe(self, row: int) -> dict[str, Any]:
        """What identifies a row's content in a report, without showing it."""
        ...


@dataclass(frozen=True)
class EncodedTexts:
    """Token ids and segment ids of each text, unpadded, in the order given."""

    ids: Sequence[Sequence[int]]
    type_ids: Sequence[Sequence[int]]
    pad_id: int

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def lengths(self) -> Ids:
        return np.fromiter((len(ids) for ids in self.ids), dtype=np.int64, count=len(self.ids))

    def batch(self, rows: Sequence[int] | Ids, length: int | None = None) -> Batch:
        """The rows as int64 arrays of shape (rows, length), padded on the right, to the longest row unless told.

        A row longer than `length` is cut at its end.
        """
        width = int(length if length is not None else max(len(self.ids[row]) for row in rows))
        shape = (len(rows), width)
        batch: Batch = {
            "input_ids": np.full(shape, self.pad_id, dtype=np.int64),
            "attention_mask": np.zeros(shape, dtype=np.int64),
            "token_type_ids": np.zeros(shape, dtype=np.int64),
        }
        for at, row in enumerate(rows):
            used = min(len(self.ids[row]), width)
            batch["input_ids"][at, :used] = self.ids[row][:used]
            batch["attention_mask"][at, :used] = 1
            batch["token_type_ids"][at, :used] = self.type_ids[row][:used]
        return batch

    def describe(self, row: int) -> dict[str, Any]:
        return {"tokenIds": [int(token) for token in self.ids[row]]}


def encode(texts: Sequence[str], tokenizer_file: Path, *, max_length: int, pad_id: int) -> EncodedTexts:
    """Tokenizes, with special tokens, truncated to max_length; whatever padding the file asks for is left out."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=max_length, strategy="longest_first")
    encodings = tokenizer.encode_batch(list(texts))
    return EncodedTexts([e.ids for e in encodings], [e.type_ids for e in encodings], pad_id)


def length_batches(lengths: Ids, batch_size: int, rows: Ids | None = None) -> Iterator[Ids]:
    """Row numbers in batches of like length, shortest first: padding is small, and equal for whoever runs the batch."""
    chosen = np.arange(len(lengths)) if rows is None else rows
    ordered = chosen[np.argsort(lengths[chosen], kind="stable")]
    for start in range(0, len(ordered), batch_size):
        yield ordered[start : start + batch_size]
