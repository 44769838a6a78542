"""`aws:SecureTransport`."""

import json
import secrets

from spotforge_emulator.process import Emulator


def test_a_bucket_that_demands_tls_serves_the_loopback_interface(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    bucket = f"tls-{secrets.token_hex(4)}"
    s3.create_bucket(Bucket=bucket)
    statement = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    iam, sts = emulator.client("iam"), emulator.client("sts")
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName=bucket, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    grant = {"Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"}]}
    iam.put_role_policy(RoleName=bucket, PolicyName="put", PolicyDocument=json.dumps(grant))
    given = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    job = emulator.client(
        "s3",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    job.put_object(Bucket=bucket, Key="a", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"x"
