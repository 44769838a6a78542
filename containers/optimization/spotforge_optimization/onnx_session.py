"""onnxruntime on the CPU, with the thread count of the spec, and whole data sets through it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spotforge_optimization.encoding import TOKEN_INPUTS, Batch, EncodedTexts, Ids, length_batches

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Logits = npt.NDArray[np.float32]
LOGITS = "logits"


@dataclass(frozen=True)
class OnnxModel:
    session: "InferenceSession"
    inputs: tuple[str, ...]

    def logits(self, batch: Batch) -> Logits:
        """float32, shape (rows, K-1); the batch may hold more inputs than the model asks for."""
        result = self.session.run([LOGITS], {name: batch[name] for name in self.inputs})[0]
        return np.asarray(result, dtype=np.float32)


def open_model(file: Path, threads: int) -> OnnxModel:
    """A model of this package's export contract; ValueError names the input that no tokenizer gives."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)  # constant folding warns about harmless shape nodes
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    inputs = tuple(item.name for item in session.get_inputs())
    unknown = sorted(set(inputs) - set(TOKEN_INPUTS))
    if unknown:
        raise ValueError(f"{file.name}: expected inputs among {', '.join(TOKEN_INPUTS)}, got {', '.join(unknown)}")
    return OnnxModel(session=session, inputs=inputs)


def all_logits(
    run: Callable[[Batch], Logits],
    texts: EncodedTexts,
    batches: Sequence[Ids],
    after_batch: Callable[[int], None] = lambda _done: None,
) -> Logits:
    """Runs every batch and puts the rows back in their order: float32, shape (len(texts), K-1).

    `batches` must cover every row once. `after_batch` gets the number of rows done.
    """
    result: Logits | None = None
    done = 0
    for rows in batches:
        logits = run(texts.batch(rows))
        if result is None:
            result = np.full((len(texts), logits.shape[1]), np.nan, dtype=np.float32)
        result[rows] = logits
        done += len(rows)
        after_batch(done)
    if result is None:
        raise ValueError("expected at least one row")
    return result


def in_order_of_length(texts: EncodedTexts, batch_size: int) -> list[Ids]:
    return list(length_batches(texts.lengths, batch_size))
