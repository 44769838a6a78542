"""How many texts are longer than the model will see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from spotforge_runtime.errors import InvalidInput

BATCH = 1000


def count_truncated(
    texts: Sequence[str], tokenizer_file: Path, max_length: int, on_texts: Callable[[int], None] = lambda _: None
) -> int:
    """Texts with more than `max_length` tokens, special tokens counted. InvalidInput when the tokenizer cannot be read."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(tokenizer_file))
    except Exception as error:  # the library raises bare Exception
        raise InvalidInput(
            f"The base model's tokenizer.json cannot be read: {error}.",
            where="model.base",
            remedy="Save the tokenizer again with the version of tokenizers that made it.",
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    truncated = 0
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        truncated += sum(len(encoding) > max_length for encoding in tokenizer.encode_batch_fast(list(batch)))
        on_texts(len(batch))
    return truncated
