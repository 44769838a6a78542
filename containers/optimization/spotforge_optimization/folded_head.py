"""The cutpoints, read back out of the exported graph: the last layer's bias is -theta (§3 `decode`)."""

from typing import Any

import numpy as np


def cutpoints_of(model: Any, *, ascending: bool = True) -> list[float]:
    """theta[0] … theta[K-2] of a loaded ModelProto, from the bias of the layer that makes its first output.

    ValueError when that layer is no linear one with a constant bias, or when the cutpoints do not ascend and should.
    """
    from onnx import numpy_helper

    weights = {item.name: item for item in model.graph.initializer}
    output = model.graph.output[0].name
    node = next((node for node in model.graph.node if output in node.output), None)
    bias = next((name for name in reversed(node.input) if name in weights), None) if node is not None else None
    if node is None or node.op_type not in ("Gemm", "Add") or bias is None or len(weights[bias].dims) != 1:
        made_by = "nothing" if node is None else node.op_type
        raise ValueError(f"the output {output} is made by {made_by}, not by a linear layer with a constant bias")
    cutpoints = -numpy_helper.to_array(weights[bias]).astype(np.float64)
    if not (np.isfinite(cutpoints).all() and (not ascending or (np.diff(cutpoints) > 0).all())):
        raise ValueError(f"the cutpoints {cutpoints.tolist()} do not ascend")
    return [float(value) for value in cutpoints]
