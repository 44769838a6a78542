"""Schedule rules: fired by request, held by request, by the clock otherwise."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spotforge_emulator.process import start_emulator

NOTE = "exports.handler = async (event) => { console.log(`seen ${JSON.stringify(event)}.`); };"


def schedule(account: Any, state: str = "ENABLED") -> tuple[str, str]:
    """The name of a rule of rate(1 minute), and its function."""
    events, name, function = account.client("events"), account.name("schedule"), account.function(NOTE)
    arn = events.put_rule(Name=name, ScheduleExpression="rate(1 minute)", State=state)["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "f", "Arn": function}])
    account.client("lambda").add_permission(
        FunctionName=function,
        StatementId=name,
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=arn,
    )
    return name, function


def seen(account: Any, function: str) -> list[dict[str, Any]]:
    return [json.loads(event) for event in account.noted(function, r"seen (\{.+\})\.")]


def test_a_rule_is_fired_at_once_with_the_documented_event(
    account: Any, control: Any, eventually: Callable[..., Any], fixtures: Any
) -> None:
    documented = json.loads((fixtures / "events-scheduled-event.json").read_text())["event"]
    name, function = schedule(account)
    assert control("POST", "schedules/fire", {"ruleNamePattern": name}) == (200, {"fired": [name]})
    [event] = eventually(lambda: seen(account, function))
    same = {"version", "detail-type", "source", "region", "detail"}
    assert set(event) == set(documented)
    assert {key: event[key] for key in same} == {key: documented[key] for key in same}
    assert event["resources"] == [f"arn:aws:events:us-east-1:000000000000:rule/{name}"]
    time.strptime(event["time"], "%Y-%m-%dT%H:%M:%SZ")


def test_a_rule_that_is_disabled_or_has_a_pattern_is_not_fired(account: Any, control: Any) -> None:
    name, _ = schedule(account, state="DISABLED")
    assert control("POST", "schedules/fire", {"ruleNamePattern": name})[0] == 400
    pattern = account.name("pattern")
    account.client("events").put_rule(Name=pattern, EventPattern='{"source": ["mine"]}')
    assert control("POST", "schedules/fire", {"ruleNamePattern": pattern})[0] == 400


def test_the_clock_fires_a_rule_of_a_minute_unless_it_is_paused(
    tmp_path: Path, account_of: Any, control_of: Any, eventually: Callable[..., Any]
) -> None:
    with start_emulator(tmp_path) as emulator:
        account = account_of(emulator)
        (paused, never), (_, minutely) = schedule(account), schedule(account)
    # The minute counts from the rule's creation: one that was long ago saves the test the waiting.
    saved = tmp_path / "services" / "eventbridge.json"
    saved.write_text(re.sub(r'"CreationTime": [\d.]+', '"CreationTime": 0', saved.read_text()))
    with start_emulator(tmp_path) as emulator:
        account, control = account_of(emulator), control_of(emulator)
        assert control("POST", "schedules/pause", {"ruleNamePattern": paused, "seconds": 600})[0] == 200
        [event] = eventually(lambda: seen(account, minutely), 30)
        time.strptime(event["time"], "%Y-%m-%dT%H:%M:%SZ")
        # The clock looked at both at once, so the paused one's turn is over. It can still be fired by request.
        assert control("POST", "schedules/fire", {"ruleNamePattern": paused})[1]["fired"] == [paused]
        eventually(lambda: len(seen(account, never)) == 1)
