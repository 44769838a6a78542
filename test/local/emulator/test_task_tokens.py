"""Waiting for a callback."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

CALLBACK = "arn:aws:states:::aws-sdk:batch:submitJob.waitForTaskToken"
SUBMIT = {"Action": "batch:SubmitJob", "Resource": "*"}


def task(name: str, **fields: Any) -> dict[str, Any]:
    """A Batch task whose job carries the token."""
    arguments = {
        "JobName": name,
        "JobQueue": "queue",
        "JobDefinition": "definition:1",
        "ContainerOverrides": {"Environment": [{"Name": "TASK_TOKEN", "Value": "{% $states.context.Task.Token %}"}]},
    }
    return {"Type": "Task", "Resource": CALLBACK, "Arguments": arguments, "End": True, **fields}


@pytest.fixture
def tokens(batch: Any, eventually: Callable[..., Any]) -> Callable[..., list[str]]:
    """The tokens of the jobs of a name, once there are as many."""

    def of(name: str) -> list[str]:
        jobs = [body for body in batch.requests("/v1/submitjob") if body["jobName"] == name]
        return [job["containerOverrides"]["environment"][0]["value"] for job in jobs]

    return lambda name, count=1: eventually(lambda: len(of(name)) >= count and of(name))


def refusal(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def test_success_hands_its_output_to_the_state(account: Any, tokens: Any) -> None:
    execution = account.start(account.machine({"Run": task("success", Output="{% $states.result.n + 1 %}")}, SUBMIT))
    account.client("stepfunctions").send_task_success(taskToken=tokens("success")[0], output='{"n": 41}')
    assert account.ended(execution)["output"] == 42


def test_failure_reaches_the_catcher_of_its_name_with_its_cause(account: Any, tokens: Any) -> None:
    catch = [{"ErrorEquals": ["Stage.Hung"], "Output": "{% $parse($states.errorOutput.Cause) %}", "Next": "Caught"}]
    execution = account.start(account.machine({"Run": task("failure", Catch=catch), "Caught": {"Type": "Succeed"}}, SUBMIT))
    account.client("stepfunctions").send_task_failure(taskToken=tokens("failure")[0], error="Stage.Hung", cause='{"rung": 1}')
    assert account.ended(execution)["output"] == {"rung": 1}


def test_each_retry_gets_a_token_of_its_own_and_the_old_one_is_dead(account: Any, tokens: Any) -> None:
    retry = [{"ErrorEquals": ["Stage.Again"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1}]
    execution = account.start(account.machine({"Run": task("retry", Retry=retry)}, SUBMIT))
    states = account.client("stepfunctions")
    first = tokens("retry")[0]
    states.send_task_failure(taskToken=first, error="Stage.Again", cause="")
    second = tokens("retry", 2)[1]
    assert first != second
    assert refusal(lambda: states.send_task_success(taskToken=first, output='"of the wrong attempt"')) == "TaskTimedOut"
    states.send_task_success(taskToken=second, output='"right"')
    assert account.ended(execution)["output"] == "right"


def test_the_first_callback_wins(account: Any, tokens: Any) -> None:
    execution = account.start(account.machine({"Run": task("first")}, SUBMIT))
    states, token = account.client("stepfunctions"), tokens("first")[0]
    states.send_task_success(taskToken=token, output='"first"')
    assert refusal(lambda: states.send_task_failure(taskToken=token, error="Late", cause="")) == "TaskTimedOut"
    assert account.ended(execution)["output"] == "first"


def test_an_unknown_token_does_not_exist(account: Any) -> None:
    states = account.client("stepfunctions")
    assert refusal(lambda: states.send_task_success(taskToken="never-given", output="1")) == "TaskDoesNotExist"


def test_output_that_is_not_json_is_refused_and_the_task_goes_on(account: Any, tokens: Any) -> None:
    execution = account.start(account.machine({"Run": task("invalid")}, SUBMIT))
    states, token = account.client("stepfunctions"), tokens("invalid")[0]
    assert refusal(lambda: states.send_task_success(taskToken=token, output="{")) == "InvalidOutput"
    states.send_task_success(taskToken=token, output="1")
    assert account.ended(execution)["output"] == 1


def test_a_time_out_is_caught_as_such_without_a_cause(account: Any, batch: Any) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput %}", "Next": "Caught"}]
    states = {"Run": task("slow", TimeoutSeconds="{% $states.input.limit %}", Catch=catch), "Caught": {"Type": "Succeed"}}
    ended = account.run(account.machine(states, SUBMIT), {"limit": 1})
    assert ended["output"] == {"Error": "States.Timeout", "Cause": ""}


def test_a_missing_heartbeat_fails_the_task_and_a_heartbeat_keeps_it_alive(account: Any, tokens: Any) -> None:
    execution = account.start(account.machine({"Run": task("beat", HeartbeatSeconds=4, TimeoutSeconds=60)}, SUBMIT))
    states, token = account.client("stepfunctions"), tokens("beat")[0]
    for _ in range(10):  # longer than the limit in all, far shorter from one to the next, whatever else the machine does
        time.sleep(0.5)
        states.send_task_heartbeat(taskToken=token)
    assert states.describe_execution(executionArn=execution)["status"] == "RUNNING"
    assert account.ended(execution)["error"] == "States.HeartbeatTimeout"
    assert refusal(lambda: states.send_task_heartbeat(taskToken=token)) == "TaskTimedOut"


def test_a_lambda_that_throws_fails_its_token_task(account: Any) -> None:
    function = account.function(
        "exports.handler = async () => { const e = new Error('no'); e.name = 'Stage.Refused'; throw e; };"
    )
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Arguments": {"FunctionName": function, "Payload": {"token": "{% $states.context.Task.Token %}"}},
        "End": True,
    }
    machine = account.machine({"Run": state}, {"Action": "lambda:InvokeFunction", "Resource": function})
    assert account.run(machine)["error"] == "Stage.Refused"


def test_stopping_ends_the_wait_and_the_retries(account: Any, batch: Any, tokens: Any) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 9, "BackoffRate": 1}]
    execution = account.start(account.machine({"Run": task("stopped", Retry=retry)}, SUBMIT))
    states = account.client("stepfunctions")
    token = tokens("stopped")[0]
    states.stop_execution(executionArn=execution, error="Cancelled", cause="by the user")
    assert refusal(lambda: states.send_task_success(taskToken=token, output="1")) == "TaskTimedOut"
    time.sleep(1.5)
    ended = account.ended(execution)
    assert (ended["status"], ended["error"]) == ("ABORTED", "Cancelled")
    assert len([body for body in batch.requests("/v1/submitjob") if body["jobName"] == "stopped"]) == 1


def test_a_callback_needs_a_grant_on_the_machine_of_the_token(account: Any, tokens: Any) -> None:
    machine = account.machine({"Run": task("scoped")}, SUBMIT)
    other = account.machine({"Run": {"Type": "Succeed"}})
    execution = account.start(machine)
    token = tokens("scoped")[0]
    stranger = account.allowed({"Action": "states:SendTask*", "Resource": other})("stepfunctions")
    assert refusal(lambda: stranger.send_task_success(taskToken=token, output="1")) == "AccessDeniedException"
    entitled = account.allowed({"Action": "states:SendTask*", "Resource": machine})("stepfunctions")
    entitled.send_task_success(taskToken=token, output="1")
    assert account.ended(execution)["status"] == "SUCCEEDED"


def test_parallel_branches_do_not_share_a_token(account: Any, tokens: Any) -> None:
    branches = [{"StartAt": "Run", "States": {"Run": task("branch")}} for _ in range(3)]
    execution = account.start(account.machine({"Both": {"Type": "Parallel", "Branches": branches, "End": True}}, SUBMIT))
    given = tokens("branch", 3)
    assert len(set(given)) == 3
    for token in given:
        account.client("stepfunctions").send_task_success(taskToken=token, output="1")
    assert account.ended(execution)["output"] == [1, 1, 1]
