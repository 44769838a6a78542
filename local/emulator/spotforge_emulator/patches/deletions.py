"""Stock's CloudFormation drops a bucket with all that is in it and leaves the objects on the disk, and drops a table without
asking for its protection, its backup or its tags. On AWS a stack calls DeleteBucket and DeleteTable, and fails when they
refuse."""

from collections.abc import Callable
from typing import Any

from ministack.services import dynamodb, s3
from ministack.services.cloudformation import provisioners

from spotforge_emulator.private_name import private

NOT_FOUND = 404
Response = tuple[int, Any, Any]


class DeletionRefusedError(ValueError):
    """The service's own message; CloudFormation shows it as the resource's status reason."""


def apply() -> None:
    handlers = private(provisioners, "_RESOURCE_HANDLERS")
    # Looked up when called: other patches wrap these functions.
    calls: dict[str, Callable[[str], Response]] = {
        "AWS::S3::Bucket": lambda name: private(s3, "_delete_bucket")(name),
        "AWS::DynamoDB::Table": lambda name: private(dynamodb, "_delete_table")({"TableName": name}),
    }
    for resource_type, call in calls.items():
        handlers[resource_type] = {**handlers[resource_type], "delete": _deletion(call)}


def _deletion(call: Callable[[str], Response]) -> Callable[[str, Any], None]:
    def delete(physical_id: str, _properties: Any) -> None:
        status, _, answer = call(physical_id)[:3]
        text = answer.decode() if isinstance(answer, bytes) else str(answer)
        gone = status == NOT_FOUND or "ResourceNotFoundException" in text
        if status >= 300 and not gone:
            raise DeletionRefusedError(f"{physical_id}: {text}")

    return delete
