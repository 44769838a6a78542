"""Progress: throttled, never silent, in order, never in the way."""

from __future__ import annotations

import itertools
import json
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from containers.stage_rig import BUS, StageRig, an_id
from hypothesis import given
from hypothesis import strategies as st
from spotforge_runtime import progress as progress_module
from spotforge_runtime.attempt import AttemptIdentity
from spotforge_runtime.contracts.models import StageProgress
from spotforge_runtime.progress import (
    HEARTBEAT_SECONDS,
    SHORTEST_SECONDS,
    Progress,
    ProgressState,
    bus_sink,
    file_sink,
    object_sink,
    seconds_until_due,
)

AT = AttemptIdentity("exp_00000000000000000000000000", 2, "train", 3)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_module, "SHORTEST_SECONDS", 0.05)
    monkeypatch.setattr(progress_module, "HEARTBEAT_SECONDS", 0.15)


def test_the_first_report_goes_at_once_the_next_after_two_seconds_and_silence_lasts_thirty() -> None:
    assert seconds_until_due(dirty=True, since_last=None) == 0
    assert seconds_until_due(dirty=True, since_last=0.5) == SHORTEST_SECONDS - 0.5
    assert seconds_until_due(dirty=True, since_last=2.5) < 0
    assert seconds_until_due(dirty=False, since_last=10) == HEARTBEAT_SECONDS - 10
    assert (SHORTEST_SECONDS, HEARTBEAT_SECONDS) == (2.0, 30.0)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 100)), min_size=1, max_size=50))
def test_events_are_never_closer_than_two_seconds_nor_further_than_thirty(steps: list[tuple[bool, float]]) -> None:
    now, last, sent = 0.0, 0.0, [0.0]
    for dirty, idle in steps:
        wait = seconds_until_due(dirty=dirty, since_last=now - last)
        now += max(0.0, min(wait, idle))
        if seconds_until_due(dirty=dirty, since_last=now - last) <= 0:
            last = now
            sent.append(now)
    gaps = [b - a for a, b in itertools.pairwise(sent)]
    assert all(SHORTEST_SECONDS - 1e-6 <= gap <= HEARTBEAT_SECONDS + 1e-6 for gap in gaps)


def test_documents_keep_the_contract_and_rise_by_one(quick: None) -> None:
    documents: list[dict[str, Any]] = []
    progress = Progress(AT, (documents.append,))
    progress.start()
    for step in range(1, 41):
        progress.report(step=step, total_steps=40, message=f"step {step}", metrics={"loss": 1 / step, "bad": math.nan})
        time.sleep(0.01)
    progress.finish("done")
    progress.finish("again")

    for document in documents:
        StageProgress.model_validate(document)
        assert (document["run"], document["stage"], document["attempt"]) == (2, "train", 3)
        assert document["metrics"] == pytest.approx({"loss": 1 / document["step"]})
    assert [document["sequence"] for document in documents] == list(range(len(documents)))
    assert (documents[0]["step"] < 5, documents[-1]["step"], documents[-1]["message"]) == (True, 40, "done")
    assert 3 < len(documents) < 20
    steps = [document["step"] for document in documents]
    assert steps == sorted(steps)


def test_silence_is_filled_with_the_last_report(quick: None) -> None:
    documents: list[dict[str, Any]] = []
    progress = Progress(AT, (documents.append,))
    progress.report(step=1, total_steps=4, message="thinking")
    progress.start()
    deadline = time.monotonic() + 10
    while len(documents) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    progress.finish()

    assert {(document["step"], document["fraction"], document["message"]) for document in documents} == {(1, 0.25, "thinking")}
    assert [document["sequence"] for document in documents] == list(range(len(documents)))


def test_a_sink_that_hangs_or_fails_is_not_noticed_by_the_work(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_module, "FINISH_SECONDS", 0.1)
    release, taken = threading.Event(), []

    def fail(_: dict[str, Any]) -> None:
        raise RuntimeError("no bus")

    def hang(document: dict[str, Any]) -> None:
        taken.append(document)
        release.wait(10)

    progress = Progress(AT, (fail, hang))
    progress.start()
    started = time.monotonic()
    for step in range(1000):
        progress.report(step=step, total_steps=1000)
    progress.finish()
    assert time.monotonic() - started < 5
    release.set()
    assert taken


