"""A DynamoDB stream's event source mapping in stock ignores `ReportBatchItemFailures`, `MaximumRetryAttempts` and
`BisectBatchOnFunctionError`: a failing record blocks its stream for ever or, reported as an item failure, is lost. Here the
records before the first failure count as done, the rest is tried again, halved when so configured, and goes to the on-failure
destination once the attempts are exhausted."""

import contextvars
import json
from dataclasses import dataclass, field
from typing import Any

from ministack.services import lambda_svc

from spotforge_emulator.private_name import private, replace

Record = dict[str, Any]


@dataclass
class Progress:
    """What has happened to the batch at the head of a mapping's stream."""

    done: set[str] = field(default_factory=set)
    failures: int = 0
    # How many records the next invocation gets at most; halved by each failure when the mapping bisects.
    limit: int | None = None


_polling: contextvars.ContextVar[bool] = contextvars.ContextVar("spotforge_stream_poll", default=False)
_progress: dict[str, Progress] = {}


def apply() -> None:
    mappings = private(lambda_svc, "_esms")
    give_up = private(lambda_svc, "_send_ddb_stream_failure_record")

    def poll() -> Any:
        token = _polling.set(True)
        try:
            return poll_streams()
        finally:
            _polling.reset(token)

    poll_streams = replace(lambda_svc, "_poll_dynamodb_streams", poll)

    def execute(function: dict[str, Any], event: Any) -> dict[str, Any]:
        if not _polling.get():
            answer: dict[str, Any] = execute_function(function, event)
            return answer
        token = _polling.set(False)
        try:
            return work_through(function, event["Records"])
        finally:
            _polling.reset(token)

    execute_function = replace(lambda_svc, "_execute_function", execute)

    def work_through(function: dict[str, Any], records: list[Record]) -> dict[str, Any]:
        """Success lets the poller advance past all records; an error lets it come back with them after its backoff."""
        mapping = mapping_of(function, records[0])
        progress = _progress.setdefault(mapping.get("UUID", ""), Progress())
        while pending := [record for record in records if sequence(record) not in progress.done][: progress.limit]:
            answer: dict[str, Any] = execute_function(function, {"Records": pending})
            if answer.get("throttle"):
                # The batch did not reach the function: no retry is used up, nothing is halved.
                return answer
            failed = first_failure(answer, pending, mapping)
            progress.done.update(sequence(record) for record in pending[:failed])
            if failed == len(pending):
                progress.failures, progress.limit = 0, None
                continue
            rest = pending[failed:]
            progress.failures = progress.failures + 1 if failed == 0 else 1
            if exhausted(mapping, progress) and not (bisects(mapping) and len(rest) > 1):
                give_up(mapping, function, rest, rest[0].get("eventSourceARN", ""), answer, "RetryAttemptsExhausted")
                progress.done.update(sequence(record) for record in rest)
                progress.failures, progress.limit = 0, None
                continue
            if bisects(mapping) and len(rest) > 1:
                progress.limit = max(1, len(rest) // 2)
                progress.failures = 0
            message = f"{len(rest)} of {len(pending)} records are to be tried again."
            return {**answer, "error": True, "body": answer.get("body") if answer.get("error") else {"errorMessage": message}}
        _progress.pop(mapping.get("UUID", ""), None)
        return {"body": None}

    def mapping_of(function: dict[str, Any], record: Record) -> dict[str, Any]:
        name = (function.get("config") or function).get("FunctionName")
        for mapping in mappings.values():
            if mapping.get("FunctionName") == name and mapping.get("EventSourceArn") == record.get("eventSourceARN"):
                return dict(mapping)
        return {}


def first_failure(answer: dict[str, Any], records: list[Record], mapping: dict[str, Any]) -> int:
    """The index of the first record that has to be tried again; `len(records)` when all are done."""
    if answer.get("error"):
        return 0
    if "ReportBatchItemFailures" not in mapping.get("FunctionResponseTypes", []):
        return len(records)
    body = answer.get("body")
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            return 0
    reported = (body or {}).get("batchItemFailures") or []
    numbers = [sequence(record) for record in records]
    places = [numbers.index(item.get("itemIdentifier")) for item in reported if item.get("itemIdentifier") in numbers]
    # An identifier that is not in the batch fails the whole of it, as on AWS.
    return 0 if len(places) < len(reported) else min(places, default=len(records))


def exhausted(mapping: dict[str, Any], progress: Progress) -> bool:
    """Whether the failures have used up the retries; -1, the default, retries until the record expires."""
    attempts = int(mapping.get("MaximumRetryAttempts", -1))
    return attempts >= 0 and progress.failures > attempts


def bisects(mapping: dict[str, Any]) -> bool:
    """`BisectBatchOnFunctionError`."""
    return str(mapping.get("BisectBatchOnFunctionError", False)).lower() == "true"


def sequence(record: Record) -> str:
    """The record's place in its shard."""
    return str(record.get("dynamodb", {}).get("SequenceNumber", ""))
