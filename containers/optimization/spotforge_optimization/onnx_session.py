"""onnxruntime on the CPU, with the thread count of the spec, and whole data sets through it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spotforge_optimization.encoded_pictures import PICTURE_INPUT
from spotforge_optimization.encoding import TOKEN_INPUTS, Batch, Examples, Ids, length_batches

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Logits = npt.NDArray[np.float32]
LOGITS = "logits"
KNOWN_INPUTS = (*TOKEN_INPUTS, PICTURE_INPUT)


@dataclass(frozen=True)
class OnnxModel:
    session: "InferenceSession"
    inputs: tuple[str, ...]

    def logits(self, batch: Batch) -> Logits:
        """float32, shape (rows, logits); the batch may hold more inputs than the model asks for."""
        result = self.session.run([LOGITS], {name: batch[name] for name in self.inputs})[0]
        return np.asarray(result, dtype=np.float32)


def open_model(model: Path | bytes, threads: int, *, also: tuple[str, ...] = ()) -> OnnxModel:
    """A model of this package's export contract, or its bytes; ValueError names the input that no example, nor `also`, gives."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)  # constant folding warns about harmless shape nodes
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that wait for more work in a loop would take the processor from the model that is timed next.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    source = model if isinstance(model, bytes) else str(model)
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    inputs = tuple(item.name for item in session.get_inputs())
    unknown = sorted(set(inputs) - {*KNOWN_INPUTS, *also})
    if unknown:
        name = "the model" if isinstance(model, bytes) else model.name
        raise ValueError(f"{name}: expected inputs among {', '.join(KNOWN_INPUTS)}, got {', '.join(unknown)}")
    return OnnxModel(session=session, inputs=inputs)


def all_logits(
    run: Callable[[Batch], Logits],
    examples: Examples,
    batches: Sequence[Ids],
    after_batch: Callable[[int], None] = lambda _done: None,
) -> Logits:
    """Runs every batch and puts the rows back in their order: float32, shape (len(examples), logits).

    `batches` must cover every row once. `after_batch` gets the number of rows done.
    """
    result: Logits | None = None
    done = 0
    for rows in batches:
        logits = run(examples.batch(rows))
        if result is None:
            result = np.full((len(examples), logits.shape[1]), np.nan, dtype=np.float32)
        result[rows] = logits
        done += len(rows)
        after_batch(done)
    if result is None:
        raise ValueError("expected at least one row")
    return result


def in_order_of_length(examples: Examples, batch_size: int) -> list[Ids]:
    return list(length_batches(examples.lengths, batch_size))


def onnxruntime_version() -> str:
    import onnxruntime

    return str(onnxruntime.__version__)
