"""AWS clients of a stage. Made from botocore: boto3 brings nothing else that a stage uses and takes longer to import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client


def s3_client() -> S3Client:
    return cast("S3Client", _client("s3"))


def events_client() -> EventBridgeClient:
    return cast("EventBridgeClient", _client("events"))


def _client(service: str) -> Any:
    from botocore.config import Config
    from botocore.session import get_session

    config = Config(
        # A quick second try is botocore's; a longer refusal is Patience's.
        retries={"mode": "standard", "total_max_attempts": 2},
        connect_timeout=5,
        read_timeout=30,
        max_pool_connections=16,
    )
    return get_session().create_client(service, config=config)
