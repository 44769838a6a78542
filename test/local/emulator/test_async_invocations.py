"""Lambda's own queue of events: what is tried again, and where it ends."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

NOTE = "exports.handler = async (event) => { console.log(`seen ${event.id}.`); };"
THROW = "exports.handler = async (event) => { console.log(`seen ${event.id}.`); throw new RangeError('too far'); };"


def sending(account: Any, code: str) -> str:
    """A function whose role may send to queues, as a destination requires."""
    function: str = account.function(code, role=account.role({"Action": "sqs:SendMessage", "Resource": "*"}))
    return function


def accept(account: Any, function: str, identity: str) -> None:
    answer = account.client("lambda").invoke(
        FunctionName=function, InvocationType="Event", Payload=json.dumps({"id": identity}).encode()
    )
    assert answer["StatusCode"] == 202


def test_a_throttled_caller_sees_the_documented_error(account: Any, plant: Callable[..., None]) -> None:
    client, function = account.client("lambda"), account.function(NOTE)
    for kind in ("RequestResponse", "Event"):
        # boto3 tries four times more.
        plant("functions/fail", functionNamePattern=function.rsplit(":", 1)[-1], count=5)
        with pytest.raises(client.exceptions.TooManyRequestsException):
            client.invoke(FunctionName=function, InvocationType=kind, Payload=b"{}")
    assert account.noted(function, "(seen)") == []


def test_a_throw_is_an_unhandled_error_of_a_function_that_did_not_run(account: Any, plant: Callable[..., None]) -> None:
    function = account.function(NOTE)
    plant("functions/fail", functionNamePattern="*", how="throw")
    payload, kind = account.invoke(function, {"id": "a"})
    assert kind == "Unhandled"
    assert set(payload) == {"errorType", "errorMessage", "trace"}
    assert account.invoke(function, {"id": "b"}) == (None, None)
    assert account.noted(function, "seen (.)") == ["b"]


def test_a_function_that_throws_gets_the_event_three_times_and_then_the_destination_its_record(
    account: Any, eventually: Callable[..., Any], fixtures: Any
) -> None:
    documented = json.loads((fixtures / "lambda-async-destination.json").read_text())["record"]
    function, queue = sending(account, THROW), account.queue()
    account.client("lambda").put_function_event_invoke_config(
        FunctionName=function, DestinationConfig={"OnFailure": {"Destination": queue.arn}}
    )
    accept(account, function, "poison")
    record = json.loads(eventually(queue.receive, 30)[0]["Body"])
    assert set(record) == set(documented)
    assert set(record["requestContext"]) == set(documented["requestContext"])
    assert record["requestContext"]["condition"] == documented["requestContext"]["condition"]
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestContext"]["functionArn"] == f"{function}:$LATEST"
    assert record["responseContext"] == documented["responseContext"]
    assert record["requestPayload"] == {"id": "poison"}
    assert record["responsePayload"]["errorMessage"] == "too far"
    assert account.noted(function, "seen (.+)\\.") == ["poison"] * 3


def test_a_dead_letter_queue_gets_the_event_itself(account: Any, eventually: Callable[..., Any], fixtures: Any) -> None:
    documented = json.loads((fixtures / "lambda-dead-letter-message.json").read_text())["attributes"]
    function, queue, client = sending(account, THROW), account.queue(), account.client("lambda")
    client.update_function_configuration(FunctionName=function, DeadLetterConfig={"TargetArn": queue.arn})
    client.put_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=0)
    accept(account, function, "poison")
    message = eventually(queue.receive, 30)[0]
    assert json.loads(message["Body"]) == {"id": "poison"}
    assert {name: value["DataType"] for name, value in message["MessageAttributes"].items()} == documented
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "too far"


def test_a_throttle_uses_up_no_retry(account: Any, eventually: Callable[..., Any]) -> None:
    """An event that Lambda accepted waits while the function has no concurrency, however often it is tried."""
    function, queue, client = sending(account, NOTE), account.queue(), account.client("lambda")
    client.put_function_event_invoke_config(
        FunctionName=function, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": queue.arn}}
    )
    client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    accept(account, function, "patient")
    time.sleep(2)  # the first try and the second, a second later, of which either would have been the last if it counted
    assert account.noted(function, "(seen)") == []
    client.delete_function_concurrency(FunctionName=function)
    eventually(lambda: account.noted(function, "seen (.+)\\.") == ["patient"], 30)
    assert queue.receive() == []


def test_a_throttled_task_of_a_state_machine_has_the_documented_error(account: Any, plant: Callable[..., None]) -> None:
    function = account.function(NOTE)
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": {"id": "a"}},
        "End": True,
    }
    grant = {"Action": "lambda:InvokeFunction", "Resource": function}
    plant("functions/fail", functionNamePattern=function.rsplit(":", 1)[-1])
    ended = account.run(account.machine({"Call": task}, grant))
    assert (ended["status"], ended["error"]) == ("FAILED", "Lambda.TooManyRequestsException")


def test_a_machine_that_retries_throttles_goes_on(account: Any, plant: Callable[..., None]) -> None:
    function = account.function(NOTE)
    retry = {"ErrorEquals": ["Lambda.TooManyRequestsException"], "IntervalSeconds": 1, "MaxAttempts": 3}
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": {"id": "a"}},
        "Retry": [retry],
        "End": True,
    }
    plant("functions/fail", functionNamePattern=function.rsplit(":", 1)[-1], count=2)
    grant = {"Action": "lambda:InvokeFunction", "Resource": function}
    assert account.run(account.machine({"Call": task}, grant))["status"] == "SUCCEEDED"


def test_a_destination_gets_nothing_from_a_function_whose_role_may_not_send(account: Any, eventually: Callable[..., Any]) -> None:
    function, queue = account.function(THROW), account.queue()
    account.client("lambda").put_function_event_invoke_config(
        FunctionName=function, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": queue.arn}}
    )
    accept(account, function, "poison")
    eventually(lambda: account.noted(function, "(seen)"))
    eventually(lambda: f"may not send to {queue.arn}" in account.emulator.log.read_text())
    assert queue.receive() == []


def test_a_deployed_function_keeps_its_destination(
    account: Any, plant: Callable[..., None], eventually: Callable[..., Any]
) -> None:
    function, queue = sending(account, NOTE), account.queue()
    properties = {
        "FunctionName": function.rsplit(":", 1)[-1],
        "Qualifier": "$LATEST",
        "MaximumRetryAttempts": 1,
        "DestinationConfig": {"OnFailure": {"Destination": queue.arn}},
    }
    account.deploy({"Asynchronous": {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": properties}})
    plant("functions/fail", functionNamePattern=properties["FunctionName"], how="throw", count=2)
    accept(account, function, "poison")
    record = json.loads(eventually(queue.receive, 20)[0]["Body"])
    assert (record["requestPayload"], record["requestContext"]["approximateInvokeCount"]) == ({"id": "poison"}, 2)
    assert account.noted(function, "(seen)") == []
