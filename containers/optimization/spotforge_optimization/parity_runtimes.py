"""What answers a batch of inputs: PyTorch, onnxruntime, or any command that reads one npz file and writes another."""

import contextlib
import logging
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from spotforge_runtime.errors import StageError

from spotforge_optimization.onnx_session import OnnxModel
from spotforge_optimization.parity_outputs import Array, Arrays

SHOWN_OUTPUT = 1200


class Runtime(Protocol):
    """Answers every output by its name; the first axis of each is the rows of the batch."""

    def answer(self, inputs: Arrays) -> dict[str, Array]: ...


class OnnxRuntime:
    """onnxruntime on the CPU. A batch may hold more inputs than the model asks for."""

    def __init__(self, model: OnnxModel) -> None:
        self.inputs = model.inputs
        self._session = model.session
        self._outputs = [item.name for item in model.session.get_outputs()]

    def answer(self, inputs: Arrays) -> dict[str, Array]:
        answers = self._session.run(self._outputs, {name: inputs[name] for name in self.inputs})
        return dict(zip(self._outputs, answers, strict=True))


class PyTorchRuntime:
    """A stock Hugging Face classifier on the CPU in float32, fed with exactly what `inputs` names."""

    def __init__(self, folder: Path, task: str, inputs: Sequence[str], threads: int) -> None:
        import torch
        from transformers import AutoModelForImageClassification, AutoModelForSequenceClassification
        from transformers.utils.logging import set_verbosity

        set_verbosity(logging.ERROR)
        auto_class = AutoModelForImageClassification if task == "image-ordinal" else AutoModelForSequenceClassification
        self._threads = threads
        self._inputs = inputs
        self._model = auto_class.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=torch.float32
        ).eval()

    def answer(self, inputs: Arrays) -> dict[str, Array]:
        import torch

        torch.set_num_threads(self._threads)  # OpenMP keeps it by calling thread
        with torch.inference_mode():
            answers = self._model(**{name: torch.from_numpy(inputs[name]) for name in self._inputs})
        return {name: tensor.numpy() for name, tensor in answers.items()}

    def take_weights(self, weights: Mapping[str, Array]) -> None:
        """Answers with these from now on. ValueError when they are not those of this model."""
        import torch

        tensors = {name: torch.from_numpy(np.array(array, dtype=np.float32)) for name, array in weights.items()}
        # Weights that two layers share are stored once, so that some may be missing.
        unknown = self._model.load_state_dict(tensors, strict=False).unexpected_keys
        if unknown:
            raise ValueError(f"the model has no weights {', '.join(sorted(unknown))}")


class CommandRuntime:
    """Any program: called as `command… INPUTS.npz OUTPUTS.npz` for each batch. StageError with the end of what it said when it
    fails or leaves no outputs."""

    def __init__(self, command: Sequence[str], *, timeout_seconds: float = 600) -> None:
        self._command = list(command)
        self._timeout = timeout_seconds

    def answer(self, inputs: Arrays) -> dict[str, Array]:
        with tempfile.TemporaryDirectory(prefix="parity-") as home:
            given, answered = Path(home) / "inputs.npz", Path(home) / "outputs.npz"
            np.savez(given, allow_pickle=False, **dict(inputs))
            said = self._run([*self._command, str(given), str(answered)])
            with contextlib.suppress(OSError, ValueError), np.load(answered, allow_pickle=False) as arrays:
                return {name: arrays[name] for name in arrays.files}
        raise StageError(
            f"{self._command[0]} ended well and left no arrays: {said}",
            where=" ".join(self._command),
            remedy="It is called with two paths: an npz of inputs to read, and an npz of outputs to write.",
        )

    def _run(self, command: list[str]) -> str:
        where = " ".join(self._command)
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=self._timeout, check=False)
        except OSError as error:
            raise StageError(f"{command[0]} could not be started: {error}", where=where) from error
        except subprocess.TimeoutExpired as error:
            raise StageError(f"{command[0]} did not answer within {self._timeout:g} s.", where=where) from error
        said = (done.stderr or done.stdout).strip()[-SHOWN_OUTPUT:]
        if done.returncode:
            raise StageError(f"{command[0]} ended with exit code {done.returncode}: {said}", where=where)
        return said


def answers_to(
    runtime: Runtime,
    batch_of: Callable[[Array], Arrays],
    batches: Sequence[Array],
    after_batch: Callable[[int], None] = lambda _done: None,
) -> dict[str, Array]:
    """Asks batch after batch and puts the rows back in their order. `batches` are row numbers and cover every row once;
    `batch_of` makes the inputs of one; `after_batch` gets the number of rows done.

    ValueError when an output is not one row for each row asked, or changes its shape or its name from batch to batch.
    """
    whole: dict[str, Array] = {}
    rows, done = sum(len(batch) for batch in batches), 0
    for batch in batches:
        answers = runtime.answer(batch_of(batch))
        if not whole:
            whole = {name: np.zeros((rows, *array.shape[1:]), dtype=array.dtype) for name, array in answers.items()}
        if list(answers) != list(whole):
            raise ValueError(f"expected the outputs {', '.join(whole)} of every batch, got {', '.join(answers)}")
        for name, array in answers.items():
            if array.shape != (len(batch), *whole[name].shape[1:]):
                raise ValueError(f"expected {name} of shape {(len(batch), *whole[name].shape[1:])}, got {array.shape}")
            whole[name][batch] = array
        done += len(batch)
        after_batch(done)
    return whole
