"""Starting, stopping, and coming back."""

import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
from spotforge_emulator.process import EmulatorStartError, start_emulator
from spotforge_emulator.settings import ROOT_SECRET_VARIABLE, prepare_environment, read_settings
from spotforge_emulator.startup_error import StartupError
from spotforge_emulator.state_directory import describe, prepare_state_directory


def command(port: int, state: Path) -> list[str]:
    return [sys.executable, "-m", "spotforge_emulator", "--port", str(port), "--state", str(state)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3] / "local" / "emulator")}


def refused(port: int, state: Path) -> str:
    """The one sentence with which the emulator declines to start."""
    ended = subprocess.run(command(port, state), env=environment(), capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"Port {port} on 127.0.0.1 is in use" in refused(port, tmp_path)


def test_a_state_directory_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    assert "cannot be written" in refused(0, tmp_path / "state")


def test_the_starter_reports_why_it_did_not_start(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(EmulatorStartError, match="is in use"):
            start_emulator(tmp_path, port=taken.getsockname()[1])


def test_stopping_ends_lambdas_that_hang(tmp_path: Path, account_of: Any) -> None:
    emulator = start_emulator(tmp_path)
    account = account_of(emulator)
    function = account.function("process.on('SIGTERM', () => {}); exports.handler = () => { for (;;); };", timeout=60)
    account.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b"{}")
    deadline = time.monotonic() + 10
    while not (children := psutil.Process(emulator.process.pid).children(recursive=True)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    started = time.monotonic()
    assert emulator.stop() == 0
    assert time.monotonic() - started < 10
    deadline = time.monotonic() + 5  # a killed process that spins is gone when it is its turn on a busy machine
    while alive := [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]:
        assert time.monotonic() < deadline, alive
        time.sleep(0.05)
    assert not (tmp_path / "tmp").exists()


def test_the_emulator_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib; from spotforge_emulator.process import start_emulator;"
        f"e = start_emulator(pathlib.Path({str(tmp_path)!r})); print(e.process.pid, flush=True); os._exit(9)"
    )
    child = int(_first_line(code))
    deadline = time.monotonic() + 10
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the emulator outlived its parent"
        time.sleep(0.1)


def _first_line(code: str) -> str:
    with subprocess.Popen([sys.executable, "-c", code], env=environment(), stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        return parent.stdout.readline()


def test_ctrl_c_stops_it_in_order(tmp_path: Path) -> None:
    emulator = start_emulator(tmp_path, auth=False)
    emulator.process.send_signal(signal.SIGINT)
    assert emulator.process.wait(10) == 0
    assert not (tmp_path / "running").exists()


def test_a_killed_emulator_is_noticed_at_the_next_start(tmp_path: Path) -> None:
    emulator = start_emulator(tmp_path, auth=False)
    emulator.process.kill()
    emulator.stop()
    with start_emulator(tmp_path, auth=False) as again:
        assert again.ready["previousRunSaved"] is False


def test_state_that_cannot_be_saved_is_one_sentence_and_an_exit_code(tmp_path: Path) -> None:
    emulator = start_emulator(tmp_path, auth=False)
    emulator.client("s3").create_bucket(Bucket="lost")
    (tmp_path / "services").rmdir()
    (tmp_path / "services").write_text("in the way")
    assert emulator.stop() == 2
    assert f"The state in {tmp_path} is incomplete" in emulator.log.read_text()
    assert (tmp_path / "running").exists()


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = shutil.disk_usage(tmp_path)._replace(free=1024)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(StartupError, match="free some space"):
        prepare_state_directory(tmp_path / "state")
    assert "is full" in describe(OSError(errno.ENOSPC, "No space left on device"), tmp_path)


def test_no_credential_of_the_caller_reaches_the_emulators_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "environ", {"PATH": "/bin", "AWS_SECRET_ACCESS_KEY": "mine", ROOT_SECRET_VARIABLE: "root"})
    settings = read_settings(["--port", "1", "--state", str(tmp_path)], dict(os.environ))
    prepare_environment(settings)
    assert settings.root_secret_access_key == "root"
    assert os.environ["PATH"] == "/bin"
    assert os.environ["AUTH"] == "true"
    assert not {"mine", "root"} & set(os.environ.values())


RESOURCES: dict[str, Any] = {
    "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}},
    "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}},
    "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "kept"}},
    "Archive": {"Type": "AWS::Events::Archive", "Properties": {"SourceArn": {"Fn::GetAtt": ["Bus", "Arn"]}, "RetentionDays": 1}},
    "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "kept", "SecretString": "s"}},
    "Alarm": {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": "errors",
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "Metrics": [
                {"Id": "e", "Expression": "m * 2"},
                {"Id": "m", "MetricStat": {"Metric": {"Namespace": "N", "MetricName": "M"}, "Period": 60, "Stat": "Sum"}},
            ],
        },
    },
    "Composite": {
        "Type": "AWS::CloudWatch::CompositeAlarm",
        "Properties": {"AlarmName": "any", "AlarmRule": "ALARM(errors)"},
        "DependsOn": "Alarm",
    },
    "Query": {"Type": "AWS::Logs::QueryDefinition", "Properties": {"Name": "q", "QueryString": "fields @message"}},
    "Vault": {"Type": "AWS::Backup::BackupVault", "Properties": {"BackupVaultName": "kept"}},
    "Plan": {
        "Type": "AWS::Backup::BackupPlan",
        "Properties": {
            "BackupPlan": {
                "BackupPlanName": "kept",
                "BackupPlanRule": [{"RuleName": "daily", "TargetBackupVault": {"Ref": "Vault"}}],
            }
        },
    },
    "Selection": {
        "Type": "AWS::Backup::BackupSelection",
        "Properties": {
            "BackupPlanId": {"Ref": "Plan"},
            "BackupSelection": {
                "SelectionName": "kept",
                "IamRoleArn": "arn:aws:iam::000000000000:role/backup",
                "Resources": ["*"],
            },
        },
    },
    "Profile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": []}},
    "Template": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": {"EbsOptimized": True}}},
}


