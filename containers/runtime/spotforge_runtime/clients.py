"""AWS clients of a stage. boto3 takes half a second to import, so this happens inside the functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client


def _config() -> Config:
    from botocore.config import Config

    # A quick second and third try is botocore's; a longer refusal is Patience's.
    return Config(
        retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5, read_timeout=30, max_pool_connections=16
    )


def s3_client() -> S3Client:
    import boto3

    return boto3.client("s3", config=_config())


def events_client() -> EventBridgeClient:
    import boto3

    return boto3.client("events", config=_config())