def test_what_is_not_given_stays_and_the_fraction_stays_within_bounds() -> None:
    state = ProgressState().updated(5, 10, "a", {"loss": 1.0}, None)
    assert (state.fraction, state.updated(None, None, None, None, None)) == (0.5, state)
    later = state.updated(20, None, "b" * 600, {"mae": 2.0, "n" * 80: 1.0}, None)
    assert (later.fraction, len(later.message)) == (1.0, 500)
    assert later.metrics == {"loss": 1.0, "mae": 2.0, "n" * 64: 1.0}
    assert state.updated(None, None, None, None, math.nan).fraction == 0.5
    assert state.updated(-1, None, None, None, 0.75).fraction == 0.75


def test_the_event_reaches_a_rule_on_the_bus_in_its_documented_shape(rig: StageRig) -> None:
    name = an_id("queue")
    sqs = rig.emulator.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = json.dumps({"source": ["spotforge.stage"], "detail-type": ["Stage Progress"]})
    rig.events.put_rule(Name=name, EventBusName=BUS, EventPattern=pattern)
    rig.events.put_targets(Rule=name, EventBusName=BUS, Targets=[{"Id": "queue", "Arn": arn}])
    progress = Progress(AT, (bus_sink(lambda: rig.events, BUS),))
    progress.start()
    progress.report(step=1, total_steps=2, message="half")
    progress.finish()

    messages: list[dict[str, Any]] = []
    deadline = time.monotonic() + 15
    while not messages and time.monotonic() < deadline:
        messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", [])
    event = json.loads(messages[0]["Body"])
    StageProgress.model_validate(event["detail"])
    assert (event["source"], event["detail-type"]) == ("spotforge.stage", "Stage Progress")


class RefusingBus:
    """Takes calls, and refuses the entries of the first `times`, as PutEvents does: FailedEntryCount in a 200.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html (documented)"""

    def __init__(self, times: int) -> None:
        self.left = times
        self.taken: list[dict[str, Any]] = []

    def put_events(self, **call: Any) -> dict[str, Any]:
        self.left -= 1
        if self.left >= 0:
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}]}
        self.taken += [json.loads(entry["Detail"]) for entry in call["Entries"]]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}


def test_a_bus_that_refuses_an_entry_is_an_error_of_the_sink() -> None:
    refusing: Any = RefusingBus(1)
    with pytest.raises(RuntimeError, match="ThrottlingException"):
        bus_sink(lambda: refusing, "bus")({"step": 1})


def test_what_the_bus_refused_is_sent_again_though_nothing_new_has_happened(quick: None) -> None:
    bus: Any = RefusingBus(3)
    progress = Progress(AT, (bus_sink(lambda: bus, "bus"),))
    progress.report(step=1, total_steps=4, message="thinking")
    progress.start()
    wait_for(lambda: bus.taken)
    assert (bus.taken[0]["step"], bus.taken[0]["message"]) == (1, "thinking")
    progress.finish()


def test_the_last_word_is_sent_until_the_bus_takes_it(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_module, "AGAIN_AT_THE_END_SECONDS", 0.05)
    bus: Any = RefusingBus(4)
    progress = Progress(AT, (bus_sink(lambda: bus, "bus"),))
    progress.start()
    progress.finish("done", fraction=1.0)
    assert [(document["message"], document["fraction"]) for document in bus.taken] == [("done", 1.0)]


def test_a_bus_that_refuses_or_hangs_does_not_hold_up_the_document_in_s3(quick: None) -> None:
    release, kept = threading.Event(), []

    def hang(_: dict[str, Any]) -> None:
        release.wait(60)

    def refuse(_: dict[str, Any]) -> None:
        raise ConnectionRefusedError("no bus")

    progress = Progress(AT, (hang, refuse, kept.append))
    progress.start()
    for step in range(1, 4):
        progress.report(step=step, total_steps=3)
        wait_for(lambda step=step: kept and kept[-1]["step"] == step)
    sequences = [document["sequence"] for document in kept]
    assert sequences == sorted(set(sequences))
    release.set()


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_last_document_is_kept_in_a_file_and_in_the_attempts_folder(rig: StageRig, tmp_path: Path) -> None:
    at = AttemptIdentity(an_id(), 1, "train", 1)
    for sink in (file_sink(tmp_path / "progress.json"), object_sink(rig.storage, "rig-experiments", at)):
        sink({"sequence": 1})
        sink({"sequence": 2})
    stored = rig.read(f"s3://rig-experiments/{at.prefix}progress.json")
    assert json.loads(stored or b"") == json.loads((tmp_path / "progress.json").read_bytes()) == {"sequence": 2}
