"""Stock forgets a deleted table with all that was in it. AWS keeps a system backup of one that had point-in-time recovery, named
`{table}$DeletedTableBackup`, for 35 days, and lists the backups of one type, those of users unless asked otherwise.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListBackups.html"""

import json
from typing import Any

from ministack.services import dynamodb

from spotforge_emulator.private_name import private, replace

KEPT_SECONDS = 35 * 24 * 3600
Request = dict[str, Any]


def apply() -> None:
    create_backup = private(dynamodb, "_create_backup")
    backups = private(dynamodb, "_backups")
    recovered = private(dynamodb, "_pitr_settings")
    name_of = private(dynamodb, "_normalize_table_name")

    def system_backup(table: str) -> str:
        _, _, answer = create_backup({"TableName": table, "BackupName": f"{table}$DeletedTableBackup"})
        arn = str(json.loads(answer)["BackupDetails"]["BackupArn"])
        details = backups[arn]["BackupDetails"]
        details |= {"BackupType": "SYSTEM", "BackupExpiryDateTime": details["BackupCreationDateTime"] + KEPT_SECONDS}
        return arn

    def delete(data: Request) -> Any:
        table = name_of(data.get("TableName"))
        arn = system_backup(table) if recovered.get(table, False) else None
        answer = delete_table(data)
        if answer[0] >= 300 and arn is not None:
            del backups[arn]
        return answer

    def listed(data: Request) -> Any:
        status, headers, answer = list_backups(data)
        wanted = data.get("BackupType", "USER")
        if status >= 300 or wanted == "ALL":
            return status, headers, answer
        page = json.loads(answer)
        page["BackupSummaries"] = [backup for backup in page["BackupSummaries"] if backup["BackupType"] == wanted]
        return status, headers, json.dumps(page)

    delete_table = replace(dynamodb, "_delete_table", delete)
    list_backups = replace(dynamodb, "_list_backups", listed)
