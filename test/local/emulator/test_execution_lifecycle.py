"""Machine time-outs, JSONata and roles of state machines."""

import json
from collections.abc import Callable
from typing import Any

import pytest


def test_assign_evaluates_everything_before_it_assigns(account: Any) -> None:
    states = {
        "Set": {"Type": "Pass", "Assign": {"a": 1, "b": 2}, "Next": "Swap"},
        "Swap": {"Type": "Pass", "Assign": {"a": "{% $b %}", "b": "{% $a %}"}, "Next": "Done"},
        "Done": {"Type": "Succeed", "Output": {"a": "{% $a %}", "b": "{% $b %}"}},
    }
    assert account.run(account.machine(states))["output"] == {"a": 2, "b": 1}


def test_succeed_without_output_passes_its_input_on(account: Any) -> None:
    assert account.run(account.machine({"Done": {"Type": "Succeed"}}), {"kept": True})["output"] == {"kept": True}


def test_the_machines_own_time_out_ends_the_execution(account: Any, batch: Any) -> None:
    states = {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}
    assert account.run(account.machine(states, TimeoutSeconds=1))["status"] == "TIMED_OUT"


def test_a_status_change_has_the_documented_members(account: Any, eventually: Callable[..., Any], fixtures: Any) -> None:
    documented = json.loads((fixtures / "step-functions-execution-status-change.json").read_text())["event"]
    table = account.table()
    function = account.function(
        """const { DynamoDBClient, PutItemCommand } = require('@aws-sdk/client-dynamodb');
        exports.handler = (event) => new DynamoDBClient({}).send(new PutItemCommand({ TableName: process.env.TABLE,
          Item: { pk: { S: event.detail.name }, sk: { S: event.detail.status }, event: { S: JSON.stringify(event) } } }));""",
        role=account.role({"Action": "dynamodb:PutItem", "Resource": "*"}),
        environment={"TABLE": table},
    )
    events = account.client("events")
    machine = account.machine({"Done": {"Type": "Succeed"}})
    pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [machine], "status": ["SUCCEEDED"]}}
    rule = events.put_rule(Name="status", EventPattern=json.dumps(pattern))["RuleArn"]
    events.put_targets(Rule="status", Targets=[{"Id": "f", "Arn": function}])
    account.client("lambda").add_permission(
        FunctionName=function, StatementId="s", Action="lambda:InvokeFunction", Principal="events.amazonaws.com", SourceArn=rule
    )
    account.run(machine)
    found = eventually(lambda: account.client("dynamodb").scan(TableName=table)["Items"])
    assert len(found) == 1
    event = json.loads(found[0]["event"]["S"])
    assert set(documented) <= set(event)
    assert set(documented["detail"]) <= set(event["detail"])
    assert event["detail-type"] == documented["detail-type"]


def invoking(function: str) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": {"n": 1}},
        "Output": "{% $states.result.Payload %}",
        "End": True,
    }


def test_a_task_invokes_only_functions_that_its_role_may_invoke(account: Any) -> None:
    function = account.function("exports.handler = async (event) => event.n + 1;")
    granted = {"Action": "lambda:InvokeFunction", "Resource": [function, f"{function}:*"]}
    assert account.run(account.machine({"Run": invoking(function)}, granted))["output"] == 2
    denied = account.run(account.machine({"Run": invoking(function)}))
    assert denied["status"] == "FAILED"
    assert denied["error"] == "Lambda.AWSLambdaException"
    assert "lambda:InvokeFunction" in denied["cause"]


@pytest.mark.parametrize("resource", ["arn:aws:states:::aws-sdk:dynamodb:putItem", "arn:aws:states:::dynamodb:putItem"])
def test_a_task_writes_only_where_its_role_may_write(account: Any, resource: str) -> None:
    table = account.table()
    state = {
        "Type": "Task",
        "Resource": resource,
        "Arguments": {"TableName": table, "Item": {"pk": {"S": "a"}, "sk": {"S": "b"}}},
        "End": True,
    }
    grant = {"Action": "dynamodb:PutItem", "Resource": f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}"}
    assert account.run(account.machine({"Run": state}, grant))["status"] == "SUCCEEDED"
    assert account.client("dynamodb").scan(TableName=table)["Count"] == 1
    denied = account.run(account.machine({"Run": state}))
    assert denied["status"] == "FAILED"
    assert "dynamodb:PutItem" in denied["cause"]


@pytest.mark.parametrize(
    ("resource", "arguments", "action"),
    [
        ("events:putEvents", {"Entries": [{"Source": "a", "DetailType": "b", "Detail": {}}]}, "events:PutEvents"),
        ("sqs:sendMessage", {"QueueUrl": "http://127.0.0.1/000000000000/none", "MessageBody": "x"}, "sqs:SendMessage"),
        ("sns:publish", {"TopicArn": "arn:aws:sns:us-east-1:000000000000:none", "Message": "x"}, "sns:Publish"),
        (
            "states:startExecution",
            {"StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:none"},
            "states:StartExecution",
        ),
    ],
)
def test_optimised_integrations_need_their_grant(account: Any, resource: str, arguments: Any, action: str) -> None:
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments, "End": True}
    denied = account.run(account.machine({"Run": state}))
    assert denied["status"] == "FAILED"
    assert action in denied["cause"]


def test_events_of_a_task_go_out_when_granted(account: Any) -> None:
    arguments = {"Entries": [{"Source": "mine", "DetailType": "b", "Detail": "{}"}]}
    state = {"Type": "Task", "Resource": "arn:aws:states:::events:putEvents", "Arguments": arguments, "End": True}
    grant = {"Action": "events:PutEvents", "Resource": "*"}
    assert account.run(account.machine({"Run": state}, grant))["output"]["FailedEntryCount"] == 0
