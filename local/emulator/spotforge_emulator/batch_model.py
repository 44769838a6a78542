"""Batch's request and response shapes, from botocore's copy of AWS's service model: the one place that says how Batch's members
are written on the wire, in CloudFormation templates and in state machines."""

from typing import Any

from spotforge_emulator import service_models


class UnknownMemberError(Exception):
    """A member that the shape does not have, with its path."""


def service_model() -> dict[str, Any]:
    """Batch's model."""
    return service_models.service_model("batch")


def operation_path(operation: str) -> str:
    """`SubmitJob` → `/v1/submitjob`. KeyError when Batch has no such operation."""
    path: str = service_model()["operations"][operation]["http"]["requestUri"]
    return path


def input_shape(operation: str) -> str:
    """The name of an operation's request shape."""
    name: str = service_model()["operations"][operation]["input"]["shape"]
    return name


def output_shape(operation: str) -> str:
    """The name of an operation's response shape."""
    name: str = service_model()["operations"][operation]["output"]["shape"]
    return name


def members(shape: str) -> dict[str, Any]:
    """Member name → its description, of a structure."""
    found: dict[str, Any] = service_model()["shapes"][shape]["members"]
    return found


def to_wire(value: Any, shape: str, *, ignore: frozenset[str] = frozenset(), where: str = "") -> Any:
    """PascalCase → the wire's camelCase, along the model: keys of maps (tags, parameters) stay as they are, and text becomes the
    number or truth value that the model asks for, as CloudFormation does. Members in `ignore` are left out at the top level.

    Raises UnknownMemberError for a member that the model does not know in PascalCase."""
    described = service_model()["shapes"][shape]
    kind = described["type"]
    if kind == "structure" and isinstance(value, dict):
        wanted = {_pascal(name): name for name in described["members"]}
        converted = {}
        for name, inner in value.items():
            if name in ignore:
                continue
            if name not in wanted:
                raise UnknownMemberError(f"{where}{name}")
            wire = wanted[name]
            converted[wire] = to_wire(inner, described["members"][wire]["shape"], where=f"{where}{name}.")
        return converted
    if kind == "list" and isinstance(value, list):
        return [to_wire(inner, described["member"]["shape"], where=f"{where}{index}.") for index, inner in enumerate(value)]
    if kind == "map" and isinstance(value, dict):
        return {name: to_wire(inner, described["value"]["shape"], where=f"{where}{name}.") for name, inner in value.items()}
    if kind in ("integer", "long") and isinstance(value, str) and value.strip("-").isdigit():
        return int(value)
    if kind == "boolean" and isinstance(value, str):
        return value.lower() == "true"
    if kind == "string" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value


def from_wire(value: Any, shape: str) -> Any:
    """The wire's camelCase → PascalCase along the model; members that it does not know are left out."""
    described = service_model()["shapes"][shape]
    kind = described["type"]
    if kind == "structure" and isinstance(value, dict):
        return {
            _pascal(name): from_wire(value[name], member["shape"])
            for name, member in described["members"].items()
            if value.get(name) is not None
        }
    if kind == "list" and isinstance(value, list):
        return [from_wire(inner, described["member"]["shape"]) for inner in value]
    if kind == "map" and isinstance(value, dict):
        return {name: from_wire(inner, described["value"]["shape"]) for name, inner in value.items()}
    return value


def _pascal(name: str) -> str:
    return name[0].upper() + name[1:]
