"""Which layers hurt: each group of them quantised alone, then as many of the worst left in float as fidelity asks for.

All of it in one session. The model carries every layer twice, rounded and in float, and an input of switches says which of the
two counts: trying a group is a pass over a few rows, not another model to quantise, write and load.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from spotforge_runtime.ordinal_decoding import Head, mean_score_delta

from spotforge_optimization.encoding import Batch
from spotforge_optimization.onnx_session import Logits, open_model
from spotforge_optimization.static_int8 import add_initializers, prune
from spotforge_optimization.weight_layers import LayerGroup

SWITCHES = "spotforge/switches"


@dataclass(frozen=True)
class Sensitivity:
    """mean |expected score delta| / (K - 1) with this group alone quantised."""

    group: LayerGroup
    mean_score_delta: float

    @property
    def harm(self) -> float:
        """By multiplication saved: what is worth most in float comes first."""
        return self.mean_score_delta / self.group.multiplications


class SwitchedModel:
    """A model of which each group is quantised or not, at each call."""

    def __init__(self, int8: Any, fp32: Any, groups: Sequence[LayerGroup], threads: int) -> None:
        self._onnx = open_model(with_switches(int8, fp32, groups).SerializeToString(), threads, also=(SWITCHES,))
        self._groups = len(groups)

    def logits(self, batches: Sequence[Batch], quantized: Sequence[int]) -> Logits:
        """Of all batches' rows, one below the other, with the groups of those numbers quantised."""
        switches = np.zeros(self._groups, dtype=np.bool_)
        switches[list(quantized)] = True
        return np.vstack([self._onnx.logits({**batch, SWITCHES: switches}) for batch in batches])


def with_switches(int8: Any, fp32: Any, groups: Sequence[LayerGroup]) -> Any:
    """The quantised model with Where(switch, rounded, float) before each input of every group's layers."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.ModelProto()
    model.CopyFrom(int8)
    group_of = {name: number for number, group in enumerate(groups) for name in group.names}
    originals = {node.name: node for node in fp32.graph.node if node.name in group_of}
    add_initializers(model, fp32, {name for node in originals.values() for name in node.input})
    model.graph.input.append(helper.make_tensor_value_info(SWITCHES, TensorProto.BOOL, [len(groups)]))
    nodes: list[Any] = []
    for number in range(len(groups)):
        index = numpy_helper.from_array(np.asarray(number, dtype=np.int64), f"{SWITCHES}/{number}/index")
        model.graph.initializer.append(index)
        nodes.append(helper.make_node("Gather", [SWITCHES, index.name], [f"{SWITCHES}/{number}"], f"{SWITCHES}/{number}"))
    rounded_weights = _rounded_weights(model)
    for node in model.graph.node:
        if node.name in group_of:
            switch = f"{SWITCHES}/{group_of[node.name]}"
            for at, (rounded, original) in enumerate(zip(list(node.input), originals[node.name].input, strict=True)):
                if rounded in rounded_weights:
                    model.graph.initializer.append(numpy_helper.from_array(rounded_weights[rounded], f"{rounded}/float"))
                    rounded = f"{rounded}/float"
                chosen = f"{node.name}/{at}/chosen"
                nodes.append(helper.make_node("Where", [switch, rounded, original], [chosen], chosen))
                node.input[at] = chosen
        nodes.append(node)
    copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copies)
    prune(model)
    return model


def _rounded_weights(model: Any) -> dict[str, Any]:
    """What each weight is once it was rounded, computed here: the session would compute all of them anew at every call."""
    from onnx import numpy_helper

    stored = {item.name: item for item in model.graph.initializer}
    found: dict[str, Any] = {}
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and all(name in stored for name in node.input):
            values, scale, zero = (numpy_helper.to_array(stored[name]) for name in node.input)
            axis = next((item.i for item in node.attribute if item.name == "axis"), 1)
            shape = [-1 if at == axis % values.ndim else 1 for at in range(values.ndim)] if scale.ndim else []
            found[node.output[0]] = (values.astype(np.float32) - zero.reshape(shape).astype(np.float32)) * scale.reshape(shape)
    return found


def sensitivities(
    model: SwitchedModel,
    groups: Sequence[LayerGroup],
    batches: Sequence[Batch],
    reference: Logits,
    head: Head,
    before_each: Callable[[], None] = lambda: None,
) -> list[Sensitivity]:
    """Of every group, the most harmful first; `reference` are FP32's logits of the same batches."""
    found = []
    for number, group in enumerate(groups):
        before_each()
        found.append(Sensitivity(group, mean_score_delta(model.logits(batches, [number]), reference, head)))
    return sorted(found, key=lambda each: -each.harm)


def choose_float_groups(
    model: SwitchedModel,
    groups: Sequence[LayerGroup],
    worst_first: Sequence[Sensitivity],
    batches: Sequence[Batch],
    reference: Logits,
    head: Head,
    *,
    target: float,
) -> tuple[LayerGroup, ...]:
    """The shortest run of the most harmful groups without which the rest stays within `target`, found by bisection.

    At least one group stays quantised, whatever that costs: a static INT8 model is always built.
    """
    number_of = {group.names: number for number, group in enumerate(groups)}
    order = [number_of[each.group.names] for each in worst_first]

    def within(excluded: int) -> bool:
        return mean_score_delta(model.logits(batches, order[excluded:]), reference, head) <= target

    low, high = 0, len(order) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if within(middle) else (middle + 1, high)
    return tuple(each.group for each in worst_first[:low])
