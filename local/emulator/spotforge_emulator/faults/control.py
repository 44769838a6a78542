"""The control routes: `{endpoint}/_spotforge/…`, JSON in and out. They stand before everything that speaks AWS, so that no
AWS operation can reach them, no signature is needed and no fault stops them."""

import ipaddress
import json
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from spotforge_emulator.faults.faults import Faults
from spotforge_emulator.faults.rules import (
    DoubledEvents,
    FailingFunctions,
    FiredSchedules,
    LostEvents,
    PausedSchedules,
    RefusedCalls,
)

PREFIX = "/_spotforge/"
RULES: dict[str, type[Any]] = {
    "services/refuse": RefusedCalls,
    "functions/fail": FailingFunctions,
    "events/drop": LostEvents,
    "events/double": DoubledEvents,
    "schedules/pause": PausedSchedules,
}
ROUTES = (*(f"POST {route}" for route in RULES), "POST schedules/fire", "GET faults", "DELETE faults")
MOST_BODY_BYTES = 64 * 1024

Scope = MutableMapping[str, Any]
Application = Callable[..., Awaitable[None]]


class ControlError(Exception):
    """A request that is refused: the status and the sentence of the answer."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def with_control_routes(application: Application, faults: Faults, fire: Callable[[str], list[str]]) -> Application:
    """The application with the control routes before it. `fire` fires the schedule rules of a pattern and names them."""

    async def controlled(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not str(scope["path"]).startswith(PREFIX):
            await application(scope, receive, send)
            return
        try:
            refuse_strangers(scope)
            status, document = HTTPStatus.OK, answer(scope, await read_body(receive), faults, fire)
        except ControlError as error:
            status, document = error.status, {"message": str(error)}
        body = json.dumps(document).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": int(status), "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return controlled


def answer(scope: Scope, body: bytes, faults: Faults, fire: Callable[[str], list[str]]) -> dict[str, Any]:
    """What the route answers."""
    method, route = str(scope["method"]), str(scope["path"]).removeprefix(PREFIX)
    match f"{method} {route}":
        case "GET faults":
            return {"faults": faults.describe({rule: name for name, rule in RULES.items()})}
        case "DELETE faults":
            faults.forget()
            return {}
        case "POST schedules/fire":
            pattern: str = parse(FiredSchedules, route, body).rule_name_pattern
            if not (fired := fire(pattern)):
                raise ControlError(HTTPStatus.BAD_REQUEST, f"No enabled schedule rule is called {pattern}: see ListRules.")
            return {"fired": fired}
        case _ if method == "POST" and route in RULES:
            faults.plant(parse(RULES[route], route, body))
            return {}
    raise ControlError(HTTPStatus.NOT_FOUND, f"There is no {method} {PREFIX}{route}, only {', '.join(ROUTES)}.")


def parse(kind: type[Any], route: str, body: bytes) -> Any:
    """The body as this kind of rule; what is wrong with it is named by its key."""
    # Loaded by the first fault, not by every start.
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(kind).validate_json(body or b"{}")
    except ValidationError as error:
        wrong = [
            ": ".join([*filter(None, [".".join(map(str, each["loc"]))]), each["msg"].removeprefix("Value error, ")])
            for each in error.errors(include_url=False)
        ]
        raise ControlError(HTTPStatus.BAD_REQUEST, f"{route}: {'; '.join(wrong)}") from error


def refuse_strangers(scope: Scope) -> None:
    """Only programs of this machine. The listener is bound to 127.0.0.1 anyway; a web page in a browser of this machine is a
    stranger all the same: it comes with an Origin, or by a name that was made to resolve to 127.0.0.1."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    client = (scope.get("client") or ("",))[0]
    host = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
    if not (is_loopback(client) and is_loopback(host)) or "origin" in headers:
        raise ControlError(HTTPStatus.FORBIDDEN, "The control routes answer only programs of this machine, at 127.0.0.1.")


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


async def read_body(receive: Any) -> bytes:
    """The request's body, which is short."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BODY_BYTES:
            raise ControlError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body has at most {MOST_BODY_BYTES} bytes.")
        if not message.get("more_body"):
            return bytes(body)
