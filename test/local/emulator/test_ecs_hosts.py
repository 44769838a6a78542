"""The executor's hosts as ECS shows them. Shapes: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeContainerInstances.html"""

from typing import Any

CLUSTER = "gpu-spot-cluster"
PREFIX = f"arn:aws:ecs:us-east-1:000000000000:container-instance/{CLUSTER}"


def host(name: str, *jobs: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "instanceId": f"i-{name}",
        "containerInstanceArn": f"{PREFIX}/{name}",
        "computeEnvironment": "gpu-spot",
        "launchedAt": 1_700_000_000_000,
        "jobs": list(jobs),
        **fields,
    }


def described(account: Any, *names: str) -> tuple[dict[str, Any], dict[str, Any]]:
    ecs = account.allowed({"Action": "ecs:DescribeContainerInstances", "Resource": "*"})("ecs")
    answer = ecs.describe_container_instances(cluster=CLUSTER, containerInstances=[f"{PREFIX}/{name}" for name in names])
    return {each["ec2InstanceId"]: each for each in answer["containerInstances"]}, {
        each["arn"]: each["reason"] for each in answer["failures"]
    }


def test_a_host_is_shown_with_the_tasks_that_run_on_it(account: Any, batch: Any) -> None:
    batch.instances = [host("idle", {"jobId": "a", "from": 1, "until": 2}), host("busy", {"jobId": "b", "from": 1})]
    found, failures = described(account, "idle", "busy")
    assert {name: each["runningTasksCount"] for name, each in found.items()} == {"i-idle": 0, "i-busy": 1}
    assert found["i-idle"]["status"] == "ACTIVE"
    assert failures == {}


def test_a_host_that_has_left_or_never_was_is_missing(account: Any, batch: Any) -> None:
    batch.instances = [host("gone", {"jobId": "a", "from": 1, "until": 2}, leftAt=3)]
    found, failures = described(account, "gone", "never")
    assert found == {}
    assert failures == {f"{PREFIX}/gone": "MISSING", f"{PREFIX}/never": "MISSING"}
