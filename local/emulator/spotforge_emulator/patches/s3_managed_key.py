"""Stock refuses `aws:kms` without a key, which on AWS means the account's own `aws/s3` key. The CDK's asset bucket is encrypted
that way, so nothing could be published once a bucket's encryption is not dropped any more."""

from typing import Any

from ministack.services import s3

from spotforge_emulator.private_name import replace

KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"


def apply() -> None:
    def resolve(headers: dict[str, str], bucket: str) -> Any:
        if headers.get("x-amz-server-side-encryption") == "aws:kms" and not headers.get(KEY_HEADER):
            from ministack.core.responses import get_account_id, get_region

            headers = {**headers, KEY_HEADER: f"arn:aws:kms:{get_region()}:{get_account_id()}:alias/aws/s3"}
        return resolve_headers(headers, bucket)

    resolve_headers = replace(s3, "_resolve_sse_write_headers", resolve)
