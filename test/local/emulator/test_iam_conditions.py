"""Grants that AWS evaluates and stock does not, or not rightly."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

LEADING = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["acme"]}}


def code(call: Any) -> str:
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "allowed"


def item(partition: str) -> dict[str, Any]:
    return {"pk": {"S": partition}, "sk": {"S": "1"}}


@pytest.fixture(scope="module")
def tenant(account: Any) -> tuple[Any, str]:
    """A role that may touch one partition of a table, and the table."""
    table = account.table()
    grant = {"Action": "dynamodb:*", "Resource": f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}", "Condition": LEADING}
    return account.allowed(grant)("dynamodb"), table


@pytest.mark.parametrize(("partition", "expected"), [("acme", "allowed"), ("rival", "AccessDeniedException")])
def test_leading_keys_confine_a_role_to_its_partition(tenant: tuple[Any, str], partition: str, expected: str) -> None:
    dynamodb, table = tenant
    calls = [
        lambda: dynamodb.put_item(TableName=table, Item=item(partition)),
        lambda: dynamodb.get_item(TableName=table, Key=item(partition)),
        lambda: dynamodb.query(
            TableName=table,
            KeyConditionExpression="#p = :p AND begins_with(sk, :s)",
            ExpressionAttributeNames={"#p": "pk"},
            ExpressionAttributeValues={":p": {"S": partition}, ":s": {"S": "1"}},
        ),
        lambda: dynamodb.batch_get_item(RequestItems={table: {"Keys": [item("acme"), item(partition)][-1:]}}),
        lambda: dynamodb.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": item(partition)}}]}),
        lambda: dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": table, "Item": item(partition)}}]),
    ]
    assert [code(call) for call in calls] == [expected] * len(calls)


def test_one_foreign_key_among_many_denies_the_batch(tenant: tuple[Any, str]) -> None:
    dynamodb, table = tenant
    request = {table: {"Keys": [item("acme"), item("rival")]}}
    assert code(lambda: dynamodb.batch_get_item(RequestItems=request)) == "AccessDeniedException"


def test_a_role_may_put_events_of_its_own_source_only(account: Any) -> None:
    account.client("events").create_event_bus(Name="sources")
    bus = "arn:aws:events:us-east-1:000000000000:event-bus/sources"
    events = account.allowed(
        {"Action": "events:PutEvents", "Resource": bus, "Condition": {"StringEquals": {"events:source": "spotforge.stage"}}}
    )("events")

    def put(*sources: str, bus_name: str = "sources") -> str:
        entries = [{"Source": source, "DetailType": "t", "Detail": "{}", "EventBusName": bus_name} for source in sources]
        return code(lambda: events.put_events(Entries=entries))

    assert put("spotforge.stage") == "allowed"
    assert put("spotforge.api") == "AccessDeniedException"
    assert put("spotforge.stage", "spotforge.api") == "AccessDeniedException", "every entry counts, not the first alone"
    assert put("spotforge.stage", bus_name="default") == "AccessDeniedException"


def test_only_root_puts_events_of_aws(account: Any) -> None:
    entry = {"Source": "aws.batch", "DetailType": "Batch Job State Change", "Detail": "{}"}
    assert account.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
    job = account.allowed({"Action": "events:PutEvents", "Resource": "*"})("events")
    refused = job.put_events(Entries=[entry])
    assert refused["FailedEntryCount"] == 1
    assert refused["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"


def test_a_job_role_is_assumed_by_the_executor_and_by_no_other_role(account: Any) -> None:
    role = account.role(service="ecs-tasks.amazonaws.com")
    assert account.client("sts").assume_role(RoleArn=role, RoleSessionName="job")["AssumedRoleUser"]["Arn"].endswith("/job")
    stranger = account.allowed({"Action": "sts:AssumeRole", "Resource": "*"})("sts")
    assert code(lambda: stranger.assume_role(RoleArn=role, RoleSessionName="job")) == "AccessDenied"


def batch_arn(kind: str, name: str) -> str:
    return f"arn:aws:batch:us-east-1:000000000000:{kind}/{name}"


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ([batch_arn("job-queue", "mine"), batch_arn("job-definition", "train:*")], "allowed"),
        ([batch_arn("job-queue", "mine")], "AccessDeniedException"),
        ([batch_arn("job-definition", "train:*")], "AccessDeniedException"),
        ([batch_arn("job-queue", "other"), batch_arn("job-definition", "train:*")], "AccessDeniedException"),
    ],
)
def test_submit_job_needs_the_queue_and_the_definition(account: Any, resources: list[str], expected: str) -> None:
    client = account.allowed({"Action": "batch:SubmitJob", "Resource": resources})("batch")
    submit = {"jobName": "a", "jobQueue": "mine", "jobDefinition": batch_arn("job-definition", "train:3")}
    assert code(lambda: client.submit_job(**submit)) == expected


def test_terminate_job_is_granted_per_job(account: Any) -> None:
    client = account.allowed({"Action": "batch:TerminateJob", "Resource": batch_arn("job", "one")})("batch")
    assert code(lambda: client.terminate_job(jobId="one", reason="r")) == "allowed"
    assert code(lambda: client.terminate_job(jobId="two", reason="r")) == "AccessDeniedException"


def test_describing_jobs_takes_no_resource(account: Any) -> None:
    client = account.allowed({"Action": ["batch:DescribeJobs", "batch:ListJobs"], "Resource": "*"})("batch")
    assert code(lambda: client.describe_jobs(jobs=["one"])) == "allowed"
    assert code(lambda: client.cancel_job(jobId="one", reason="r")) == "AccessDeniedException"


def test_the_policy_simulator_answers(account: Any) -> None:
    role = account.role({"Action": "s3:GetObject", "Resource": "*"})
    result = account.client("iam").simulate_principal_policy(PolicySourceArn=role, ActionNames=["s3:GetObject", "s3:PutObject"])
    assert json.dumps([item["EvalDecision"] for item in result["EvaluationResults"]]) == '["allowed", "implicitDeny"]'
