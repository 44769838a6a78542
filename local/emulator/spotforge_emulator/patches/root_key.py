"""Stock takes `test`, every 12-digit number and no key at all for root, with any secret, and leaves the configured root key in
the environment that Lambdas inherit. Here exactly one key is root, its signature is checked, and only this module holds it."""

from typing import Any

from ministack.core import iam_evaluator
from ministack.services import sts

from spotforge_emulator.private_name import private, replace
from spotforge_emulator.settings import Settings


def apply(settings: Settings) -> None:
    if not settings.auth:
        return
    ResolvedCredential = private(iam_evaluator, "ResolvedCredential")  # noqa: N806
    resolve_credential = private(iam_evaluator, "resolve_credential")
    validate_token = private(iam_evaluator, "_validate_session_token")
    unchecked = private(iam_evaluator, "_SESSION_TOKEN_NOT_CHECKED")

    # False also for the root key: root keys skip the check of their signature.
    def is_root_access_key(_access_key_id: str) -> bool:
        return False

    def resolve(access_key_id: str, account_id: str | None = None, session_token: Any = unchecked) -> Any:
        if access_key_id != settings.root_access_key_id:
            return resolve_credential(access_key_id, account_id, session_token)
        from ministack.core.responses import get_account_id

        account = account_id or get_account_id()
        return validate_token(None, session_token) or ResolvedCredential(
            access_key_id=access_key_id,
            secret_access_key=settings.root_secret_access_key,
            account_id=account,
            principal_arn=f"arn:aws:iam::{account}:root",
            principal_id=account,
            principal_type="Root",
            source_access_key_id=access_key_id,
        )

    anonymous = private(iam_evaluator, "_anonymous")
    served_unsigned = private(iam_evaluator, "_served_unsigned")

    def enforce_signed(access_key_id: str, action: str, service: str, *arguments: Any, **options: Any) -> Any:
        # Stock lets a call without a key through as root's. Only what AWS serves unsigned may pass (Cognito's sign-in).
        if anonymous.get() and not access_key_id and served_unsigned(service, action):
            return None
        return enforce(access_key_id, action, service, *arguments, **options)

    enforce = replace(iam_evaluator, "enforce", enforce_signed)

    for module in (iam_evaluator, sts):
        replace(module, "is_root_access_key", is_root_access_key)
        replace(module, "resolve_credential", resolve)
