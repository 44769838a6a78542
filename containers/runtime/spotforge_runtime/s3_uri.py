"""`s3://bucket/key` and back."""

from __future__ import annotations

from spotforge_runtime.errors import ContractBroken


def parse_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of a URI. The key may be empty or end with `/` (a folder). ContractBroken when it is no S3 URI."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise ContractBroken(f"'{uri}' is not an S3 URI; expected s3://bucket/key.")
    return bucket, key


def uri_of(bucket: str, key: str) -> str:
    return f"s3://{bucket}/{key}"
