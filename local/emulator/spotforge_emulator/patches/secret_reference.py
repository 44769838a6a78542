"""`Ref` of a Secret answers its name in stock; on AWS it is the ARN."""

from typing import Any

from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

from spotforge_emulator.private_name import private


def apply() -> None:
    handlers = private(provisioners, "_RESOURCE_HANDLERS")
    stock = dict(handlers["AWS::SecretsManager::Secret"])

    def by_arn(answer: tuple[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
        physical_id, attributes = answer
        return str(attributes.get("Id") or attributes.get("Arn") or physical_id), attributes

    def name(physical_id: str) -> str:
        for secret_name, secret in private(secretsmanager, "_secrets").items():
            if secret.get("ARN") == physical_id:
                return str(secret_name)
        return physical_id

    def create(*arguments: Any) -> Any:
        return by_arn(stock["create"](*arguments))

    def update(physical_id: str, *arguments: Any) -> Any:
        return by_arn(stock["update"](name(physical_id), *arguments))

    def delete(physical_id: str, properties: Any) -> Any:
        return stock["delete"](name(physical_id), properties)

    handlers["AWS::SecretsManager::Secret"] = {**stock, "create": create, "update": update, "delete": delete}
