"""What a stack may delete, and what it leaves."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

BUCKET = {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}}}
KEYS = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def table(**properties: Any) -> dict[str, Any]:
    return {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": {**KEYS, **properties}}}


def deleted(account: Any, stack: str) -> None:
    cloudformation = account.client("cloudformation")
    cloudformation.delete_stack(StackName=stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 20})


def reason(account: Any, stack: str, logical_id: str) -> str:
    events = account.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    failed = [each for each in events if each["ResourceStatus"] == "DELETE_FAILED" and each["LogicalResourceId"] == logical_id]
    return str(failed[0]["ResourceStatusReason"])


def test_a_bucket_with_an_old_version_in_it_stays_and_says_why_until_it_is_emptied(account: Any) -> None:
    s3 = account.client("s3")
    stack = account.deploy(BUCKET, {"Name": {"Ref": "Bucket"}})
    name = stack["Name"]
    s3.put_object(Bucket=name, Key="a", Body=b"1")
    s3.delete_object(Bucket=name, Key="a")
    with pytest.raises(WaiterError):
        deleted(account, stack["StackName"])
    assert "not empty" in reason(account, stack["StackName"], "Bucket")
    found = s3.list_object_versions(Bucket=name)
    for version in found["Versions"] + found["DeleteMarkers"]:
        s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
    deleted(account, stack["StackName"])
    with pytest.raises(ClientError, match="404"):
        s3.head_bucket(Bucket=name)


def test_a_protected_table_stays_until_its_protection_is_off(account: Any) -> None:
    dynamodb = account.client("dynamodb")
    stack = account.deploy(table(DeletionProtectionEnabled=True), {"Name": {"Ref": "Table"}})
    with pytest.raises(WaiterError):
        deleted(account, stack["StackName"])
    assert "protected against deletion" in reason(account, stack["StackName"], "Table")
    dynamodb.update_table(TableName=stack["Name"], DeletionProtectionEnabled=False)
    deleted(account, stack["StackName"])


def test_a_deleted_table_leaves_the_backup_that_dynamodb_makes_and_no_tags(account: Any) -> None:
    dynamodb = account.client("dynamodb")
    outputs = {"Name": {"Ref": "Table"}, "Arn": {"Fn::GetAtt": ["Table", "Arn"]}}
    stack = account.deploy(table(Tags=[{"Key": "of", "Value": "us"}]), outputs)
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName=stack["Name"], PointInTimeRecoverySpecification=recovery)
    deleted(account, stack["StackName"])
    assert stack["Name"] not in dynamodb.list_tables()["TableNames"]
    assert len(dynamodb.list_backups(TableName=stack["Name"], BackupType="SYSTEM")["BackupSummaries"]) == 1
    with pytest.raises(ClientError):
        dynamodb.list_tags_of_resource(ResourceArn=stack["Arn"])


def test_what_somebody_else_deleted_already_does_not_stop_the_stack(account: Any) -> None:
    stack = account.deploy({**BUCKET, **table()}, {"Bucket": {"Ref": "Bucket"}, "Table": {"Ref": "Table"}})
    account.client("s3").delete_bucket(Bucket=stack["Bucket"])
    account.client("dynamodb").delete_table(TableName=stack["Table"])
    deleted(account, stack["StackName"])
