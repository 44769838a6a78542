"""Stock's CloudFormation silently drops a table's time to live and point-in-time recovery. They are applied through the API's own
functions."""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

from spotforge_emulator.private_name import private

TABLE = "AWS::DynamoDB::Table"
Properties = dict[str, Any]


class TableRefusedError(ValueError):
    """DynamoDB's own message for a property that it does not accept."""


def apply() -> None:
    handlers = private(provisioners, "_RESOURCE_HANDLERS")
    stock = handlers[TABLE]

    def create(logical_id: str, properties: Properties, stack: str) -> Any:
        answer = stock["create"](logical_id, properties, stack)
        settle(answer[0], {}, properties)
        return answer

    def update(physical_id: str, old: Properties, new: Properties, *rest: Any) -> Any:
        answer = stock["update"](physical_id, old, new, *rest)
        settle(answer[0], old if answer[0] == physical_id else {}, new)
        return answer

    handlers[TABLE] = {**stock, "create": create, "update": update}


def settle(table: str, old: Properties, new: Properties) -> None:
    """Calls for what differs; a property that was removed is switched off."""
    calls: tuple[tuple[str, Callable[[Any], Any], str], ...] = (
        ("TimeToLiveSpecification", private(dynamodb, "_update_ttl"), "Enabled"),
        ("PointInTimeRecoverySpecification", private(dynamodb, "_update_continuous_backups"), "PointInTimeRecoveryEnabled"),
    )
    for name, call, switch in calls:
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        wanted = after or {**(before or {}), switch: False}
        # CloudFormation's values may be text.
        wanted = {**wanted, switch: str(wanted.get(switch, False)).lower() == "true"}
        status, _, answer = call({"TableName": table, name: wanted})
        if status >= 300:
            raise TableRefusedError(f"{table}: {name} refused: {json.loads(answer).get('message', answer)}")
