"""Moves what makes activations hard to quantise into the weights (Xiao et al. 2023, "SmoothQuant", eq. 3 and 4).

Channel j of a layer's input is divided by s[j] = max|x[j]|^a / max|w[j]|^(1-a), and row j of the weights multiplied by it: the
float model computes the same, and no channel sticks out as far. The division is a node of its own. Folding it into the
LayerNorm before, as the paper does, would change the residual stream, which reads the same tensor in a BERT; and there is no
LayerNorm before a feed-forward network's second layer, where most of the loss arises.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spotforge_optimization.encoding import Batch
from spotforge_optimization.weight_layers import WeightLayer

STRENGTH = 0.5  # a: half of the difficulty each, the paper's own choice for encoders
LEAST = 1e-5
Channels = npt.NDArray[np.float64]


def channel_maxima(model: Any, tensors: Sequence[str], batches: Iterable[Batch], threads: int) -> dict[str, Channels]:
    """max|x[j]| of each named tensor over all rows and tokens; its last axis is the channels."""
    import onnx
    import onnxruntime

    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    del watched.graph.output[:]
    watched.graph.output.extend(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in tensors)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(watched.SerializeToString(), options, providers=["CPUExecutionProvider"])
    inputs = [item.name for item in session.get_inputs()]
    largest: dict[str, Channels] = {}
    for batch in batches:
        for name, values in zip(tensors, session.run(list(tensors), {name: batch[name] for name in inputs}), strict=True):
            here = np.abs(values.reshape(-1, values.shape[-1])).max(axis=0).astype(np.float64)
            largest[name] = np.maximum(here, largest.get(name, here))
    return largest


def smoothed(model: Any, layers: Sequence[WeightLayer], maxima: Mapping[str, Channels], file: Path) -> Path:
    """Writes the float model with every named layer's input and weights rescaled. All layers that read a tensor share its
    scale. Layers are MatMuls with weights of shape (channels, outputs)."""
    import onnx
    from onnx import helper, numpy_helper

    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    names = {layer.name for layer in layers}
    weights = {item.name: item for item in changed.graph.initializer}
    readers: dict[str, list[Any]] = {}
    nodes = []
    for node in changed.graph.node:
        if node.name in names and node.op_type == "MatMul":
            readers.setdefault(node.input[0], []).append(node)
    scaled: set[str] = set()
    scales = {tensor: _scale(maxima[tensor], [weights[node.input[1]] for node in nodes]) for tensor, nodes in readers.items()}
    for node in changed.graph.node:
        tensor = node.input[0] if node.input else ""
        if node in readers.get(tensor, []):
            if tensor not in scaled:
                scaled.add(tensor)
                factor = numpy_helper.from_array((1 / scales[tensor]).astype(np.float32), f"{tensor}/smoothing")
                changed.graph.initializer.append(factor)
                nodes.append(helper.make_node("Mul", [tensor, factor.name], [f"{tensor}/smoothed"], f"{tensor}/smooth"))
            stored = weights[node.input[1]]
            values = numpy_helper.to_array(stored) * scales[tensor].astype(np.float32)[:, np.newaxis]
            stored.CopyFrom(numpy_helper.from_array(values, stored.name))
            node.input[0] = f"{tensor}/smoothed"
        nodes.append(node)
    copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del changed.graph.node[:]
    changed.graph.node.extend(copies)
    file.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(changed, str(file))
    return file


def _scale(largest: Channels, weights: Sequence[Any]) -> Channels:
    """s, of one tensor and all the weights that multiply it; 1 for a channel that is never anything but 0."""
    from onnx import numpy_helper

    rows = np.max([np.abs(numpy_helper.to_array(each)).max(axis=1) for each in weights], axis=0).astype(np.float64)
    scale = np.maximum(largest, LEAST) ** STRENGTH / np.maximum(rows, LEAST) ** (1 - STRENGTH)
    return np.where(largest > 0, np.maximum(scale, LEAST), 1.0)
