"""Any runtime answers batches, and the same comparison judges it: here onnxruntime, PyTorch and a command."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from containers.optimization.conftest import Trained
from spotforge_optimization.onnx_session import open_model
from spotforge_optimization.parity_outputs import Arrays, compare_outputs
from spotforge_optimization.parity_runtimes import CommandRuntime, OnnxRuntime, PyTorchRuntime, answers_to
from spotforge_optimization.tolerance import Tolerance
from spotforge_runtime.errors import StageError

BATCH = {
    "input_ids": np.array([[1, 5, 2], [1, 2, 0]], dtype=np.int64),
    "attention_mask": np.array([[1, 1, 1], [1, 1, 0]], dtype=np.int64),
    "token_type_ids": np.zeros((2, 3), dtype=np.int64),
}
# Reads the first file, asks onnxruntime as a server would, and writes the second.
PROGRAM = """
import sys, numpy, onnxruntime
model, given, answered = sys.argv[1:]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
inputs = dict(numpy.load(given))
numpy.savez(answered, logits=session.run(["logits"], {item.name: inputs[item.name] for item in session.get_inputs()})[0])
"""


def test_pytorch_onnxruntime_and_a_command_are_compared_by_the_same_function(trained: Trained, onnx_file: Path) -> None:
    onnx = OnnxRuntime(open_model(onnx_file, 1))
    pytorch = PyTorchRuntime(trained.folder, "text-ordinal", onnx.inputs, 1)
    command = CommandRuntime([sys.executable, "-c", PROGRAM, str(onnx_file)])
    reference = pytorch.answer(BATCH)
    for runtime in (onnx, command):
        found = compare_outputs(reference, runtime.answer(BATCH), Tolerance(1e-5, 1e-5))
        assert found.passed, found.says


def a_command(program: str, **options: float) -> CommandRuntime:
    return CommandRuntime([sys.executable, "-c", program], **options)


@pytest.mark.parametrize(
    ("runtime", "says"),
    [
        (a_command("import sys; sys.exit('no such model')"), "ended with exit code 1: no such model"),
        (a_command("print('well, nothing')"), "left no arrays: well, nothing"),
        (a_command("import sys; open(sys.argv[2], 'w').write('text')"), "left no arrays"),
        (a_command("import time; time.sleep(60)", timeout_seconds=0.2), "did not answer within 0.2 s"),
        (CommandRuntime(["/no/such/program"]), "could not be started"),
    ],
)
def test_a_command_that_fails_says_how(runtime: CommandRuntime, says: str) -> None:
    with pytest.raises(StageError, match=says):
        runtime.answer(BATCH)


class Answering:
    """Answers what the test planned, batch by batch."""

    def __init__(self, *answers: dict[str, np.ndarray]) -> None:
        self._answers = list(answers)

    def answer(self, inputs: Arrays) -> dict[str, np.ndarray]:
        return self._answers.pop(0)


BATCHES = [np.array([2, 0]), np.array([1])]


def asked(*answers: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return answers_to(Answering(*answers), lambda _rows: {}, BATCHES)


def test_the_rows_of_all_batches_come_back_in_their_order() -> None:
    done: list[int] = []
    runtime = Answering({"logits": np.array([[2.0], [0.0]])}, {"logits": np.array([[1.0]])})
    whole = answers_to(runtime, lambda _rows: {}, BATCHES, done.append)
    assert whole["logits"].tolist() == [[0.0], [1.0], [2.0]]
    assert done == [2, 3]


def test_outputs_that_change_from_batch_to_batch_are_refused() -> None:
    two = np.zeros((2, 1))
    with pytest.raises(ValueError, match="the outputs logits of every batch, got scores"):
        asked({"logits": two}, {"scores": np.zeros((1, 1))})
    with pytest.raises(ValueError, match=r"logits of shape \(1, 1\), got \(1, 2\)"):
        asked({"logits": two}, {"logits": np.zeros((1, 2))})
    with pytest.raises(ValueError, match=r"logits of shape \(2, 1\), got \(3, 1\)"):
        asked({"logits": np.zeros((3, 1))})


def test_weights_that_are_not_the_models_are_refused(trained: Trained) -> None:
    pytorch = PyTorchRuntime(trained.folder, "text-ordinal", list(BATCH), 1)
    with pytest.raises(ValueError, match=r"no weights of\.another\.model"):
        pytorch.take_weights({"of.another.model": np.zeros(3, dtype=np.float32)})


def test_a_picture_model_is_asked_by_its_own_class(tmp_path: Path) -> None:
    from transformers import ViTConfig, ViTForImageClassification

    configuration = ViTConfig(
        image_size=8, patch_size=4, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, num_labels=5
    )
    ViTForImageClassification(configuration).save_pretrained(tmp_path, safe_serialization=True)
    runtime = PyTorchRuntime(tmp_path, "image-ordinal", ["pixel_values"], 1)
    answers = runtime.answer({"pixel_values": np.zeros((2, 3, 8, 8), dtype=np.float32)})
    assert {name: array.shape for name, array in answers.items()} == {"logits": (2, 5)}
