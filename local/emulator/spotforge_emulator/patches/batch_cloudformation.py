"""CloudFormation aborts on Batch's types. Here they are created, updated and deleted through the executor's REST calls, as
CloudFormation does with Batch: Ref is the ARN, queues and environments are disabled before they are deleted, a changed job
definition is a new revision whose predecessor is deregistered unless the template says `SkipDeregisterOnUpdate`."""

import json
import time
from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import provisioners

from spotforge_emulator.batch_model import input_shape, members, operation_path, to_wire
from spotforge_emulator.patches.batch_forwarding import BatchExecutor
from spotforge_emulator.private_name import private, replace

SETTLE_SECONDS = 30.0
SETTLE_POLL_SECONDS = 0.05
Properties = dict[str, Any]
Provisioned = tuple[str, Properties]


class BatchRefusedError(ValueError):
    """Batch's own message; CloudFormation shows it as the resource's status reason."""


class Caller:
    """Makes one call and turns an error answer into BatchRefusedError."""

    def __init__(self, executor: BatchExecutor) -> None:
        self.executor = executor

    def __call__(self, operation: str, **request: Any) -> Properties:
        status, headers, body = self.executor.call("POST", operation_path(operation), json.dumps(request).encode())
        answer: Properties = json.loads(body or b"{}")
        if status >= 400:
            error = {name.lower(): value for name, value in headers.items()}.get("x-amzn-errortype", "BatchException")
            raise BatchRefusedError(
                f"{answer.get('message') or answer.get('Message') or body!r} (Service: Batch, {error.split(':')[0]})"
            )
        return answer


