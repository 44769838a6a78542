"""Stock leaves `dynamodb:LeadingKeys` empty, and a condition `ForAllValues:…` on an absent key is true: a grant that is meant for
one tenant's partition gives the whole table. The key is filled with every partition key that the request touches."""

import json
import re
from collections.abc import Iterator
from typing import Any

from ministack.core import iam_actions

from spotforge_emulator.private_name import private, replace

EQUALITY = re.compile(r"([#\w.-]+)\s*=\s*(:\w+)")
Document = dict[str, Any]


def apply() -> None:
    def context(body: bytes) -> Document:
        found: Document = service_context(body)
        keys = leading_keys(body)
        return {**found, "dynamodb:LeadingKeys": keys} if keys else found

    service_context = replace(iam_actions, "dynamodb_service_context", context)


def leading_keys(body: bytes) -> list[str]:
    """The distinct partition key values of a request, in order; empty for a Scan, which has none."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return []
    if not isinstance(request, dict):
        return []
    values = (plain(value) for value in _partition_values(request))
    return list(dict.fromkeys(value for value in values if value is not None))


def _partition_values(request: Document) -> Iterator[Any]:
    table = request.get("TableName")
    if isinstance(table, str):
        yield from _single(table, request)
    for name, wanted in (request.get("RequestItems") or {}).items():
        if isinstance(wanted, dict):
            yield from (key.get(partition_key(name)) for key in wanted.get("Keys", []))
        elif isinstance(wanted, list):
            for write in wanted:
                item = (write.get("PutRequest") or {}).get("Item") or (write.get("DeleteRequest") or {}).get("Key") or {}
                yield item.get(partition_key(name))
    for action in request.get("TransactItems") or []:
        for item in action.values():
            if isinstance(item, dict) and isinstance(item.get("TableName"), str):
                yield from _single(item["TableName"], item)


def _single(table: str, request: Document) -> Iterator[Any]:
    index = request.get("IndexName")
    key = partition_key(table, index if isinstance(index, str) else None)
    for member in ("Key", "Item"):
        if isinstance(request.get(member), dict):
            yield request[member].get(key)
    expression = request.get("KeyConditionExpression")
    if isinstance(expression, str):
        names = request.get("ExpressionAttributeNames") or {}
        values = request.get("ExpressionAttributeValues") or {}
        for name, value in EQUALITY.findall(expression):
            if names.get(name, name) == key:
                yield values.get(value)
    legacy = request.get("KeyConditions")
    if isinstance(legacy, dict) and key in legacy:
        yield from legacy[key].get("AttributeValueList", [])


def partition_key(table: str, index: str | None = None) -> str:
    """The name of the HASH attribute of a table (by name or ARN) or of one of its indexes; "" when there is no such table."""
    from ministack.services import dynamodb

    record = private(dynamodb, "_tables").get(table.rsplit("/", 1)[-1]) or {}
    schema = record.get("KeySchema") or []
    for described in [*(record.get("GlobalSecondaryIndexes") or []), *(record.get("LocalSecondaryIndexes") or [])]:
        if index is not None and described.get("IndexName") == index:
            schema = described.get("KeySchema") or schema
    return next((str(part["AttributeName"]) for part in schema if part.get("KeyType") == "HASH"), "")


def plain(value: Any) -> str | None:
    """`{"S": "a"}` → `a`."""
    if isinstance(value, dict) and len(value) == 1:
        inner = next(iter(value.values()))
        return inner if isinstance(inner, str) else None
    return None
