"""Stock lets whoever reaches the port wipe the account (`/_ministack/reset`) or change a module's variables
(`/_ministack/config`), without any credentials. With IAM enforced nobody may."""

import json
from typing import Any

from ministack import app

from spotforge_emulator.private_name import replace
from spotforge_emulator.settings import Settings

CLOSED = ("/_ministack/reset", "/_ministack/config")


def apply(settings: Settings) -> None:
    if not settings.auth:
        return

    async def before_body(method: str, path: str, *arguments: Any) -> Any:
        if path.rstrip("/") in CLOSED:
            message = "Closed while IAM is enforced: stop the emulator and delete its state directory instead."
            return 403, {"Content-Type": "application/json"}, json.dumps({"message": message}).encode()
        return await handle(method, path, *arguments)

    handle = replace(app, "_handle_pre_body_request", before_body)
