"""The control routes themselves: what they take, what they refuse, who reaches them."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spotforge_emulator.faults.control import RULES
from spotforge_emulator.faults.faults import Faults
from spotforge_emulator.faults.pattern import matches
from spotforge_emulator.faults.rules import LostEvents


@pytest.mark.parametrize(
    ("route", "body", "wrong"),
    [
        ("services/refuse", {"service": "s3", "secons": 30}, "secons"),
        ("services/refuse", {"service": "sqs"}, "service"),
        ("services/refuse", {"service": "s3", "operations": ["PutObjekt"]}, "operations: s3 has no PutObjekt"),
        ("services/refuse", {"service": "s3", "status": 200}, "status"),
        ("services/refuse", {"service": "s3", "count": 1, "seconds": 1}, "either count or seconds"),
        ("services/refuse", {"service": "s3", "partial": True}, "partial"),
        ("services/refuse", {"service": "events", "source": "mine"}, "source"),
        (
            "services/refuse",
            {"service": "events", "operations": ["PutEvents"], "partial": True, "code": "SlowDown"},
            "code: an entry of PutEvents fails with InternalFailure, ThrottlingException",
        ),
        ("functions/fail", {"count": 1}, "functionNamePattern"),
        ("functions/fail", {"functionNamePattern": "*", "how": "explode"}, "how"),
        ("events/drop", {"count": "3"}, "count"),
        ("events/double", {"count": 0}, "count"),
        ("events/double", [], "object"),
        ("schedules/pause", {"ruleNamePattern": "x"}, "seconds"),
        ("schedules/fire", {"ruleNamePattern": "nobody-*"}, "No enabled schedule rule is called nobody-*"),
    ],
)
def test_a_body_is_refused_with_the_name_of_what_is_wrong(control: Any, route: str, body: Any, wrong: str) -> None:
    status, answer = control("POST", route, body)
    assert status == 400
    assert wrong in answer["message"]
    assert control("GET", "faults") == (200, {"faults": []})


def test_a_body_that_is_no_json_is_refused(control: Any) -> None:
    status, answer = control("POST", "events/drop", b"{")
    assert status == 400
    assert "Invalid JSON" in answer["message"]


def test_an_unknown_route_lists_the_others(control: Any) -> None:
    status, answer = control("POST", "services/explode", {})
    assert status == 404
    assert "POST services/refuse" in answer["message"]


def test_a_body_that_is_too_long_is_refused(control: Any) -> None:
    assert control("POST", "events/drop", b" " * 100_000)[0] == 413


def test_rules_are_listed_with_what_is_left_of_them_until_they_are_forgotten(control: Any, plant: Callable[..., None]) -> None:
    plant("events/drop", source="nobody", count=2)
    plant("services/refuse", service="s3", operations=["PutObject"], seconds=60)
    lost, refused = control("GET", "faults")[1]["faults"]
    assert lost == {"route": "events/drop", "source": "nobody", "detailType": "*", "count": 2}
    assert refused["operations"] == ["PutObject"]
    assert 0 < refused["seconds"] <= 60
    assert control("DELETE", "faults") == (200, {})
    assert control("GET", "faults")[1]["faults"] == []


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://example.com"}, {"Host": "evil.example.com"}, {"Host": "evil.example.com:80"}]
)
def test_a_web_page_is_a_stranger(control: Any, headers: dict[str, str]) -> None:
    status, answer = control("GET", "faults", headers=headers)
    assert status == 403
    assert "127.0.0.1" in answer["message"]


def test_other_paths_are_not_touched(emulator: Any, control: Any) -> None:
    """A bucket may not start with an underscore, so nothing of AWS is hidden behind the prefix; its neighbours are AWS's."""
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="spotforge-neighbour")
    s3.put_object(Bucket="spotforge-neighbour", Key="_spotforge/faults", Body=b"mine")
    assert s3.get_object(Bucket="spotforge-neighbour", Key="_spotforge/faults")["Body"].read() == b"mine"


def test_control_routes_answer_while_every_service_refuses(control: Any, plant: Callable[..., None]) -> None:
    for service in ("s3", "dynamodb", "events", "states", "batch", "lambda"):
        plant("services/refuse", service=service, seconds=60)
    assert len(control("GET", "faults")[1]["faults"]) == 6


def test_every_documented_example_is_taken(account: Any, control: Any) -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "drills.md").read_text()
    section = text.split("## Faults of the local AWS")[1].split("\n## ")[0]
    examples = re.findall(r"^curl -X (\S+) \$endpoint/_spotforge/(\S+)(?: -d '(.+)')?$", section, re.MULTILINE)
    assert {route for _, route, _ in examples} >= {*RULES, "schedules/fire", "faults"}
    account.client("events").put_rule(Name="spotforge-supervise", ScheduleExpression="rate(1 day)")
    for method, route, body in examples:
        status, answer = control(method, route, body.encode() or None)
        assert status == 200, f"{method} {route} {body}: {answer}"


@given(st.integers(1, 5), st.integers(0, 12))
@settings(max_examples=50, derandomize=True, deadline=None)
def test_a_rule_holds_exactly_as_often_as_it_says(count: int, asked: int) -> None:
    faults = Faults()
    faults.plant(LostEvents(count=count))
    taken = sum(faults.take(LostEvents, lambda _: True) is not None for _ in range(asked))
    assert taken == min(count, asked)


def test_a_rule_for_seconds_ends_by_the_clock_alone() -> None:
    now = time.monotonic()
    faults = Faults(clock=lambda: now)
    faults.plant(LostEvents(seconds=30))
    assert all(faults.take(LostEvents, lambda _: True) for _ in range(100))
    now += 29.9
    assert faults.take(LostEvents, lambda _: True)
    now += 0.2
    assert faults.take(LostEvents, lambda _: True) is None


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
@settings(max_examples=100, derandomize=True, deadline=None)
def test_a_star_stands_for_any_text_and_everything_else_for_itself(before: str, middle: str, after: str) -> None:
    before, after = before.replace("*", ""), after.replace("*", "")
    assert matches(f"{before}*{after}", before + middle + after)
    assert matches(before, before)
    assert not matches(before, before + "x")
