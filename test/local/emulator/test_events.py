"""Rules, resource policies, streams."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

RECORD = """const { DynamoDBClient, PutItemCommand } = require('@aws-sdk/client-dynamodb');
const client = new DynamoDBClient({});
exports.handler = async (event) => {
  const failures = [];
  for (const record of event.Records ?? [event]) {
    const key = record.dynamodb?.Keys.pk.S ?? record.detail?.id ?? 'timer';
    if (key.startsWith('bad')) failures.push({ itemIdentifier: record.dynamodb.SequenceNumber });
    else {
      const item = { pk: { S: key }, sk: { S: record.eventName ?? record['detail-type'] } };
      await client.send(new PutItemCommand({ TableName: process.env.TABLE, Item: item }));
    }
  }
  return { batchItemFailures: failures };
};"""


@pytest.fixture
def recorder(account: Any) -> tuple[str, Callable[[], set[str]]]:
    """A function that notes what it is given, and what it noted."""
    table = account.table()
    stream = ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams"]
    role = account.role({"Action": ["dynamodb:PutItem", "sqs:SendMessage", *stream], "Resource": "*"})
    function = account.function(RECORD, role=role, environment={"TABLE": table})
    return function, lambda: {item["pk"]["S"] for item in account.client("dynamodb").scan(TableName=table)["Items"]}


def rule(account: Any, function: str, permitted: bool = True, bus: str = "default", **fields: Any) -> None:
    events, name = account.client("events"), account.name("rule")
    created = events.put_rule(Name=name, EventBusName=bus, **fields)["RuleArn"]
    events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "f", "Arn": function}])
    if permitted:
        account.client("lambda").add_permission(
            FunctionName=function,
            StatementId=name,
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=created,
        )


def put(account: Any, identity: str, status: str, bus: str = "default") -> None:
    entry = {"Source": "mine", "DetailType": "t", "Detail": json.dumps({"id": identity, "status": status}), "EventBusName": bus}
    assert account.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0


@pytest.mark.parametrize("bus", ["default", "custom"])
def test_a_rule_picks_by_detail_on_any_bus(account: Any, recorder: Any, bus: str, eventually: Callable[..., Any]) -> None:
    function, noted = recorder
    if bus != "default":
        account.client("events").create_event_bus(Name=bus)
    rule(account, function, bus=bus, EventPattern=json.dumps({"source": ["mine"], "detail": {"status": [{"prefix": "do"}]}}))
    put(account, "wrong", "running", bus)
    put(account, "right", "done", bus)
    eventually(lambda: noted() == {"right"})


def test_a_rule_starts_only_functions_that_permit_it(account: Any, recorder: Any, eventually: Callable[..., Any]) -> None:
    function, noted = recorder
    rule(account, function, permitted=False, EventPattern=json.dumps({"source": ["mine"], "detail": {"status": ["a"]}}))
    rule(account, function, permitted=True, EventPattern=json.dumps({"source": ["mine"], "detail": {"status": ["b"]}}))
    put(account, "unpermitted", "a")
    put(account, "permitted", "b")
    eventually(lambda: "permitted" in noted())
    time.sleep(0.3)
    assert noted() == {"permitted"}


def test_a_schedule_starts_only_functions_that_its_role_may_invoke(
    account: Any, recorder: Any, eventually: Callable[..., Any]
) -> None:
    function, noted = recorder
    scheduler = account.client("scheduler")
    grant = {"Action": "lambda:InvokeFunction", "Resource": function}
    roles = {
        "denied": account.role(service="scheduler.amazonaws.com"),
        "granted": account.role(grant, service="scheduler.amazonaws.com"),
    }
    soon = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 1))
    for name, role in roles.items():
        event = {"detail": {"id": name}, "detail-type": "t"}
        scheduler.create_schedule(
            Name=account.name("schedule"),
            ScheduleExpression=f"at({soon})",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": function, "RoleArn": role, "Input": json.dumps(event)},
        )
    eventually(lambda: "granted" in noted(), 30)
    assert noted() == {"granted"}


def mapping(account: Any, function: str, **fields: Any) -> tuple[Callable[[str], Any], Callable[[], list[Any]]]:
    """A table whose stream feeds the function: how to put a key, and what arrived at the on-failure destination."""
    sqs, dynamodb, table = account.client("sqs"), account.client("dynamodb"), account.table(stream=True)
    queue = sqs.create_queue(QueueName=account.name("dlq"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    account.client("lambda").create_event_source_mapping(
        FunctionName=function,
        EventSourceArn=dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"],
        StartingPosition="TRIM_HORIZON",
        BatchSize=10,
        MaximumRetryAttempts=1,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        DestinationConfig={"OnFailure": {"Destination": arn}},
        **fields,
    )

    def put_key(key: str) -> None:
        dynamodb.put_item(TableName=table, Item={"pk": {"S": key}, "sk": {"S": "x"}})

    return put_key, lambda: [json.loads(message["Body"]) for message in sqs.receive_message(QueueUrl=queue).get("Messages", [])]


def test_a_stream_delivers_retries_and_gives_up_as_configured(
    account: Any, recorder: Any, eventually: Callable[..., Any], fixtures: Any
) -> None:
    documented = json.loads((fixtures / "lambda-dynamodb-stream-destination.json").read_text())["record"]
    function, noted = recorder
    put_key, failed = mapping(account, function)
    for key in ("one", "bad"):
        put_key(key)
    record = eventually(failed, 20)[0]
    assert set(documented) <= set(record)
    assert set(documented["DDBStreamBatchInfo"]) <= set(record["DDBStreamBatchInfo"])
    assert record["requestContext"]["condition"] == documented["requestContext"]["condition"]
    put_key("two")
    eventually(lambda: noted() == {"one", "two"}, 20)


def test_a_bisected_batch_loses_only_the_failing_record(account: Any, recorder: Any, eventually: Callable[..., Any]) -> None:
    function, noted = recorder
    put_key, failed = mapping(account, function, BisectBatchOnFunctionError=True)
    for key in ("bad", "a", "b", "c"):
        put_key(key)
    assert eventually(failed, 20)[0]["DDBStreamBatchInfo"]["batchSize"] == 1
    eventually(lambda: noted() == {"a", "b", "c"}, 20)


def test_a_throttled_batch_uses_up_no_retry_of_its_stream(
    account: Any, recorder: Any, plant: Callable[..., None], control: Any, eventually: Callable[..., Any]
) -> None:
    """Retry attempts do not "apply to service errors or throttles where the batch didn't reach the function":
    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html"""
    function, noted = recorder
    put_key, failed = mapping(account, function)  # one retry
    plant("functions/fail", functionNamePattern=function.rsplit(":", 1)[-1], count=3)
    put_key("patient")
    eventually(lambda: noted() == {"patient"}, 30)
    assert control("GET", "faults")[1]["faults"] == []
    assert failed() == []


def test_records_that_a_function_threw_on_can_be_read_again_from_what_the_destination_says(
    account: Any, recorder: Any, plant: Callable[..., None], eventually: Callable[..., Any]
) -> None:
    function, noted = recorder
    put_key, failed = mapping(account, function)  # one retry
    plant("functions/fail", functionNamePattern=function.rsplit(":", 1)[-1], how="throw", count=2)
    put_key("first")
    batch = eventually(failed, 30)[0]["DDBStreamBatchInfo"]
    streams = account.client("dynamodbstreams")
    iterator = streams.get_shard_iterator(
        StreamArn=batch["streamArn"],
        ShardId=batch["shardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=batch["startSequenceNumber"],
    )["ShardIterator"]
    records = streams.get_records(ShardIterator=iterator, Limit=batch["batchSize"])["Records"]
    assert [record["dynamodb"]["Keys"]["pk"]["S"] for record in records] == ["first"]
    assert records[-1]["dynamodb"]["SequenceNumber"] == batch["endSequenceNumber"]
    assert noted() == set()
