"""Makes two models that take the place of the text fixture's: one that answers otherwise, one that answers as well but slowly.

python containers/inference/tests/server/models/make_models.py    (writes beside itself)

To be run again after a change of the text fixture, whose model both begin with.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

HERE = Path(__file__).parent
TEXT = HERE.parents[4] / "test/fixtures/inference/text/fp32/model.onnx"
SHIFT = -4.0  # of every logit: nearly all scores fall to the lowest class
SIDE = 1024  # of the square that is multiplied with itself: some 20 to 50 milliseconds on one core


def drifted() -> onnx.ModelProto:
    model = onnx.load(TEXT)
    (bias,) = (tensor for tensor in model.graph.initializer if tensor.name == "head_bias")
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + np.float32(SHIFT), "head_bias"))
    return model


def slow() -> onnx.ModelProto:
    """The same logits, plus zero times the mean of a product that depends on the input, so that nobody computes it beforehand."""
    model = onnx.load(TEXT)
    graph = model.graph
    for node in graph.node:
        for place, name in enumerate(node.output):
            if name == "logits":
                node.output[place] = "quick_logits"
    graph.initializer.extend(
        [
            numpy_helper.from_array(np.array([SIDE, SIDE], dtype=np.int64), "square"),
            numpy_helper.from_array(np.array(0, dtype=np.float32), "nothing"),
        ]
    )
    graph.node.extend(
        [
            helper.make_node("ReduceMean", ["quick_logits"], ["seed"], keepdims=1),
            helper.make_node("Expand", ["seed", "square"], ["wide"]),
            helper.make_node("MatMul", ["wide", "wide"], ["product"]),
            helper.make_node("ReduceMean", ["product"], ["average"], keepdims=0),
            helper.make_node("Mul", ["average", "nothing"], ["zero"]),
            helper.make_node("Add", ["quick_logits", "zero"], ["logits"]),
        ]
    )
    return model


def main() -> None:
    for name, model in {"drifted": drifted(), "slow": slow()}.items():
        onnx.checker.check_model(model)
        (HERE / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
