"""Finds the linear layers of an encoder by the structure of its graph, so that quantisation knows no model's names.

A weight layer is a MatMul or Gemm with a two-dimensional initializer as its second input. What contracts (more inputs than
outputs) is a feed-forward network's second layer (FFN2); whatever follows the last of those belongs to the head (pooler,
classifier). MatMuls of two activations (attention) are no weight layers.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["attention in", "attention out", "feed-forward in", "feed-forward out"]


@dataclass(frozen=True)
class WeightLayer:
    """`name` is the node's, `reads` the activation that it multiplies, of `entering` channels into `leaving`."""

    name: str
    reads: str
    entering: int
    leaving: int

    @property
    def multiplications(self) -> int:
        """For each token: what it costs in float, and what quantising it makes cheaper."""
        return self.entering * self.leaving


@dataclass(frozen=True)
class WeightLayers:
    """In the order of the graph, which ONNX requires to be topological. `body` is all before the head."""

    body: tuple[WeightLayer, ...]
    head: tuple[WeightLayer, ...]


@dataclass(frozen=True)
class LayerGroup:
    """Layers that are quantised, or left in float, together."""

    kind: Kind
    layers: tuple[WeightLayer, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(layer.name for layer in self.layers)

    @property
    def reads(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(layer.reads for layer in self.layers))

    @property
    def multiplications(self) -> int:
        return sum(layer.multiplications for layer in self.layers)


def find_weight_layers(model: Any) -> WeightLayers:
    """Of a loaded ModelProto."""
    shapes = {item.name: tuple(item.dims) for item in model.graph.initializer}
    layers: list[WeightLayer] = []
    for node in model.graph.node:
        if node.op_type not in ("MatMul", "Gemm") or len(shapes.get(node.input[1], ())) != 2:
            continue
        rows, columns = shapes[node.input[1]]
        transposed = any(item.name == "transB" and item.i for item in node.attribute)
        entering, leaving = (columns, rows) if transposed else (rows, columns)
        layers.append(WeightLayer(node.name, node.input[0], entering, leaving))
    # A classifier contracts too, but is a Gemm on one vector a row; the body's layers are MatMuls on one vector a token.
    on_tokens = {node.name for node in model.graph.node if node.op_type == "MatMul"}
    contracting = [at for at, layer in enumerate(layers) if layer.entering > layer.leaving and layer.name in on_tokens]
    end = contracting[-1] + 1 if contracting else len(layers)
    return WeightLayers(body=tuple(layers[:end]), head=tuple(layers[end:]))


def group_layers(body: Sequence[WeightLayer], most: int) -> list[LayerGroup]:
    """Layers that read one tensor are one group (query, key and value). Where that makes more than `most` groups, neighbours of
    one kind are merged, so that whoever tries each group pays for no more than that."""
    readers = Counter(layer.reads for layer in body)
    by_tensor: dict[str, list[WeightLayer]] = {}
    for layer in body:
        by_tensor.setdefault(layer.reads, []).append(layer)
    by_kind: dict[Kind, list[list[WeightLayer]]] = {}
    for tensor, layers in by_tensor.items():
        by_kind.setdefault(_kind(layers[0], readers[tensor]), []).append(layers)
    per_kind = max(1, most // max(1, len(by_kind)))
    groups = [
        LayerGroup(kind, tuple(layer for layers in band for layer in layers))
        for kind, all_layers in by_kind.items()
        for band in _bands(all_layers, per_kind)
    ]
    order = {layer.name: at for at, layer in enumerate(body)}
    return sorted(groups, key=lambda group: order[group.layers[0].name])


def _kind(layer: WeightLayer, readers: int) -> Kind:
    if readers > 1:
        return "attention in"
    if layer.entering == layer.leaving:
        return "attention out"
    return "feed-forward out" if layer.entering > layer.leaving else "feed-forward in"


def _bands(items: list[list[WeightLayer]], most: int) -> list[list[list[WeightLayer]]]:
    """At most `most` runs of neighbours, as equal in length as can be.

    >>> [len(band) for band in _bands([[]] * 12, 5)]
    [3, 3, 3, 3]
    """
    length = -(-len(items) // most)
    return [items[start : start + length] for start in range(0, len(items), length)]
