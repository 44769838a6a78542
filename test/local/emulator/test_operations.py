"""The operation of a request is told from what an SDK sends for it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.session
import pytest
from botocore.serialize import create_serializer
from spotforge_emulator.faults.operations import BOTOCORE_NAMES, operation_names, operation_of


def least(shape: Any) -> Any:
    """The smallest value that the shape takes: required members only."""
    if shape.type_name == "structure":
        return {name: least(shape.members[name]) for name in shape.required_members}
    if shape.type_name == "list":
        return [least(shape.member)]
    if shape.type_name == "map":
        return {"a": least(shape.value)}
    return {"string": "x", "boolean": True, "blob": b"x", "timestamp": 0}.get(shape.type_name, 1)


@pytest.mark.parametrize("service", sorted(BOTOCORE_NAMES))
def test_every_operation_is_known_by_the_request_that_botocore_makes_for_it(service: str) -> None:
    model = botocore.session.get_session().get_service_model(BOTOCORE_NAMES[service])
    serializer = create_serializer(model.metadata["protocol"], include_validation=False)
    found = {}
    # Directory buckets are listed by the request of ListBuckets, at another host.
    for name in sorted(operation_names(service) - {"ListDirectoryBuckets"}):
        operation = model.operation_model(name)
        if operation.deprecated:
            continue
        request = serializer.serialize_to_request(least(operation.input_shape) if operation.input_shape else {}, operation)
        target = urlsplit(request["url_path"])
        given = {key: value if isinstance(value, list) else [str(value)] for key, value in dict(request["query_string"]).items()}
        query = {**parse_qs(target.query, keep_blank_values=True), **given}
        headers = {key.lower(): str(value) for key, value in request["headers"].items()}
        found[name] = operation_of(service, request["method"], target.path, headers, query)
    assert {name: answer for name, answer in found.items() if answer != name} == {}
