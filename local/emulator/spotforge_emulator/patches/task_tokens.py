"""Waiting for a callback as AWS does it. Stock ignores HeartbeatSeconds, evaluates no JSONata in TimeoutSeconds, waits for ever
when the Lambda that got the token throws, gives every retry the same token (a late event then finishes the wrong attempt), lets
a second callback overwrite the first, and answers late callbacks as if the token had never been."""

import collections
import contextvars
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import error_response_json, json_response, new_uuid
from ministack.services import stepfunctions

from spotforge_emulator.execution_context import current_execution
from spotforge_emulator.private_name import private, replace

CALLBACK = ".waitForTaskToken"
REMEMBERED_CLOSED_TOKENS = 10_000


@dataclass
class WaitingTask:
    """One attempt of one task. `outcome` is written once, by whoever is first: a callback, a time-out or the execution's end."""

    token: str
    execution_arn: str
    machine_arn: str
    last_beat: float = field(default_factory=time.monotonic)
    outcome: tuple[str, Any] | None = None
    changed: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Attempt:
    """What the state's fields said when this attempt's arguments were evaluated."""

    token: str
    timeout_seconds: float | None
    heartbeat_seconds: float | None


_lock = threading.Lock()
_waiting: dict[str, WaitingTask] = {}
_closed: "collections.OrderedDict[str, str]" = collections.OrderedDict()
_attempt: contextvars.ContextVar[Attempt | None] = contextvars.ContextVar("spotforge_attempt", default=None)


def machine_of(token: str) -> str | None:
    """The state machine that a token belongs to, also after it was closed: what `states:SendTask*` is authorised against."""
    with _lock:
        task = _waiting.get(token)
        return task.machine_arn if task else _closed.get(token)


def abort(execution_arn: str) -> None:
    """Ends every wait of an execution that is over."""
    with _lock:
        tasks = [task for task in _waiting.values() if task.execution_arn == execution_arn]
    for task in tasks:
        _finish(task, ("aborted", None))


def _finish(task: WaitingTask, outcome: tuple[str, Any]) -> bool:
    """Whether this outcome was the first."""
    with _lock:
        if task.outcome is not None:
            return False
        task.outcome = outcome
        _waiting.pop(task.token, None)
        _closed[task.token] = task.machine_arn
        while len(_closed) > REMEMBERED_CLOSED_TOKENS:
            _closed.popitem(last=False)
    task.changed.set()
    return True


