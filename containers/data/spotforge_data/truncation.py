"""How many texts are longer than the model will see."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from spotforge_runtime.errors import InvalidInput

BATCH = 1000


class Truncation:
    """Counts texts with more than `max_length` tokens, special tokens included. InvalidInput when the tokenizer cannot be
    read."""

    def __init__(self, tokenizer_file: Path, max_length: int) -> None:
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer_file))
        except Exception as error:  # the library raises bare Exception
            raise InvalidInput(
                f"The base model's tokenizer.json cannot be read: {error}.",
                where="model.base",
                remedy="Save the tokenizer again with the version of tokenizers that made it.",
            ) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._max_length = max_length
        self.seen = 0
        self.truncated = 0

    def count(self, texts: Iterable[str]) -> None:
        """Looks at some more texts."""
        given = list(texts)
        for start in range(0, len(given), BATCH):
            encodings = self._tokenizer.encode_batch_fast(given[start : start + BATCH])
            self.truncated += sum(len(encoding) > self._max_length for encoding in encodings)
        self.seen += len(given)
