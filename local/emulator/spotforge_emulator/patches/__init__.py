"""What stock MiniStack lacks or does differently from AWS: one gap a file, each with a conformance test."""

import importlib
from collections.abc import Callable
from typing import Any

from spotforge_emulator.faults.faults import Faults
from spotforge_emulator.on_import import when_imported
from spotforge_emulator.patches import (
    admin_endpoints,
    api_gateway_permission,
    async_invocations,
    batch_authorization,
    batch_forwarding,
    deleted_log_group,
    dynamodb_leading_keys,
    event_delivery,
    event_permissions,
    failing_functions,
    lambda_errors,
    lambda_log_wait,
    loopback_is_tls,
    lost_events,
    refused_calls,
    root_key,
    schedule_rules,
    stream_batches,
    task_callback_scope,
)
from spotforge_emulator.settings import Settings

PROVISIONERS = "ministack.services.cloudformation.provisioners"
STACKS = "ministack.services.cloudformation.stacks"
STEP_FUNCTIONS = "ministack.services.stepfunctions"
COGNITO = "ministack.services.cognito"
S3 = "ministack.services.s3"
API_GATEWAY = "ministack.services.apigateway"
ECS = "ministack.services.ecs"
DYNAMODB = "ministack.services.dynamodb"


def apply_patches(settings: Settings, faults: Faults) -> None:
    """Fills every gap, and lets `faults` open some. Has to run after MiniStack's import and before its first request; the order
    matters where two patches wrap the same function (the later one is the outer one)."""
    root_key.apply(settings)
    admin_endpoints.apply(settings)
    loopback_is_tls.apply()
    dynamodb_leading_keys.apply()
    event_delivery.apply(faults)
    event_permissions.apply(settings)
    schedule_rules.apply(faults)
    lost_events.apply(faults)
    task_callback_scope.apply()

    executor = batch_forwarding.apply(settings)
    batch_authorization.apply()

    lambda_errors.apply()
    lambda_log_wait.apply()
    deleted_log_group.apply()
    failing_functions.apply(faults)
    async_invocations.apply()
    stream_batches.apply()
    refused_calls.apply(faults)

    when_imported(DYNAMODB, _named("deleted_table_backup"))
    for name in ("s3_managed_key", "multipart_object_lock", "replica_object_lock"):
        when_imported(S3, _named(name))
    when_imported(ECS, _named("ecs_hosts", executor))
    when_imported(API_GATEWAY, api_gateway_permission.apply)
    for name in (
        "execution_lifecycle",
        "task_tokens",
        "batch_integration",
        "throttled_lambda_tasks",
        "machine_role",
        "jsonata_semantics",
    ):
        when_imported(STEP_FUNCTIONS, _named(name))
    for name in ("bucket_properties", "table_properties", "secret_reference", "more_resource_types", "deletions"):
        when_imported(PROVISIONERS, _named(name))
    when_imported(PROVISIONERS, _named("batch_cloudformation", executor))
    when_imported(STACKS, lambda: _load("batch_cloudformation").apply_to_stacks())
    when_imported(COGNITO, _named("cognito_client_attributes"))


def _named(patch: str, *arguments: Any) -> Callable[[], None]:
    """A patch whose module imports what it patches: loaded only then."""
    return lambda: _load(patch).apply(*arguments)


def _load(patch: str) -> Any:
    return importlib.import_module(f"spotforge_emulator.patches.{patch}")
