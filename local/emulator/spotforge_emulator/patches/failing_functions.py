"""Invocations that a fault rule fails (`functions/fail`). A throttle is answered where Lambda answers it, before the function is
reached, so that whoever invokes asynchronously sees it too; a throw counts as the function's own unhandled error."""

import contextvars
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ministack.services import lambda_svc

from spotforge_emulator.faults.faults import Faults
from spotforge_emulator.faults.pattern import matches
from spotforge_emulator.faults.rules import FailingFunctions
from spotforge_emulator.private_name import private, replace

THROTTLE = "Rate Exceeded."
# Asynchronous invocations that Lambda has accepted: a throttle rule does not concern them any more.
_accepted: contextvars.ContextVar[bool] = contextvars.ContextVar("spotforge_accepted_invocation", default=False)


@contextmanager
def accepted_invocation() -> Iterator[None]:
    """What runs inside was accepted with 202."""
    token = _accepted.set(True)
    try:
        yield
    finally:
        _accepted.reset(token)


def throttles(faults: Faults, function_name: str) -> bool:
    """Whether Lambda refuses this invocation; uses up one of the rule's times."""
    return (
        faults.take(FailingFunctions, lambda rule: rule.how == "throttle" and matches(rule.function_name_pattern, function_name))
        is not None
    )


def throws(faults: Faults, function_name: str) -> bool:
    """Whether this invocation ends with an unhandled error; uses up one of the rule's times."""
    return (
        faults.take(FailingFunctions, lambda rule: rule.how == "throw" and matches(rule.function_name_pattern, function_name))
        is not None
    )


def apply(faults: Faults) -> None:
    throttled = private(lambda_svc, "_throttle_response")

    def execute(function: dict[str, Any], event: Any) -> dict[str, Any]:
        name = str((function.get("config") or function).get("FunctionName", ""))
        if not _accepted.get() and throttles(faults, name):
            refused: dict[str, Any] = throttled("ReservedFunctionConcurrentInvocationLimitExceeded", THROTTLE)
            return refused
        if throws(faults, name):
            return unhandled()
        answer: dict[str, Any] = execute_function(function, event)
        return answer

    execute_function = replace(lambda_svc, "_execute_function", execute)

    async def invoke(name: str, event: Any, headers: dict[str, str], *arguments: Any, **options: Any) -> Any:
        lower = {key.lower(): value for key, value in headers.items()}
        if lower.get("x-amz-invocation-type") == "Event" and throttles(faults, name):
            body = throttled("ReservedFunctionConcurrentInvocationLimitExceeded", THROTTLE)["body"]
            headers = {"Content-Type": "application/json", "x-amzn-errortype": "TooManyRequestsException"}
            return 429, headers, json.dumps(body).encode()
        return await invoke_function(name, event, headers, *arguments, **options)

    invoke_function = replace(lambda_svc, "_invoke", invoke)


def unhandled() -> dict[str, Any]:
    """As a Node function's error: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html"""
    message = "Thrown by a fault of the local tier."
    error = {"errorType": "Error", "errorMessage": message, "trace": [f"Error: {message}"]}
    return {"error": True, "function_error": "Unhandled", "body": error, "log": f"ERROR {message}"}
