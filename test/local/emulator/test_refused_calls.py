"""Services that refuse: SDKs raise what they would raise on AWS, and try again as they would."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ONCE = Config(retries={"total_max_attempts": 1, "mode": "standard"})
PATIENT = Config(retries={"total_max_attempts": 4, "mode": "standard"})

CALLS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "s3": ("s3", lambda client: client.list_buckets()),
    "dynamodb": ("dynamodb", lambda client: client.list_tables()),
    "events": ("events", lambda client: client.list_rules()),
    "states": ("stepfunctions", lambda client: client.list_state_machines()),
    "batch": ("batch", lambda client: client.describe_job_queues(jobQueues=["none"])),
    "lambda": ("lambda", lambda client: client.list_functions()),
}


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("s3", None, (503, "SlowDown")),
        ("s3", "InternalError", (500, "InternalError")),
        ("dynamodb", None, (500, "InternalServerError")),
        ("dynamodb", "ProvisionedThroughputExceededException", (400, "ProvisionedThroughputExceededException")),
        ("events", None, (500, "InternalException")),
        ("events", "ThrottlingException", (400, "ThrottlingException")),
        ("states", None, (503, "ServiceUnavailable")),
        ("states", "ThrottlingException", (400, "ThrottlingException")),
        ("batch", None, (500, "ServerException")),
        ("lambda", None, (500, "ServiceException")),
        ("lambda", "TooManyRequestsException", (429, "TooManyRequestsException")),
    ],
)
def test_boto3_raises_the_services_error_and_tries_again(
    emulator: Any, control: Any, plant: Callable[..., None], service: str, code: str | None, status: tuple[int, str]
) -> None:
    name, call = CALLS[service]
    rule = {"service": service, **({"code": code} if code else {})}
    plant("services/refuse", **rule)
    with pytest.raises(ClientError) as caught:
        call(emulator.client(name, config=ONCE))
    assert (caught.value.response["ResponseMetadata"]["HTTPStatusCode"], caught.value.response["Error"]["Code"]) == status
    modeled = getattr(emulator.client(name).exceptions, status[1], None) if service != "s3" and status[0] != 503 else None
    assert modeled is None or isinstance(caught.value, modeled)

    plant("services/refuse", **rule, count=2)
    assert call(emulator.client(name, config=PATIENT))["ResponseMetadata"]["RetryAttempts"] == 2
    assert control("GET", "faults")[1]["faults"] == []


JAVASCRIPT = """
const [service, attempts] = process.argv.slice(1);
const make = {
  s3: () => { const { S3Client, ListBucketsCommand } = require('@aws-sdk/client-s3');
    return [S3Client, new ListBucketsCommand({})]; },
  dynamodb: () => { const { DynamoDBClient, ListTablesCommand } = require('@aws-sdk/client-dynamodb');
    return [DynamoDBClient, new ListTablesCommand({})]; },
  events: () => { const { EventBridgeClient, ListRulesCommand } = require('@aws-sdk/client-eventbridge');
    return [EventBridgeClient, new ListRulesCommand({})]; },
  states: () => { const { SFNClient, ListStateMachinesCommand } = require('@aws-sdk/client-sfn');
    return [SFNClient, new ListStateMachinesCommand({})]; },
  batch: () => { const { BatchClient, DescribeJobQueuesCommand } = require('@aws-sdk/client-batch');
    return [BatchClient, new DescribeJobQueuesCommand({ jobQueues: ['none'] })]; },
};
const [Client, command] = make[service]();
new Client({ maxAttempts: Number(attempts) }).send(command).then(
  (answer) => console.log(JSON.stringify({ attempts: answer.$metadata.attempts })),
  (error) => console.log(JSON.stringify({ name: error.name, status: error.$metadata?.httpStatusCode, message: error.message })),
);
"""


def javascript(emulator: Any, service: str, attempts: int) -> dict[str, Any]:
    """What a call of the AWS SDK for JavaScript came to."""
    root = Path(__file__).resolve().parents[3]
    environment = {**os.environ, **emulator.environment, "NODE_PATH": str(root / "node_modules")}
    ran = subprocess.run(
        ["node", "--eval", JAVASCRIPT, service, str(attempts)], env=environment, capture_output=True, text=True, timeout=60
    )
    answer: dict[str, Any] = json.loads(ran.stdout or json.dumps({"stderr": ran.stderr}))
    return answer


@pytest.mark.parametrize(
    ("service", "error"),
    [
        ("s3", {"name": "SlowDown", "status": 503}),
        ("dynamodb", {"name": "InternalServerError", "status": 500}),
        ("events", {"name": "InternalException", "status": 500}),
        ("states", {"name": "ServiceUnavailable", "status": 503}),
        ("batch", {"name": "ServerException", "status": 500}),
    ],
)
def test_the_sdk_for_javascript_does_as_well(
    emulator: Any, plant: Callable[..., None], service: str, error: dict[str, Any]
) -> None:
    plant("services/refuse", service=service, count=2)
    assert javascript(emulator, service, 1).items() >= error.items()
    assert javascript(emulator, service, 3) == {"attempts": 2}


def test_only_the_named_operations_are_refused(emulator: Any, plant: Callable[..., None]) -> None:
    s3 = emulator.client("s3", config=ONCE)
    s3.create_bucket(Bucket="named-operations")
    plant("services/refuse", service="s3", operations=["UploadPart", "GetObject"], seconds=60)
    s3.put_object(Bucket="named-operations", Key="a", Body=b"x")
    upload = s3.create_multipart_upload(Bucket="named-operations", Key="b")["UploadId"]
    with pytest.raises(ClientError, match="SlowDown"):
        s3.upload_part(Bucket="named-operations", Key="b", UploadId=upload, PartNumber=1, Body=b"x")
    with pytest.raises(ClientError, match="SlowDown"):
        s3.get_object(Bucket="named-operations", Key="a")
    assert s3.head_object(Bucket="named-operations", Key="a")["ContentLength"] == 1


def test_a_service_comes_back_after_the_seconds(emulator: Any, plant: Callable[..., None]) -> None:
    dynamodb = emulator.client("dynamodb", config=ONCE)
    plant("services/refuse", service="dynamodb", seconds=1)
    with pytest.raises(dynamodb.exceptions.InternalServerError):
        dynamodb.list_tables()
    time.sleep(1.1)
    dynamodb.list_tables()


def test_a_state_machines_own_calls_are_refused_too(account: Any, plant: Callable[..., None]) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:batch:submitJob",
        "Arguments": {"JobName": "j", "JobQueue": "q", "JobDefinition": "d"},
        "End": True,
    }
    grant = {"Action": "batch:SubmitJob", "Resource": "*"}
    plant("services/refuse", service="batch", operations=["SubmitJob"])
    ended = account.run(account.machine({"Submit": task}, grant))
    assert (ended["status"], ended["error"]) == ("FAILED", "Batch.ServerException")
    retrying = {**task, "Retry": [{"ErrorEquals": ["Batch.ServerException"], "IntervalSeconds": 1, "MaxAttempts": 2}]}
    plant("services/refuse", service="batch", operations=["SubmitJob"])
    assert account.run(account.machine({"Submit": retrying}, grant))["status"] == "SUCCEEDED"


def put(emulator: Any, *detail_types: str) -> dict[str, Any]:
    entries = [{"Source": "mine", "DetailType": detail_type, "Detail": "{}"} for detail_type in detail_types]
    answer: dict[str, Any] = emulator.client("events", config=ONCE).put_events(Entries=entries)
    return answer


def test_entries_of_put_events_fail_one_by_one(emulator: Any, fixtures: Path, plant: Callable[..., None]) -> None:
    documented = json.loads((fixtures / "events-put-events-partial-failure.json").read_text())["response"]
    plant("services/refuse", service="events", operations=["PutEvents"], partial=True, detailType="b*", count=2)
    answer = put(emulator, "a", "b1", "c", "b2", "b3")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert answer["FailedEntryCount"] == 2
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [None, "InternalFailure", None, "InternalFailure", None]
    shapes = {frozenset(entry) for entry in documented["Entries"]}
    assert {frozenset(entry) for entry in answer["Entries"]} == shapes
    assert put(emulator, "b1")["FailedEntryCount"] == 0


def test_a_call_may_fail_in_every_part(emulator: Any, plant: Callable[..., None]) -> None:
    plant("services/refuse", service="events", operations=["PutEvents"], partial=True, code="ThrottlingException", seconds=60)
    answer = put(emulator, "a", "b")
    assert answer["FailedEntryCount"] == 2
    assert {entry["ErrorCode"] for entry in answer["Entries"]} == {"ThrottlingException"}