class ResourceType:
    """What the four types share: a name, a create and an update call, and an ARN."""

    def __init__(
        self, call: Caller, kind: str, name_property: str, arn_field: str, *, ignore: frozenset[str] = frozenset()
    ) -> None:
        self.call = call
        self.kind = kind
        self.name_property = name_property
        self.arn_field = arn_field
        self.ignore = ignore

    def create(self, logical_id: str, properties: Properties, stack: str) -> Provisioned:
        named = {self.name_property: default_name(stack, logical_id), **properties}
        request = to_wire(named, input_shape(f"Create{self.kind}"), ignore=self.ignore)
        arn = str(self.call(f"Create{self.kind}", **request)[self.arn_field])
        self.settle(arn)
        return self.provisioned(arn)

    def update(self, arn: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Provisioned:
        if self.replaced_by(old, new):
            # CloudFormation deletes the predecessor once the whole update has succeeded.
            return self.create(logical_id, {self.name_property: replacement_name(stack, logical_id), **new}, stack)
        shape = input_shape(f"Update{self.kind}")
        updatable = {_pascal(name) for name in members(shape)}
        request = to_wire({name: value for name, value in new.items() if name in updatable}, shape)
        self.call(f"Update{self.kind}", **{**request, self.identifier: arn})
        self.settle(arn)
        return self.provisioned(arn)

    def delete(self, arn: str, _properties: Properties) -> None:
        self.call(f"Delete{self.kind}", **{self.identifier: arn})

    @property
    def identifier(self) -> str:
        return {"ComputeEnvironment": "computeEnvironment", "JobQueue": "jobQueue", "SchedulingPolicy": "arn"}[self.kind]

    def replaced_by(self, old: Properties, new: Properties) -> bool:
        """Whether the change touches a property whose update requires a replacement."""
        return any(old.get(name) != new.get(name) for name in (self.name_property, "Type"))

    def settle(self, arn: str) -> None:
        """Waits until the resource can be used; nothing to wait for by default."""

    def provisioned(self, arn: str) -> Provisioned:
        return arn, {"Arn": arn, f"{self.kind}Arn": arn}


class Switchable(ResourceType):
    """Compute environments and queues: CREATING → VALID, and only a DISABLED one can be deleted."""

    def settle(self, arn: str) -> None:
        found = self.wait_until(arn, lambda status: status not in ("CREATING", "UPDATING"))
        if found is not None and found.get("status") == "INVALID":
            raise BatchRefusedError(f"{arn} is INVALID: {found.get('statusReason', 'no reason given')}")

    def delete(self, arn: str, _properties: Properties) -> None:
        if self.describe(arn) is None:
            return
        self.call(f"Update{self.kind}", **{self.identifier: arn, "state": "DISABLED"})
        self.wait_until(arn, lambda status: status not in ("CREATING", "UPDATING"))
        self.call(f"Delete{self.kind}", **{self.identifier: arn})
        self.wait_until(arn, lambda status: status == "DELETED")

    def wait_until(self, arn: str, reached: Callable[[str], bool]) -> Properties | None:
        deadline = time.monotonic() + SETTLE_SECONDS
        while (found := self.describe(arn)) is not None and not reached(found.get("status", "VALID")):
            if time.monotonic() > deadline:
                raise BatchRefusedError(f"{arn} is still {found.get('status')} after {SETTLE_SECONDS:.0f} s.")
            time.sleep(SETTLE_POLL_SECONDS)
        return found

    def describe(self, arn: str) -> Properties | None:
        plural = f"{self.identifier}s"
        found: list[Properties] = self.call(f"Describe{self.kind}s", **{plural: [arn]}).get(plural, [])
        return found[0] if found and found[0].get("status") != "DELETED" else None


class ComputeEnvironments(Switchable):
    """`UpdateToLatestImageVersion` is an instruction for updates: CreateComputeEnvironment does not know it."""

    def create(self, logical_id: str, properties: Properties, stack: str) -> Provisioned:
        resources = dict(properties.get("ComputeResources") or {})
        resources.pop("UpdateToLatestImageVersion", None)
        return super().create(logical_id, {**properties, "ComputeResources": resources}, stack)


class JobDefinitions:
    """Every change registers a revision: Ref changes with it."""

    def __init__(self, call: Caller) -> None:
        self.call = call
        # Superseded revisions that CloudFormation is about to clean up, and may not.
        self.kept: set[str] = set()

    def create(self, logical_id: str, properties: Properties, stack: str) -> Provisioned:
        named = {"JobDefinitionName": default_name(stack, logical_id), **properties}
        request = to_wire(named, input_shape("RegisterJobDefinition"), ignore=frozenset({"ResourceRetentionPolicy"}))
        arn = str(self.call("RegisterJobDefinition", **request)["jobDefinitionArn"])
        return arn, {"JobDefinitionArn": arn}

    def update(self, arn: str, _old: Properties, new: Properties, stack: str, logical_id: str) -> Provisioned:
        created = self.create(logical_id, new, stack)
        retention = new.get("ResourceRetentionPolicy") or {}
        if str(retention.get("SkipDeregisterOnUpdate", False)).lower() == "true":
            self.kept.add(arn)
        return created

    def delete(self, arn: str, _properties: Properties) -> None:
        if arn in self.kept:
            self.kept.discard(arn)
            return
        self.call("DeregisterJobDefinition", jobDefinition=arn)


def default_name(stack: str, logical_id: str) -> str:
    """CloudFormation's name for a resource that the template leaves unnamed; the same at every deploy."""
    name: str = private(provisioners, "_physical_name")(stack, logical_id, max_len=128)
    return name


def replacement_name(stack: str, logical_id: str) -> str:
    """A name beside the one that is being replaced."""
    return f"{default_name(stack, logical_id)[:118]}-{int(time.time()) % 10**8}"


def _pascal(name: str) -> str:
    return name[0].upper() + name[1:]


def apply(executor: BatchExecutor) -> None:
    call = Caller(executor)
    types: dict[str, ResourceType | JobDefinitions] = {
        "ComputeEnvironment": ComputeEnvironments(
            call,
            "ComputeEnvironment",
            "ComputeEnvironmentName",
            "computeEnvironmentArn",
            # Instructions to CloudFormation, not to Batch.
            ignore=frozenset({"ReplaceComputeEnvironment", "UpdatePolicy"}),
        ),
        "JobQueue": Switchable(call, "JobQueue", "JobQueueName", "jobQueueArn"),
        "SchedulingPolicy": ResourceType(call, "SchedulingPolicy", "Name", "arn"),
        "JobDefinition": JobDefinitions(call),
    }
    handlers = private(provisioners, "_RESOURCE_HANDLERS")
    for name, resource_type in types.items():
        handlers[f"AWS::Batch::{name}"] = {
            "create": resource_type.create,
            "update": resource_type.update,
            "update_with_logical_id": True,
            "delete": resource_type.delete,
        }


def apply_to_stacks() -> None:
    """The executor may call the emulator back (sts:AssumeRole): its answer must not be awaited on the event loop."""
    from ministack.services.cloudformation import stacks

    def runs_on_worker_thread(resource_type: str) -> bool:
        return resource_type.startswith("AWS::Batch::") or bool(stock(resource_type))

    stock = replace(stacks, "_runs_on_worker_thread", runs_on_worker_thread)
