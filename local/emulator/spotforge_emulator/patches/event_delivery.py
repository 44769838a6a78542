"""From a rule to its target. Stock invokes a Lambda once, looks at nothing it answers, and knows neither `RetryPolicy` nor
`DeadLetterConfig`. Here EventBridge hands the event to Lambda's asynchronous queue; what Lambda does not accept is tried again,
and what cannot be delivered ends in the target's dead-letter queue. What Lambda has accepted is Lambda's: an error of the
function never reaches the rule's queue, here as on AWS.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"""

import contextvars
import json
import logging
import random
import threading
import time
from dataclasses import dataclass
from typing import Any

from ministack.services import eventbridge, lambda_svc, sqs

from spotforge_emulator.faults.faults import Faults
from spotforge_emulator.patches.failing_functions import THROTTLE, throttles
from spotforge_emulator.patches.queue_messages import NoQueueError, send
from spotforge_emulator.private_name import private, replace

RETRIES = 185
MAX_AGE_SECONDS = 86_400
# AWS says "exponential back off and jitter" without figures.
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 30.0

logger = logging.getLogger("spotforge.emulator")


@dataclass(frozen=True)
class Failure:
    """Why a target was not reached; `code` is the ERROR_CODE of the dead-letter message."""

    code: str
    message: str
    retriable: bool


@dataclass
class Try:
    """One delivery to one target."""

    failure: Failure | None = None


_try: contextvars.ContextVar[Try | None] = contextvars.ContextVar("spotforge_delivery", default=None)


def undeliverable(code: str, message: str, *, retriable: bool = False) -> None:
    """Says of the current delivery that its target was not reached."""
    current = _try.get()
    if current is not None:
        current.failure = Failure(code, message, retriable)


def apply(faults: Faults) -> None:
    """Has to come before event_permissions, whose wrappers stand around these."""

    def invoke(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        def attempt() -> Failure | None:
            current = Try()
            token = _try.set(current)
            try:
                invoke_target(target, event, rule, view)
            finally:
                _try.reset(token)
            return current.failure

        failure = attempt()
        if failure is None:
            return
        if not failure.retriable:
            bury(target, event, rule, failure)
            return

        def retry(failure: Failure) -> None:
            policy = target.get("RetryPolicy") or {}
            retries = int(policy.get("MaximumRetryAttempts", RETRIES))
            deadline = started + int(policy.get("MaximumEventAgeInSeconds", MAX_AGE_SECONDS))
            for attempts in range(retries):
                # Full waits would bring events that failed together back together.
                wait = min(FIRST_WAIT_SECONDS * 2**attempts, LONGEST_WAIT_SECONDS) * random.uniform(0.5, 1)  # noqa: S311
                if time.monotonic() + wait > deadline:
                    bury(target, event, rule, failure, "MaximumEventAgeInSeconds", attempts)
                    return
                time.sleep(wait)
                again = attempt()
                if again is None:
                    return
                failure = again
                if not failure.retriable:
                    bury(target, event, rule, failure, attempts=attempts + 1)
                    return
            bury(target, event, rule, failure, "MaximumRetryAttempts", retries)

        started = time.monotonic()
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(retry, failure), daemon=True, name="event-retry").start()

    invoke_target = replace(eventbridge, "_invoke_target", invoke)

    def to_lambda(arn: str, payload: str) -> None:
        function, config, name = private(lambda_svc, "_get_func_record_for_ref")(arn)
        if not function or not config:
            undeliverable("NO_RESOURCE", f"Function not found: {arn}")
            return
        if throttles(faults, str(name)):
            undeliverable("THROTTLING", THROTTLE, retriable=True)
            return
        try:
            event = json.loads(payload)
        except ValueError:
            event = payload
        record = private(lambda_svc, "_execution_record_for_config")(function, config)
        private(lambda_svc, "invoke_async_with_retry")(record, event)

    replace(eventbridge, "_dispatch_to_lambda", to_lambda)

    def to_step_functions(arn: str, payload: str) -> None:
        from ministack.services import stepfunctions

        if private(stepfunctions, "_resolve_state_machine_arn")(arn) is None:
            undeliverable("NO_RESOURCE", f"State Machine Does Not Exist: '{arn}'")
            return
        start(arn, payload)

    start = replace(eventbridge, "_dispatch_to_stepfunctions", to_step_functions)


def bury(
    target: dict[str, Any],
    event: dict[str, Any],
    rule: dict[str, Any],
    failure: Failure,
    exhausted: str | None = None,
    attempts: int = 0,
) -> None:
    """Into the target's dead-letter queue, if it has one and the queue's policy lets EventBridge send."""
    rule_arn = str(rule.get("Arn") or "")
    what = f"{rule_arn or rule.get('Name')} → {target.get('Arn')}: {failure.code} {failure.message}"
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    # Schedules of EventBridge Scheduler come by here too; their messages would look otherwise.
    if not queue or ":rule/" not in rule_arn:
        logger.warning("An event was not delivered and is lost. %s", what)
        return
    if not sqs.queue_policy_allows(queue, "events.amazonaws.com", rule_arn, rule_arn.split(":")[4]):
        logger.warning("An event is lost: the policy of its dead-letter queue %s does not let the rule send. %s", queue, what)
        return
    attributes = {
        "RULE_ARN": ("String", rule_arn),
        "TARGET_ARN": ("String", str(target.get("Arn"))),
        "ERROR_CODE": ("String", failure.code),
        "ERROR_MESSAGE": ("String", failure.message),
        "RETRY_ATTEMPTS": ("String", str(attempts)),
        **({"EXHAUSTED_RETRY_CONDITION": ("String", exhausted)} if exhausted else {}),
    }
    body = json.dumps(private(eventbridge, "_pattern_event_view")(event).event_with_detail())
    try:
        send(queue, body, attributes)
    except NoQueueError:
        logger.warning("An event is lost: its dead-letter queue %s does not exist. %s", queue, what)
