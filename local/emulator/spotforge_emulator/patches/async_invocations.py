"""Asynchronous invocations in stock count a throttle like an error of the function and give up after three, send the function's
dead-letter queue a record instead of the event, and leave members out of the on-failure record. AWS keeps a throttled event until
its age is exceeded. A minute of AWS's waiting between two tries of a failing function is a second here.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""

import contextvars
import json
import logging
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ministack import app
from ministack.services import lambda_svc

from spotforge_emulator.patches.event_permissions import role_allows
from spotforge_emulator.patches.failing_functions import accepted_invocation
from spotforge_emulator.patches.queue_messages import NoQueueError, send
from spotforge_emulator.private_name import private, replace

RETRIES = 2
MAX_AGE_SECONDS = 21_600
FIRST_WAIT_SECONDS = 1.0
# AWS waits up to five minutes.
LONGEST_WAIT_SECONDS = 30.0
MOST_MESSAGE_BYTES = 1024

logger = logging.getLogger("spotforge.emulator")


@dataclass
class Invocation:
    """One event on its way to one function."""

    function: dict[str, Any]
    event: Any
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: float = field(default_factory=time.monotonic)
    errors: int = 0
    throttles: int = 0

    @property
    def configuration(self) -> dict[str, Any]:
        """The function's EventInvokeConfig."""
        found = self.function.get("event_invoke_config") or (self.function.get("event_invoke_configs") or {}).get("$LATEST")
        return dict(found or {})

    @property
    def retries(self) -> int:
        given = self.configuration.get("MaximumRetryAttempts")
        return RETRIES if given is None else int(given)

    @property
    def max_age(self) -> int:
        return int(self.configuration.get("MaximumEventAgeInSeconds") or MAX_AGE_SECONDS)

    def wait_after(self, answer: dict[str, Any]) -> float | None:
        """Seconds until the next try after this failure; None when all tries of a failing function are used up."""
        if answer.get("throttle"):
            self.throttles += 1
            return float(min(FIRST_WAIT_SECONDS * 2 ** (self.throttles - 1), LONGEST_WAIT_SECONDS))
        self.errors += 1
        return None if self.errors > self.retries else FIRST_WAIT_SECONDS * self.errors


def apply() -> None:
    replace(lambda_svc, "invoke_async_with_retry", invoke)


def invoke(function: dict[str, Any], event: Any) -> None:
    """Accepts the event and returns; a thread brings it to the function."""
    context = contextvars.copy_context()
    invocation = Invocation(function, event)
    threading.Thread(target=context.run, args=(work_through, invocation), daemon=True, name="async-invocation").start()


def work_through(invocation: Invocation) -> None:
    """Tries until the function is done with the event, has failed too often, or the event is too old."""
    execute = private(lambda_svc, "_execute_function_with_config_scope")
    while True:
        with accepted_invocation():
            answer: dict[str, Any] = execute(invocation.function, invocation.event)
        if not answer.get("error"):
            return
        wait = invocation.wait_after(answer)
        if wait is None:
            give_up(invocation, answer, "RetriesExhausted")
            return
        if time.monotonic() - invocation.started + wait > invocation.max_age:
            give_up(invocation, answer, "EventAgeExceeded")
            return
        time.sleep(wait)
        invocation.function = as_it_is_now(invocation.function)


def as_it_is_now(function: dict[str, Any]) -> dict[str, Any]:
    """The function's record anew: its code and its concurrency may have changed between two tries."""
    arn = (function.get("config") or function).get("FunctionArn", "")
    found, config, _ = private(lambda_svc, "_get_func_record_for_ref")(arn)
    record: dict[str, Any] = private(lambda_svc, "_execution_record_for_config")(found, config) if found and config else function
    return record


def give_up(invocation: Invocation, answer: dict[str, Any], condition: str) -> None:
    """To the on-failure destination, and to the dead-letter queue, whichever the function has."""
    config = invocation.function.get("config") or invocation.function
    destination = ((invocation.configuration.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    queue = (config.get("DeadLetterConfig") or {}).get("TargetArn")
    body = answer.get("body")
    if destination and ":sqs:" in destination:
        deliver(config, destination, json.dumps(record(invocation, answer, condition)), {})
    elif destination:
        private(lambda_svc, "_route_async_failure")(destination, config.get("FunctionName", ""), invocation.event, answer)
    if queue:
        message = str((body.get("errorMessage") or body.get("message")) if isinstance(body, dict) else body)
        attributes = {
            "RequestID": ("String", invocation.request_id),
            "ErrorCode": ("Number", "429" if answer.get("throttle") else "200"),
            "ErrorMessage": ("String", message.encode()[:MOST_MESSAGE_BYTES].decode(errors="ignore") or "-"),
        }
        deliver(config, queue, json.dumps(invocation.event), attributes)
    if not destination and not queue:
        logger.warning("%s: an event was lost (%s); it has no on-failure destination.", config.get("FunctionName"), condition)


def deliver(config: dict[str, Any], queue_arn: str, body: str, attributes: dict[str, tuple[str, str]]) -> None:
    """Puts the message as the function's own role, which therefore needs sqs:SendMessage."""
    if private(app, "AUTH") and not role_allows(str(config.get("Role", "")), "sqs:SendMessage", queue_arn):
        logger.warning("%s may not send to %s: a record was lost.", config.get("Role"), queue_arn)
        return
    try:
        send(queue_arn, body, attributes)
    except NoQueueError:
        logger.warning("The queue %s for failed invocations does not exist: a record was lost.", queue_arn)


def record(invocation: Invocation, answer: dict[str, Any], condition: str) -> dict[str, Any]:
    """The invocation record. An event that expired before the function saw it has no response."""
    config = invocation.function.get("config") or invocation.function
    version = str(config.get("Version") or "$LATEST")
    arn = str(config.get("FunctionArn", ""))
    made: dict[str, Any] = {
        "version": "1.0",
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": invocation.request_id,
            "functionArn": arn if len(arn.split(":")) > 7 else f"{arn}:{version}",
            "condition": condition,
            "approximateInvokeCount": invocation.errors + invocation.throttles,
        },
        "requestPayload": invocation.event,
    }
    if not answer.get("throttle"):
        made["responseContext"] = {
            "statusCode": 200,
            "executedVersion": version,
            "functionError": answer.get("function_error") or "Unhandled",
        }
        made["responsePayload"] = answer.get("body")
    return made
