"""Batch by SDK, by Step Functions and by CloudFormation: all three reach the executor."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from spotforge_emulator.batch_model import UnknownMemberError, from_wire, to_wire
from spotforge_emulator.patches.batch_forwarding import BatchExecutor, encode

ACCOUNT = "000000000000"


def submitting(arguments: dict[str, Any], action: str = "submitJob") -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:batch:{action}", "Arguments": arguments, "End": True}


def test_calls_reach_the_executor_verbatim(account: Any, batch: Any) -> None:
    client = account.client("batch")
    answer = client.submit_job(jobName="verbatim", jobQueue="q", jobDefinition="d:1", parameters={"Key": "v"}, tags={"Team": "x"})
    assert answer["jobArn"].startswith(f"arn:aws:batch:us-east-1:{ACCOUNT}:job/")
    assert batch.requests("/v1/submitjob")[-1] == {
        "jobName": "verbatim",
        "jobQueue": "q",
        "jobDefinition": "d:1",
        "parameters": {"Key": "v"},
        "tags": {"Team": "x"},
    }


def test_the_arn_of_a_tagged_resource_stays_one_label(account: Any, batch: Any) -> None:
    account.client("batch").tag_resource(resourceArn=f"arn:aws:batch:us-east-1:{ACCOUNT}:job-queue/q", tags={"a": "b"})
    method, path, _ = batch.calls[-1]
    assert (method, path) == ("POST", f"/v1/tags/arn%3Aaws%3Abatch%3Aus-east-1%3A{ACCOUNT}%3Ajob-queue%2Fq")
    account.client("batch").untag_resource(resourceArn=f"arn:aws:batch:us-east-1:{ACCOUNT}:job-queue/q", tagKeys=["a"])
    assert batch.calls[-1][1].endswith("?tagKeys=a")


def test_the_executors_refusal_reaches_the_sdk(account: Any, batch: Any) -> None:
    batch.refusal = (400, "ClientException", "JobQueue q not found")
    with pytest.raises(ClientError, match="JobQueue q not found") as caught:
        account.client("batch").submit_job(jobName="a", jobQueue="q", jobDefinition="d:1")
    assert caught.value.response["Error"]["Code"] == "ClientException"


def test_an_absent_executor_is_a_server_exception() -> None:
    for executor in (BatchExecutor(None), BatchExecutor("http://127.0.0.1:9")):
        status, headers, body = executor.call("POST", "/v1/submitjob", b"{}")
        assert (status, headers["x-amzn-errortype"]) == (500, "ServerException")
        assert b"executor" in body


def test_paths_are_encoded_as_sdks_encode_them() -> None:
    assert encode("/v1/submitjob", {}) == "/v1/submitjob"
    assert encode("/v1/tags/a:b/c", {"tagKeys": ["x", "y"]}) == "/v1/tags/a%3Ab%2Fc?tagKeys=x&tagKeys=y"


def test_step_functions_speaks_pascal_case_both_ways(account: Any, batch: Any) -> None:
    arguments = {
        "JobName": "pascal",
        "JobQueue": "q",
        "JobDefinition": "d:1",
        "ShareIdentifier": "abc",
        "Tags": {"camelKey": "kept", "PascalKey": "kept"},
        "Timeout": {"AttemptDurationSeconds": 60},
        "ContainerOverrides": {"Command": ["x"], "ResourceRequirements": [{"Type": "GPU", "Value": "1"}]},
    }
    machine = account.machine({"Run": submitting(arguments)}, {"Action": "batch:SubmitJob", "Resource": "*"})
    output = account.run(machine)["output"]
    assert set(output) == {"JobArn", "JobId", "JobName"}
    sent = next(body for body in batch.requests("/v1/submitjob") if body["jobName"] == "pascal")
    assert sent["tags"] == {"camelKey": "kept", "PascalKey": "kept"}
    assert sent["timeout"] == {"attemptDurationSeconds": 60}
    assert sent["containerOverrides"]["resourceRequirements"] == [{"type": "GPU", "value": "1"}]


def test_a_lower_case_parameter_is_refused_as_on_aws(account: Any, batch: Any) -> None:
    machine = account.machine({"Run": submitting({"jobName": "x"})}, {"Action": "batch:SubmitJob", "Resource": "*"})
    ended = account.run(machine)
    assert ended["error"] == "States.Runtime"
    assert '"jobName" is not supported' in ended["cause"]


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        ("ClientException", "Batch.ClientException"),
        ("ServerException", "Batch.ServerException"),
        ("Other", "Batch.BatchException"),
    ],
)
def test_errors_have_batchs_prefix(account: Any, batch: Any, refused: str, error: str) -> None:
    batch.refusal = (400, refused, "because")
    arguments = {"JobName": "refused", "JobQueue": "q", "JobDefinition": "d:1"}
    ended = account.run(account.machine({"Run": submitting(arguments)}, {"Action": "batch:SubmitJob", "Resource": "*"}))
    assert ended["error"] == error
    assert "because" in ended["cause"]


def test_a_machine_without_a_grant_submits_nothing(account: Any, batch: Any) -> None:
    arguments = {"JobName": "ungranted", "JobQueue": "q", "JobDefinition": "d:1"}
    ended = account.run(account.machine({"Run": submitting(arguments)}))
    assert ended["error"] == "Batch.BatchException"
    assert "not authorized to perform: batch:SubmitJob" in ended["cause"]
    assert not [body for body in batch.requests("/v1/submitjob") if body["jobName"] == "ungranted"]


@pytest.mark.parametrize(
    ("action", "arguments", "path", "sent"),
    [
        ("terminateJob", {"JobId": "j", "Reason": "r"}, "/v1/terminatejob", {"jobId": "j", "reason": "r"}),
        ("describeJobs", {"Jobs": ["j"]}, "/v1/describejobs", {"jobs": ["j"]}),
        ("listJobs", {"JobQueue": "q", "JobStatus": "RUNNING"}, "/v1/listjobs", {"jobQueue": "q", "jobStatus": "RUNNING"}),
    ],
)
def test_other_operations_work_too(account: Any, batch: Any, action: str, arguments: Any, path: str, sent: Any) -> None:
    machine = account.machine({"Run": submitting(arguments, action)}, {"Action": "batch:*", "Resource": "*"})
    assert account.run(machine)["status"] == "SUCCEEDED"
    assert sent in batch.requests(path)


def test_an_unknown_operation_fails_at_once(account: Any, batch: Any) -> None:
    ended = account.run(account.machine({"Run": submitting({}, "fryJob")}, {"Action": "batch:*", "Resource": "*"}))
    assert ended["error"] == "States.Runtime"


def test_a_model_guides_the_spelling() -> None:
    assert to_wire({"MinvCpus": "0", "Tags": {"A": "b"}}, "ComputeResource") == {"minvCpus": 0, "tags": {"A": "b"}}
    with pytest.raises(UnknownMemberError, match=r"ContainerOverrides\.comand"):
        to_wire({"ContainerOverrides": {"comand": []}}, "SubmitJobRequest")
    assert from_wire({"jobs": [{"jobId": "j", "parameters": {"k": "v"}, "new": 1}]}, "DescribeJobsResponse") == {
        "Jobs": [{"JobId": "j", "Parameters": {"k": "v"}}]
    }


def definition(version: str, **fields: Any) -> dict[str, Any]:
    container = {
        "Image": "image",
        "Command": ["python"],
        "Environment": [{"Name": "VERSION", "Value": version}],
        "ResourceRequirements": [{"Type": "VCPU", "Value": 1}],
        "ReadonlyRootFilesystem": "true",
    }
    properties = {"Type": "container", "ContainerProperties": container, "Tags": {"TeamName": "x"}, **fields}
    return {"Type": "AWS::Batch::JobDefinition", "Properties": properties}


def resources(version: str = "1", max_cpus: int = 4, **fields: Any) -> dict[str, Any]:
    compute = {
        "Type": "SPOT",
        "MaxvCpus": max_cpus,
        "MinvCpus": 0,
        "Subnets": ["s"],
        "InstanceTypes": ["g6.xlarge"],
        "Ec2Configuration": [{"ImageType": "ECS_AL2023_NVIDIA"}],
    }
    return {
        "Env": {
            "Type": "AWS::Batch::ComputeEnvironment",
            "Properties": {"Type": "MANAGED", "ComputeResources": compute, "ReplaceComputeEnvironment": False},
        },
        "Fair": {
            "Type": "AWS::Batch::SchedulingPolicy",
            "Properties": {"FairsharePolicy": {"ShareDecaySeconds": 600, "ShareDistribution": []}},
        },
        "Queue": {
            "Type": "AWS::Batch::JobQueue",
            "Properties": {
                "Priority": 1,
                "SchedulingPolicyArn": {"Fn::GetAtt": ["Fair", "Arn"]},
                "ComputeEnvironmentOrder": [{"Order": 1, "ComputeEnvironment": {"Ref": "Env"}}],
            },
        },
        "Definition": definition(version, **fields),
    }


OUTPUTS = {
    "Env": {"Fn::GetAtt": ["Env", "ComputeEnvironmentArn"]},
    "Queue": {"Fn::GetAtt": ["Queue", "JobQueueArn"]},
    "Definition": {"Ref": "Definition"},
    "Fair": {"Ref": "Fair"},
}


def test_cloudformation_creates_updates_and_deletes_through_the_executor(account: Any, batch: Any, eventually: Any) -> None:
    first = account.deploy(resources(), OUTPUTS)
    assert first["Queue"].startswith(f"arn:aws:batch:us-east-1:{ACCOUNT}:job-queue/{first['StackName']}-Queue")
    assert first["Definition"].endswith(":1")
    queue = next(body for body in batch.requests("/v1/createjobqueue") if body["jobQueueName"] in first["Queue"])
    assert queue["computeEnvironmentOrder"] == [{"order": 1, "computeEnvironment": first["Env"]}]
    assert queue["schedulingPolicyArn"] == first["Fair"]
    environment = next(
        body for body in batch.requests("/v1/createcomputeenvironment") if body["computeEnvironmentName"] in first["Env"]
    )
    assert environment["computeResources"]["minvCpus"] == 0
    assert "replaceComputeEnvironment" not in environment
    registered = batch.requests("/v1/registerjobdefinition")[-1]
    assert registered["tags"] == {"TeamName": "x"}
    assert registered["containerProperties"]["readonlyRootFilesystem"] is True
    assert registered["containerProperties"]["resourceRequirements"] == [{"type": "VCPU", "value": "1"}]

    second = account.deploy(resources("2", max_cpus=8), OUTPUTS, stack=first["StackName"])
    assert second["Definition"] == first["Definition"].removesuffix("1") + "2"
    assert {"jobDefinition": first["Definition"]} in batch.requests("/v1/deregisterjobdefinition")
    update = batch.requests("/v1/updatecomputeenvironment")[-1]
    assert update["computeEnvironment"] == first["Env"]
    assert update["computeResources"]["maxvCpus"] == 8
    assert second["Queue"] == first["Queue"]

    account.client("cloudformation").delete_stack(StackName=first["StackName"])
    eventually(lambda: {"computeEnvironment": first["Env"]} in batch.requests("/v1/deletecomputeenvironment"))
    assert {"jobQueue": first["Queue"], "state": "DISABLED"} in batch.requests("/v1/updatejobqueue")
    assert {"jobQueue": first["Queue"]} in batch.requests("/v1/deletejobqueue")
    eventually(lambda: {"arn": first["Fair"]} in batch.requests("/v1/deleteschedulingpolicy"))
    eventually(lambda: {"jobDefinition": second["Definition"]} in batch.requests("/v1/deregisterjobdefinition"))


def test_an_unchanged_definition_is_not_registered_again(account: Any, batch: Any) -> None:
    stack = account.deploy({"Definition": definition("1")}, {"Definition": {"Ref": "Definition"}})
    before = len(batch.requests("/v1/registerjobdefinition"))
    again = {"Definition": definition("1"), "More": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}}}
    assert (
        account.deploy(again, {"Definition": {"Ref": "Definition"}}, stack=stack["StackName"])["Definition"]
        == stack["Definition"]
    )
    assert len(batch.requests("/v1/registerjobdefinition")) == before


def test_a_definition_that_skips_deregistration_keeps_its_old_revision(account: Any, batch: Any) -> None:
    keep = {"ResourceRetentionPolicy": {"SkipDeregisterOnUpdate": True}}
    stack = account.deploy({"Definition": definition("1", **keep)}, {"Definition": {"Ref": "Definition"}})
    updated = account.deploy(
        {"Definition": definition("2", **keep)}, {"Definition": {"Ref": "Definition"}}, stack=stack["StackName"]
    )
    assert updated["Definition"] != stack["Definition"]
    assert {"jobDefinition": stack["Definition"]} not in batch.requests("/v1/deregisterjobdefinition")


def test_batchs_refusal_is_the_reason_of_a_failed_stack(account: Any, batch: Any) -> None:
    broken = {"Definition": {"Type": "AWS::Batch::JobDefinition", "Properties": {"Type": "container", "Nonsense": 1}}}
    with pytest.raises(AssertionError, match="Nonsense"):
        account.deploy(broken)


def test_batch_answers_without_auth_too(open_emulator: Any) -> None:
    with pytest.raises(ClientError, match="no executor"):
        open_emulator.client("batch", config=_once()).submit_job(jobName="a", jobQueue="q", jobDefinition="d")


def _once() -> Any:
    from botocore.config import Config

    return Config(retries={"max_attempts": 1, "mode": "standard"})
