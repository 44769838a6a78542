"""Table properties of CloudFormation that stock drops."""

from typing import Any

import pytest

KEYS = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
TTL = {"TimeToLiveSpecification": {"AttributeName": "expiresAt", "Enabled": True}}
RECOVERY = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
OUTPUT = {"Name": {"Ref": "Table"}}


def table(**properties: Any) -> dict[str, Any]:
    return {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": {**KEYS, **properties}}}


def settings(account: Any, name: str) -> tuple[str, str]:
    dynamodb = account.client("dynamodb")
    ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    return ttl["TimeToLiveStatus"], backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]


def test_a_table_of_a_stack_has_time_to_live_and_recovery(account: Any) -> None:
    stack = account.deploy(table(**TTL, **RECOVERY), OUTPUT)
    assert settings(account, stack["Name"]) == ("ENABLED", "ENABLED")
    account.deploy(table(), OUTPUT, stack=stack["StackName"])
    assert settings(account, stack["Name"]) == ("DISABLED", "DISABLED")
    account.deploy(table(**RECOVERY), OUTPUT, stack=stack["StackName"])
    assert settings(account, stack["Name"]) == ("DISABLED", "ENABLED")


def test_what_dynamodb_refuses_fails_the_stack(account: Any) -> None:
    with pytest.raises(AssertionError, match="TimeToLiveSpecification refused"):
        account.deploy(table(TimeToLiveSpecification={"Enabled": True}))
