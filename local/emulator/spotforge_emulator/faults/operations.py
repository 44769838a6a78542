"""Which operation of a service a request asks for."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from spotforge_emulator.service_models import service_model

# The services of the fault endpoints, by the names that botocore has for them.
BOTOCORE_NAMES = {
    "s3": "s3",
    "dynamodb": "dynamodb",
    "events": "events",
    "states": "stepfunctions",
    "batch": "batch",
    "lambda": "lambda",
}


@dataclass(frozen=True)
class Route:
    """How a REST operation is told from the others."""

    operation: str
    method: str
    path: re.Pattern[str]
    query: tuple[tuple[str, str], ...]
    required_query: tuple[str, ...]
    required_headers: tuple[str, ...]
    variables: int
    deprecated: bool

    def fits(self, method: str, path: str, headers: Mapping[str, str], query: Mapping[str, list[str]]) -> bool:
        return (
            method == self.method
            and self.path.fullmatch(path) is not None
            and all(name in query and (not value or value in query[name]) for name, value in self.query)
            and all(name in query for name in self.required_query)
            and all(name in headers for name in self.required_headers)
        )

    @property
    def particularity(self) -> tuple[int, int, bool]:
        """`?uploads` and a required header tell more than the path alone, a fixed path more than one with variables. Some
        operations of S3 have a deprecated name as well."""
        told = len(self.query) + len(self.required_query) + len(self.required_headers)
        return told, -self.variables, not self.deprecated


def operation_names(service: str) -> frozenset[str]:
    """Every operation of the service, as AWS spells it."""
    return frozenset(service_model(BOTOCORE_NAMES[service])["operations"])


def operation_of(service: str, method: str, path: str, headers: Mapping[str, str], query: Mapping[str, list[str]]) -> str | None:
    """The operation's name, or None for a request that is none of this service's. `headers` are in lower case."""
    if service_model(BOTOCORE_NAMES[service])["metadata"]["protocol"] == "json":
        return headers.get("x-amz-target", "").rpartition(".")[2] or None
    fitting = [route for route in routes(service) if route.fits(method, path, headers, query)]
    return max(fitting, key=lambda route: route.particularity).operation if fitting else None


@functools.cache
def routes(service: str) -> tuple[Route, ...]:
    """The REST routes of a service."""
    model = service_model(BOTOCORE_NAMES[service])
    return tuple(_route(name, operation, model["shapes"]) for name, operation in model["operations"].items())


def _route(name: str, operation: dict[str, Any], shapes: dict[str, Any]) -> Route:
    template, _, fixed = operation["http"]["requestUri"].partition("?")
    given = shapes[operation["input"]["shape"]] if "input" in operation else {}
    required = [given["members"][member] for member in given.get("required", [])]

    def located(place: str) -> tuple[str, ...]:
        return tuple(member["locationName"] for member in required if member.get("location") == place)

    return Route(
        operation=name,
        method=operation["http"]["method"],
        path=_pattern(template),
        query=tuple((key, values[0]) for key, values in parse_qs(fixed, keep_blank_values=True).items()),
        required_query=located("querystring"),
        required_headers=tuple(header.lower() for header in located("header")),
        variables=template.count("{"),
        deprecated=bool(operation.get("deprecated")),
    )


def _pattern(template: str) -> re.Pattern[str]:
    """`/{Bucket}/{Key+}`: a variable is one segment, one with `+` goes on to the end."""
    parts = re.split(r"\{([^}]+)\}", template.rstrip("/"))
    text = "".join(
        re.escape(part) if index % 2 == 0 else (".+" if part.endswith("+") else "[^/]+") for index, part in enumerate(parts)
    )
    return re.compile(f"{text}/?")
