"""Calls that a fault rule refuses (`services/refuse`): whole calls as the service would, and single entries of PutEvents."""

import json
from typing import Any

from ministack import app

from spotforge_emulator.faults.faults import Faults
from spotforge_emulator.faults.operations import BOTOCORE_NAMES, operation_of
from spotforge_emulator.faults.pattern import matches
from spotforge_emulator.faults.refusal import MESSAGE, Response, refusal
from spotforge_emulator.faults.rules import RefusedCalls
from spotforge_emulator.patches.event_permissions import entries_of
from spotforge_emulator.private_name import private

PUT_EVENTS = "PutEvents"
USUAL_ENTRY_CODE = "InternalFailure"


def apply(faults: Faults) -> None:
    """Has to be the last to wrap the handlers: a service that is out of order does nothing else first."""
    handlers = private(app, "SERVICE_HANDLERS")
    for service in BOTOCORE_NAMES:
        handlers[service] = refusing(service, handlers[service], faults)


def refusing(service: str, handle: Any, faults: Faults) -> Any:
    """The handler of a service with the rules before it."""

    async def handler(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]) -> Any:
        if not faults.holds(RefusedCalls):
            return await handle(method, path, headers, body, query)
        operation = operation_of(service, method, path, headers, query)
        rule = faults.take(RefusedCalls, lambda each: each.service == service and not each.partial and each.names(operation))
        if rule:
            return refusal(service, rule.code, rule.status)
        if (service, operation) != ("events", PUT_EVENTS):
            return await handle(method, path, headers, body, query)

        async def put(some: bytes) -> Response:
            answer: Response = await handle(method, path, headers, some, query)
            return answer

        return await put_in_part(put, body, faults)

    return handler


async def put_in_part(put: Any, body: bytes, faults: Faults) -> Response:
    """Puts the entries that no rule refuses, and answers for all of them in the order of the request."""
    entries = entries_of(body)
    refused = {index: refused_entry(rule) for index, entry in enumerate(entries) if (rule := rule_for(entry, faults))}
    if not refused:
        answer: Response = await put(body)
        return answer
    accepted = [entry for index, entry in enumerate(entries) if index not in refused]
    status, headers, answered = 200, {"Content-Type": "application/x-amz-json-1.1"}, b'{"FailedEntryCount": 0, "Entries": []}'
    if accepted:
        status, headers, answered = await put(json.dumps({**json.loads(body), "Entries": accepted}).encode())
        if status != 200:
            return status, headers, answered
    document = json.loads(answered)
    others = iter(document["Entries"])
    document["Entries"] = [refused[index] if index in refused else next(others) for index in range(len(entries))]
    document["FailedEntryCount"] += len(refused)
    return status, headers, json.dumps(document).encode()


def rule_for(entry: dict[str, Any], faults: Faults) -> RefusedCalls | None:
    """The rule that refuses this entry."""
    source, detail_type = str(entry.get("Source", "")), str(entry.get("DetailType", ""))
    return faults.take(
        RefusedCalls, lambda each: each.partial and matches(each.source, source) and matches(each.detail_type, detail_type)
    )


def refused_entry(rule: RefusedCalls) -> dict[str, str]:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html"""
    return {"ErrorCode": rule.code or USUAL_ENTRY_CODE, "ErrorMessage": MESSAGE}
