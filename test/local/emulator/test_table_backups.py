"""What is left of a table that was deleted."""

from typing import Any

import pytest
from botocore.exceptions import ClientError


def stored_table(account: Any, *, recovery: bool) -> str:
    dynamodb, table = account.client("dynamodb"), str(account.table(stream=True))
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"S": "x"}})
    if recovery:
        settings = {"PointInTimeRecoveryEnabled": True}
        dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=settings)
    return table


def system_backups(account: Any, table: str) -> Any:
    return account.client("dynamodb").list_backups(TableName=table, BackupType="SYSTEM")["BackupSummaries"]


def test_a_table_with_recovery_leaves_a_system_backup_that_a_new_table_is_made_from(account: Any) -> None:
    dynamodb, table = account.client("dynamodb"), stored_table(account, recovery=True)
    assert system_backups(account, table) == []
    dynamodb.delete_table(TableName=table)
    [backup] = system_backups(account, table)
    assert (backup["BackupName"], backup["BackupStatus"]) == (f"{table}$DeletedTableBackup", "AVAILABLE")
    dynamodb.restore_table_from_backup(TargetTableName=f"{table}-restored", BackupArn=backup["BackupArn"])
    assert dynamodb.scan(TableName=f"{table}-restored")["Items"] == [{"pk": {"S": "a"}, "sk": {"S": "x"}}]
    # As on AWS, neither comes along: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableFromBackup.html
    assert "LatestStreamArn" not in dynamodb.describe_table(TableName=f"{table}-restored")["Table"]
    recovery = dynamodb.describe_continuous_backups(TableName=f"{table}-restored")["ContinuousBackupsDescription"]
    assert recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"


def test_a_table_without_recovery_leaves_nothing(account: Any) -> None:
    table = stored_table(account, recovery=False)
    account.client("dynamodb").delete_table(TableName=table)
    assert system_backups(account, table) == []


def test_a_deletion_that_was_refused_leaves_no_backup(account: Any) -> None:
    dynamodb, table = account.client("dynamodb"), stored_table(account, recovery=True)
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=True)
    with pytest.raises(ClientError, match="protected against deletion"):
        dynamodb.delete_table(TableName=table)
    assert system_backups(account, table) == []


def test_a_list_holds_the_backups_of_users_unless_asked_otherwise(account: Any) -> None:
    dynamodb, table = account.client("dynamodb"), stored_table(account, recovery=True)
    dynamodb.create_backup(TableName=table, BackupName="by-hand")
    dynamodb.delete_table(TableName=table)

    def types(**wanted: str) -> list[str]:
        return sorted(backup["BackupType"] for backup in dynamodb.list_backups(TableName=table, **wanted)["BackupSummaries"])

    assert types() == ["USER"]
    assert types(BackupType="ALL") == ["SYSTEM", "USER"]
