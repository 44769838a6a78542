"""From a rule to its target: retries, dead-letter queue, what is Lambda's business afterwards."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

NOTE = "exports.handler = async (event) => { console.log(`seen ${event.id}.`); };"
ANY_RULE = "arn:aws:events:*:*:rule/*"


@dataclass
class Wiring:
    """A rule for one source, its function, and the queue for what is not delivered."""

    account: Any
    source: str
    rule: str
    function: str
    queue: Any

    def put(self, detail: dict[str, Any] | None = None) -> str:
        entry = {"Source": self.source, "DetailType": "t", "Detail": json.dumps(detail or {})}
        identity: str = self.account.client("events").put_events(Entries=[entry])["Entries"][0]["EventId"]
        return identity

    def seen(self) -> list[str]:
        """The ids of the events that the function was run with, from its log."""
        ids: list[str] = self.account.noted(self.function, r"seen (.+)\.")
        return ids

    @property
    def name(self) -> str:
        return self.function.rsplit(":", 1)[-1]


@pytest.fixture
def wire(account: Any) -> Callable[..., Wiring]:
    def make(retries: int = 2, max_age: int = 3600, permitted: bool = True, sender: str = ANY_RULE) -> Wiring:
        events, name = account.client("events"), account.name("delivery")
        function, queue = account.function(NOTE), account.queue(sender)
        created = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
        policy = {"MaximumRetryAttempts": retries, "MaximumEventAgeInSeconds": max_age}
        events.put_targets(
            Rule=name, Targets=[{"Id": "f", "Arn": function, "RetryPolicy": policy, "DeadLetterConfig": {"Arn": queue.arn}}]
        )
        if permitted:
            account.client("lambda").add_permission(
                FunctionName=function,
                StatementId=name,
                Action="lambda:InvokeFunction",
                Principal="events.amazonaws.com",
                SourceArn=created,
            )
        return Wiring(account, name, created, function, queue)

    return make


def attributes(message: dict[str, Any]) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}


def test_a_throttled_delivery_is_tried_again(
    wire: Callable[..., Wiring], plant: Callable[..., None], eventually: Callable[..., Any]
) -> None:
    wiring = wire(retries=2)
    plant("functions/fail", functionNamePattern=wiring.name, count=2)
    identity = wiring.put()
    eventually(lambda: wiring.seen() == [identity], 20)
    assert wiring.queue.receive() == []


def test_what_was_tried_often_enough_is_a_documented_message_in_the_rules_queue(
    wire: Callable[..., Wiring], plant: Callable[..., None], control: Any, eventually: Callable[..., Any], fixtures: Any
) -> None:
    documented = json.loads((fixtures / "events-dead-letter-message.json").read_text())
    wiring = wire(retries=1)
    plant("functions/fail", functionNamePattern=wiring.name, how="throttle", count=2)
    identity = wiring.put({"id": "late"})
    message = eventually(wiring.queue.receive, 20)[0]
    assert set(message["MessageAttributes"]) == {*documented["attributes"], *documented["attributesOfExhaustedRetries"]}
    assert {value["DataType"] for value in message["MessageAttributes"].values()} == {"String"}
    found = attributes(message)
    assert found["EXHAUSTED_RETRY_CONDITION"] in documented["exhaustedRetryConditions"]
    assert found == {
        "RULE_ARN": wiring.rule,
        "TARGET_ARN": wiring.function,
        "ERROR_CODE": "THROTTLING",
        "ERROR_MESSAGE": "Rate Exceeded.",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
        "RETRY_ATTEMPTS": "1",
    }
    event = json.loads(message["Body"])
    assert (event["id"], event["source"], event["detail"]) == (identity, wiring.source, {"id": "late"})
    assert control("GET", "faults")[1]["faults"] == []
    # As a redrive does it: the same event to the same target.
    wiring.account.client("lambda").invoke(
        FunctionName=found["TARGET_ARN"], InvocationType="Event", Payload=message["Body"].encode()
    )
    eventually(lambda: wiring.seen() == [identity])
    assert wiring.queue.receive() == []


@pytest.mark.parametrize("how", ["no permission", "no function"])
def test_what_no_retry_can_help_goes_to_the_queue_at_once(
    wire: Callable[..., Wiring], eventually: Callable[..., Any], fixtures: Any, how: str
) -> None:
    documented = json.loads((fixtures / "events-dead-letter-message.json").read_text())
    wiring = wire(retries=185, permitted=how != "no permission")
    if how == "no function":
        wiring.account.client("lambda").delete_function(FunctionName=wiring.function)
    wiring.put()
    message = eventually(wiring.queue.receive)[0]
    assert set(message["MessageAttributes"]) == set(documented["attributes"])
    assert attributes(message)["ERROR_CODE"] == {"no permission": "NO_PERMISSIONS", "no function": "NO_RESOURCE"}[how]


def test_a_rule_reaches_no_queue_whose_policy_does_not_name_it(wire: Callable[..., Wiring]) -> None:
    wiring = wire(permitted=False, sender="arn:aws:events:*:*:rule/another")
    wiring.put()
    time.sleep(0.5)
    assert wiring.queue.receive() == []


def test_an_error_of_the_function_is_not_the_rules(
    wire: Callable[..., Wiring], plant: Callable[..., None], control: Any, eventually: Callable[..., Any]
) -> None:
    """Lambda accepted the event: its own two retries follow, and the rule's queue stays empty."""
    wiring = wire(retries=0)
    plant("functions/fail", functionNamePattern=wiring.name, how="throw", count=2)
    identity = wiring.put()
    eventually(lambda: wiring.seen() == [identity], 20)
    assert control("GET", "faults")[1]["faults"] == []
    assert wiring.queue.receive() == []


