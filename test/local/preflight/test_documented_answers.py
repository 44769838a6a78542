"""The answers that the preflight is tested against, held against AWS's own service models as botocore ships them."""

import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, OperationModel, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

FOLDER = Path(__file__).parents[2] / "fixtures/aws/preflight"
FIXTURES = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
ANSWERS = [(file, name) for file, fixture in FIXTURES.items() for name in fixture["answers"]]
ERRORS = [(file, name) for file, fixture in FIXTURES.items() for name in fixture["errors"]]

# Refusals that any operation may answer, which no model lists.
COMMON_ERRORS = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "InvalidClientTokenId", "ValidationError"}


def operation_of(fixture: dict[str, Any]) -> OperationModel:
    model = botocore.session.get_session().get_service_model(fixture["service"])
    return model.operation_model(fixture["operation"])


def unknown_values(shape: Shape, value: Any, at: str) -> list[str]:
    """Values that an enumeration does not have; the validator leaves them unchecked."""
    if isinstance(shape, StructureShape):
        return [each for key, inner in value.items() for each in unknown_values(shape.members[key], inner, f"{at}.{key}")]
    if isinstance(shape, ListShape):
        return [each for inner in value for each in unknown_values(shape.member, inner, f"{at}[]")]
    known = shape.enum if isinstance(shape, StringShape) else []
    return [f"{at}: {value} is none of the {len(known)} known values"] if known and value not in known else []


def violations(operation: OperationModel, output: dict[str, Any]) -> str:
    """What AWS could not have answered: wrong types, members that do not exist or are missing, unknown enumeration values."""
    shape = operation.output_shape
    assert shape is not None
    report = ParamValidator().validate(output, shape).generate_report()
    return report or "\n".join(unknown_values(shape, output, shape.name))


@pytest.mark.parametrize(("file", "name"), ANSWERS)
def test_is_an_answer_that_the_service_model_allows(file: str, name: str) -> None:
    fixture = FIXTURES[file]
    assert violations(operation_of(fixture), fixture["answers"][name]["output"]) == ""


@pytest.mark.parametrize(("file", "name"), ERRORS)
def test_is_an_error_that_the_operation_has(file: str, name: str) -> None:
    fixture = FIXTURES[file]
    modelled = {shape.metadata.get("error", {}).get("code", shape.name) for shape in operation_of(fixture).error_shapes}
    assert fixture["errors"][name]["name"] in modelled | COMMON_ERRORS


@pytest.mark.parametrize("file", FIXTURES)
def test_every_operation_has_an_answer_out_of_the_documentation(file: str) -> None:
    answers = [*FIXTURES[file]["answers"].values(), *FIXTURES[file]["errors"].values()]
    assert all(("documented" in answer) != ("constructed" in answer) for answer in answers)
    assert any(answer.get("documented", "").startswith("https://docs.aws.amazon.com/") for answer in answers)


@pytest.mark.parametrize(
    ("planted", "says"),
    [
        ({"AvailabilityZones": [{"ZoneNam": "us-east-1a"}]}, "ZoneNam"),
        ({"AvailabilityZones": [{"ZoneName": 1}]}, "Invalid type"),
        ({"AvailabilityZones": [{"State": "asleep"}]}, "asleep is none of the"),
    ],
)
def test_a_made_up_answer_is_found(planted: dict[str, Any], says: str) -> None:
    assert says in violations(operation_of(FIXTURES["ec2-describe-availability-zones"]), planted)
