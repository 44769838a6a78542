"""Schedule rules fire by the clock alone in stock. Here a control route fires them at once (`schedules/fire`) or holds them
(`schedules/pause`): a firing that falls into a pause is lost, like one of a disabled rule."""

import contextvars
import time
import uuid
from typing import Any

from ministack.core.responses import get_account_id, get_region, set_request_account_id, set_request_region
from ministack.services import eventbridge

from spotforge_emulator.faults.faults import Faults
from spotforge_emulator.faults.pattern import matches
from spotforge_emulator.faults.rules import PausedSchedules
from spotforge_emulator.private_name import private, replace

_by_clock: contextvars.ContextVar[bool] = contextvars.ContextVar("spotforge_fired_by_clock", default=False)


def apply(faults: Faults) -> None:
    def tick() -> None:
        token = _by_clock.set(True)
        try:
            tick_rules()
        finally:
            _by_clock.reset(token)

    tick_rules = replace(eventbridge, "_tick_scheduled_rules", tick)

    def invoke(target: Any, event: Any, rule: dict[str, Any], view: Any = None) -> None:
        name = str(rule.get("Name", ""))
        if _by_clock.get() and faults.take(PausedSchedules, lambda paused: matches(paused.rule_name_pattern, name)):
            return
        invoke_target(target, event, rule, view)

    invoke_target = replace(eventbridge, "_invoke_target", invoke)


def fire(pattern: str) -> list[str]:
    """Fires every enabled schedule rule of this name now, paused or not; their names. The clock goes on as before."""
    caller = get_account_id(), get_region()
    fired = []
    for (account, region, key), rule in list(private(eventbridge, "_rules")._data.items()):
        name = str(rule.get("Name", ""))
        if rule.get("State") != "ENABLED" or not rule.get("ScheduleExpression") or not matches(pattern, name):
            continue
        event = scheduled_event(rule, account, region)
        set_request_account_id(account)
        set_request_region(region)
        try:
            for target in private(eventbridge, "_targets")._data.get((account, region, key), []):
                private(eventbridge, "_invoke_target")(target, event, rule)
        finally:
            set_request_account_id(caller[0])
            set_request_region(caller[1])
        fired.append(name)
    return fired


def scheduled_event(rule: dict[str, Any], account: str, region: str) -> dict[str, Any]:
    """As MiniStack's own tick makes it; targets get it in the shape of
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html."""
    return {
        "EventId": str(uuid.uuid4()),
        "Source": "aws.events",
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "EventBusName": rule.get("EventBusName", "default"),
        "Time": int(time.time()),
        "Resources": [rule.get("Arn", "")],
        "Account": account,
        "Region": region,
    }
