"""Stock ECS has no container instances. Here the executor's hosts are shown, as ECS shows the instances of a compute environment:
there with their running tasks, and MISSING once they have left."""

import importlib
import json
from typing import Any

from spotforge_emulator.patches.batch_forwarding import BatchExecutor
from spotforge_emulator.private_name import private

INSTANCES = "/_spotforge/instances"


def apply(executor: BatchExecutor) -> None:
    ecs: Any = importlib.import_module("ministack.services.ecs")
    actions = private(ecs, "_ACTION_MAP")
    if "DescribeContainerInstances" not in actions:
        raise KeyError("MiniStack's ECS has no DescribeContainerInstances any more: adapt the patch.")

    def describe(request: dict[str, Any]) -> Any:
        status, _, body = executor.call("GET", INSTANCES, b"")
        if status != 200:  # no executor: nothing is known of any of them
            return ecs.json_response({"containerInstances": [], "failures": []})
        hosts = {host["containerInstanceArn"]: host for host in json.loads(body)["instances"] if "leftAt" not in host}
        wanted = request.get("containerInstances", [])
        return ecs.json_response(
            {
                "containerInstances": [_instance(hosts[arn]) for arn in wanted if arn in hosts],
                "failures": [{"arn": arn, "reason": "MISSING"} for arn in wanted if arn not in hosts],
            }
        )

    actions["DescribeContainerInstances"] = describe


def _instance(host: dict[str, Any]) -> dict[str, Any]:
    running = sum("until" not in job for job in host["jobs"])
    return {
        "containerInstanceArn": host["containerInstanceArn"],
        "ec2InstanceId": host["instanceId"],
        "status": "ACTIVE",
        "agentConnected": True,
        "runningTasksCount": running,
        "pendingTasksCount": 0,
        "registeredAt": host["launchedAt"] / 1000,
    }