def test_a_stack_and_its_account_survive_a_restart(tmp_path: Path, account_of: Any) -> None:
    """What a deployed stack needs comes back, so that an unchanged one need not be deployed again."""
    states = {
        "Call": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": "?"}, "End": True}
    }
    with start_emulator(tmp_path) as emulator:
        account = account_of(emulator)
        stack = account.deploy(RESOURCES, {"Bucket": {"Ref": "Bucket"}, "Secret": {"Ref": "Secret"}})
        assert stack["Secret"].startswith("arn:aws:secretsmanager:us-east-1:000000000000:secret:kept-")
        account.client("s3").put_object(Bucket=stack["Bucket"], Key="a", Body=b"kept")
        table = account.table(stream=True)
        account.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
        function = account.function("exports.handler = async () => 'kept';")
        account.client("lambda").create_event_source_mapping(
            FunctionName=function,
            EventSourceArn=account.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"],
            StartingPosition="LATEST",
        )
        states["Call"]["Arguments"] = {"FunctionName": function}
        machine = account.machine(states, {"Action": "lambda:InvokeFunction", "Resource": function})
        waiting = account.start(account.machine({"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}))
        idp = account.client("cognito-idp")
        pool = idp.create_user_pool(PoolName="kept")["UserPool"]["Id"]
        client = idp.create_user_pool_client(UserPoolId=pool, ClientName="c", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
        idp.admin_create_user(UserPoolId=pool, Username="ann", MessageAction="SUPPRESS")
        idp.admin_set_user_password(UserPoolId=pool, Username="ann", Password="Passw0rd!x", Permanent=True)
        sign_in = {
            "ClientId": client["UserPoolClient"]["ClientId"],
            "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": "ann", "PASSWORD": "Passw0rd!x"},
        }
        token = idp.initiate_auth(**sign_in)["AuthenticationResult"]["AccessToken"]
        rule = account.client("events").put_rule(Name="kept", EventPattern=json.dumps({"source": ["x"]}))["RuleArn"]
        old_key = emulator.client("sts")

    with start_emulator(tmp_path, port=int(emulator.endpoint.rsplit(":", 1)[-1])) as emulator:
        assert emulator.ready["previousRunSaved"] is True
        account = account_of(emulator)
        described = account.client("cloudformation").describe_stacks(StackName=stack["StackName"])["Stacks"][0]
        assert described["StackStatus"] == "CREATE_COMPLETE"
        assert account.client("s3").get_object(Bucket=stack["Bucket"], Key="a")["Body"].read() == b"kept"
        assert account.client("s3").get_bucket_versioning(Bucket=stack["Bucket"])["Status"] == "Enabled"
        assert account.client("dynamodb").scan(TableName=table)["Count"] == 1
        assert account.invoke(function, {}) == ("kept", None)
        assert account.client("lambda").list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
        assert account.run(machine)["output"]["Payload"] == "kept"
        interrupted = account.ended(waiting)
        assert (interrupted["status"], interrupted["error"]) == ("FAILED", "States.ServiceRestart")
        idp = account.client("cognito-idp")
        assert idp.get_user(AccessToken=token)["Username"] == "ann", "the pool signs with the same keys"
        assert idp.initiate_auth(**sign_in)["AuthenticationResult"]["AccessToken"]
        assert account.client("events").describe_rule(Name="kept")["Arn"] == rule
        assert account.client("events").list_archives()["Archives"]
        assert account.client("secretsmanager").get_secret_value(SecretId=stack["Secret"])["SecretString"] == "s"
        assert account.client("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        with pytest.raises(Exception, match=r"InvalidClientTokenId|security token"):
            old_key.get_caller_identity()
        backup = account.client("backup")
        plan = backup.list_backup_plans()["BackupPlansList"][0]["BackupPlanId"]
        assert [each["SelectionName"] for each in backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]] == [
            "kept"
        ]
        account.deploy({**RESOURCES, "More": {"Type": "AWS::Logs::LogGroup"}}, stack=stack["StackName"])
        account.client("cloudformation").delete_stack(StackName=stack["StackName"])