def test_lost_events_are_accepted_and_never_come(
    wire: Callable[..., Wiring], plant: Callable[..., None], eventually: Callable[..., Any]
) -> None:
    wiring = wire()
    plant("events/drop", source=wiring.source, count=1)
    plant("events/drop", source="somebody-else", count=1)
    wiring.put()
    second = wiring.put()
    eventually(lambda: wiring.seen())
    assert wiring.seen() == [second]


def test_doubled_events_come_twice_with_one_id(
    wire: Callable[..., Wiring], plant: Callable[..., None], eventually: Callable[..., Any]
) -> None:
    wiring = wire()
    plant("events/double", source=wiring.source, detailType="t")
    first, second = wiring.put(), wiring.put()
    eventually(lambda: sorted(wiring.seen()) == sorted([first, first, second]))


def test_a_deployed_rule_keeps_its_retry_policy_and_its_queue(
    account: Any, plant: Callable[..., None], eventually: Callable[..., Any]
) -> None:
    """As the CDK writes it: the queue's policy names the rule, the function's permission too."""
    function, source = account.function(NOTE), account.name("deployed")
    queue_arn, rule_arn = {"Fn::GetAtt": ["Queue", "Arn"]}, {"Fn::GetAtt": ["Rule", "Arn"]}
    send = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
    }
    insecure = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "sqs:*",
        "Resource": queue_arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    target = {
        "Id": "f",
        "Arn": function,
        "RetryPolicy": {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60},
        "DeadLetterConfig": {"Arn": queue_arn},
    }
    resources = {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": [source]}, "Targets": [target]}},
        "Policy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": "Queue"}],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [insecure, send]},
            },
        },
        "Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": function,
                "Principal": "events.amazonaws.com",
                "SourceArn": rule_arn,
            },
        },
    }
    made = account.deploy(resources, {"Url": {"Ref": "Queue"}, "Rule": rule_arn})
    plant("functions/fail", functionNamePattern=function.rsplit(":", 1)[-1], count=2)
    entry = {"Source": source, "DetailType": "t", "Detail": "{}"}
    account.client("events").put_events(Entries=[entry])
    receive = {"QueueUrl": made["Url"], "MessageAttributeNames": ["All"]}
    [message] = eventually(lambda: account.client("sqs").receive_message(**receive).get("Messages"), 20)
    assert attributes(message)["RULE_ARN"] == made["Rule"]
    assert attributes(message)["RETRY_ATTEMPTS"] == "1"