def apply() -> None:
    execution_error = private(stepfunctions, "_ExecutionError")
    template = private(stepfunctions, "_apply_jsonata_template")

    def begin_attempt(state: dict[str, Any], raw_input: Any, context: dict[str, Any]) -> dict[str, Any]:
        """A context with a token of its own. A copy, because parallel branches share the original."""
        fresh = {**context, "Task": {"Token": new_uuid()}}

        def seconds(name: str) -> float | None:
            value = template(state[name], raw_input, fresh) if name in state else None
            if value is None and f"{name}Path" in state:
                value = private(stepfunctions, "_resolve_path_or_ctx")(state[f"{name}Path"], raw_input, fresh)
            if value is None:
                return None
            if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
                raise execution_error(
                    "States.Runtime", f"The field {name} must be a positive number, but was {json.dumps(value)}."
                )
            return float(value)

        _attempt.set(Attempt(fresh["Task"]["Token"], seconds("TimeoutSeconds"), seconds("HeartbeatSeconds")))
        return fresh

    def arguments(state: dict[str, Any], raw_input: Any, context: Any = None) -> Any:
        if state.get("Type") == "Task" and context is not None:
            context = begin_attempt(state, raw_input, context)
        return jsonata_arguments(state, raw_input, context)

    jsonata_arguments = replace(stepfunctions, "_apply_jsonata_arguments", arguments)

    def parameters(state: dict[str, Any], data: Any, context: Any = None) -> Any:
        if state.get("Type") == "Task" and context is not None:
            context = begin_attempt(state, data, context)
        return jsonpath_parameters(state, data, context)

    jsonpath_parameters = replace(stepfunctions, "_apply_parameters", parameters)

    def with_timeout(resource: str, data: Any, timeout: Any) -> Any:
        attempt = _attempt.get()
        return invoke_with_timeout(resource, data, attempt.timeout_seconds if attempt else timeout)

    invoke_with_timeout = replace(stepfunctions, "_invoke_resource_with_timeout", with_timeout)

    def invoke_with_callback(resource: str, data: Any, token: str, _state: dict[str, Any]) -> Any:
        execution = current_execution()
        attempt = _attempt.get() or Attempt(token, None, None)
        task = WaitingTask(attempt.token, execution.arn if execution else "", execution.machine_arn if execution else "")
        started = time.monotonic()
        with _lock:
            _waiting[task.token] = task
        if execution and not execution.running:
            _finish(task, ("aborted", None))
        try:
            private(stepfunctions, "_invoke_resource")(resource.replace(CALLBACK, ""), data)
        except execution_error as error:
            _finish(task, ("failure", (error.error, error.cause)))
        except Exception:
            _finish(task, ("aborted", None))
            raise
        return result_of(task, wait_for(task, started, attempt))

    def result_of(task: WaitingTask, outcome: tuple[str, Any]) -> Any:
        kind, value = outcome
        if kind == "success":
            return value
        if kind == "failure":
            raise execution_error(*value)
        raise execution_error("States.TaskFailed", f"The execution ended while the task with token {task.token[:8]}… waited.")

    replace(stepfunctions, "_invoke_with_callback", invoke_with_callback)

    def succeed(data: dict[str, Any]) -> Any:
        task, refusal = lookup(data)
        if task is None:
            return refusal or send_success(data)
        try:
            output = json.loads(data.get("output", "null"))
        except ValueError:
            return error_response_json("InvalidOutput", "Invalid Output: not valid JSON.", 400)
        return json_response({}) if _finish(task, ("success", output)) else timed_out()

    def fail(data: dict[str, Any]) -> Any:
        task, refusal = lookup(data)
        if task is None:
            return refusal or send_failure(data)
        error = (data.get("error") or "States.TaskFailed", data.get("cause") or "")
        return json_response({}) if _finish(task, ("failure", error)) else timed_out()

    def beat(data: dict[str, Any]) -> Any:
        task, refusal = lookup(data)
        if task is None:
            return refusal or send_heartbeat(data)
        task.last_beat = time.monotonic()
        return json_response({})

    send_success = replace(stepfunctions, "_send_task_success", succeed)
    send_failure = replace(stepfunctions, "_send_task_failure", fail)
    send_heartbeat = replace(stepfunctions, "_send_task_heartbeat", beat)


def wait_for(task: WaitingTask, started: float, attempt: Attempt) -> tuple[str, Any]:
    """Blocks until the outcome, whichever comes first: callback, time-out, missing heartbeat, the execution's end."""
    while task.outcome is None:
        deadlines = []
        if attempt.timeout_seconds is not None:
            deadlines.append((started + attempt.timeout_seconds, "States.Timeout"))
        if attempt.heartbeat_seconds is not None:
            deadlines.append((task.last_beat + attempt.heartbeat_seconds, "States.HeartbeatTimeout"))
        if not deadlines:
            task.changed.wait()
            continue
        deadline, error = min(deadlines)
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            # AWS gives a time-out no cause.
            _finish(task, ("failure", (error, "")))
        else:
            task.changed.wait(remaining)
    return task.outcome


def lookup(data: dict[str, Any]) -> tuple[WaitingTask | None, Any]:
    """The waiting task, or the refusal for a closed token; neither for tokens that are not ours (activities)."""
    token = data.get("taskToken", "")
    with _lock:
        if token in _waiting:
            return _waiting[token], None
        closed = token in _closed
    return None, timed_out() if closed else None


def timed_out() -> Any:
    """AWS's answer for a token whose task is over."""
    return error_response_json("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'", 400)
