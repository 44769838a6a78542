"""What an ONNX file promises to whoever runs it: opset, names, dtypes, shapes and dynamic axes."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from spotforge_optimization.export_config import ExpectedModel


class Tensor(BaseModel):
    """One input or output. An axis is its name when dynamic, its size as text when fixed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    dtype: str
    axes: tuple[str, ...]


class OnnxContract(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    opset: int
    producer: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    @property
    def logits(self) -> int:
        """The size of the last axis of the first output: K-1, or K with `cross-entropy`."""
        return int(self.outputs[0].axes[-1])


def _tensor(value: Any) -> Tensor:
    from onnx import helper

    shape = value.type.tensor_type
    axes = tuple(axis.dim_param or str(axis.dim_value) for axis in shape.shape.dim)
    return Tensor(name=value.name, dtype=str(helper.tensor_dtype_to_np_dtype(shape.elem_type)), axes=axes)


def read_onnx_contract(model: Any) -> OnnxContract:
    """Of a loaded ModelProto. The opset is that of the default domain."""
    return OnnxContract(
        opset=next((item.version for item in model.opset_import if item.domain in ("", "ai.onnx")), 0),
        producer=f"{model.producer_name} {model.producer_version}".strip(),
        inputs=tuple(_tensor(value) for value in model.graph.input),
        outputs=tuple(_tensor(value) for value in model.graph.output),
    )


def load_structure(file: Path) -> Any:
    """The ModelProto of a file, with those weights that lie inside it."""
    import onnx

    return onnx.load(str(file), load_external_data=False)


def sidecars_of(model: Any) -> tuple[str, ...]:
    """Names of the files beside the model's own that hold weights of it; empty when all lie inside."""
    locations = (entry.value for weights in model.graph.initializer for entry in weights.external_data if entry.key == "location")
    return tuple(sorted(set(locations)))


def differences(contract: OnnxContract, expected: "ExpectedModel", logits: int) -> list[str]:
    """Every way in which a contract is not what the committed configuration expects, as sentences; empty when equal.

    `logits` is how many the model has, taken from its own configuration. Names first, then dtypes and axes.
    """
    found: list[str] = []
    if contract.opset != expected.opset:
        found.append(f"expected opset {expected.opset}, got {contract.opset}")
    names = [tensor.name for tensor in contract.inputs]
    known = (*expected.inputs.required, *expected.inputs.optional)
    found += [
        f"expected an input {name}, got {', '.join(names) or 'none'}" for name in expected.inputs.required if name not in names
    ]
    found += [f"expected inputs among {', '.join(known)}, got {name}" for name in names if name not in known]
    for tensor in contract.inputs:
        found += _tensor_differences("input", tensor, expected.inputs.dtype, expected.inputs.axes)
    outputs = {tensor.name: tensor for tensor in contract.outputs}
    wanted = {tensor.name: tensor for tensor in expected.outputs}
    if list(outputs) != list(wanted):
        found.append(f"expected outputs {', '.join(wanted)}, got {', '.join(outputs)}")
    for name in wanted.keys() & outputs.keys():
        axes = tuple(axis.format(logits=logits) for axis in wanted[name].axes)
        found += _tensor_differences("output", outputs[name], wanted[name].dtype, axes)
    return found


def _tensor_differences(kind: str, tensor: Tensor, dtype: str, axes: tuple[str, ...]) -> list[str]:
    found = []
    if tensor.dtype != dtype:
        found.append(f"{kind} {tensor.name}: expected {dtype}, got {tensor.dtype}")
    if tensor.axes != axes:
        found.append(f"{kind} {tensor.name}: expected axes ({', '.join(axes)}), got ({', '.join(tensor.axes)})")
    return found
