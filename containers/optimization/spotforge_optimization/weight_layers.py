"""Finds the linear layers of an encoder by the structure of its graph, so that recipes know no model's names.

A weight layer is a MatMul or Gemm with a two-dimensional initializer as its second input. What contracts (more inputs than
outputs) is a feed-forward network's second layer (FFN2); whatever follows the last of those belongs to the head (pooler,
classifier). MatMuls of two activations (attention) are no weight layers.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class WeightLayers:
    """Node names in the order of the graph, which ONNX requires to be topological."""

    body: tuple[str, ...]
    contracting: tuple[str, ...]
    head: tuple[str, ...]

    @property
    def early_contracting(self) -> tuple[str, ...]:
        """Those of the first half of the layers."""
        return self.contracting[: (len(self.contracting) + 1) // 2]


def find_weight_layers(model: Any) -> WeightLayers:
    """Of a loaded ModelProto. `body` holds all weight layers before the head, the contracting ones among them."""
    shapes = {item.name: tuple(item.dims) for item in model.graph.initializer}
    layers: list[tuple[str, bool]] = []
    for node in model.graph.node:
        if node.op_type not in ("MatMul", "Gemm") or len(shapes.get(node.input[1], ())) != 2:
            continue
        rows, columns = shapes[node.input[1]]
        transposed = any(item.name == "transB" and item.i for item in node.attribute)
        entering, leaving = (columns, rows) if transposed else (rows, columns)
        layers.append((node.name, entering > leaving))
    # A classifier contracts too, but is a Gemm on one vector a row; the body's layers are MatMuls on one vector a token.
    token_layers = {node.name for node in model.graph.node if node.op_type == "MatMul"}
    contracting = tuple(name for name, contracts in layers if contracts and name in token_layers)
    names = [name for name, _ in layers]
    end = names.index(contracting[-1]) + 1 if contracting else len(names)
    return WeightLayers(body=tuple(names[:end]), contracting=contracting, head=tuple(names[end:]))
