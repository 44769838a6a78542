"""Who may put which events, and which functions an event may start. Stock fills no condition keys of PutEvents (`events:source`,
`events:detail-type`), so that scoped grants deny everything; lets nobody put `aws.*` events, which the Batch executor has to
(here root may, and nobody else); and invokes Lambdas whose resource policy does not name the rule."""

import contextvars
import json
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.services import eventbridge, lambda_svc

from spotforge_emulator.patches.event_delivery import undeliverable
from spotforge_emulator.private_name import private, replace
from spotforge_emulator.settings import Settings

# Where the target's role is kept beside its rule.
ROLE = "_SpotforgeTargetRole"

_root_calls: contextvars.ContextVar[bool] = contextvars.ContextVar("spotforge_root_puts_events", default=False)
_rule: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar("spotforge_rule", default=None)


def entry_context(entry: dict[str, Any]) -> dict[str, Any]:
    """The condition keys of one entry."""
    context = {"events:source": entry.get("Source"), "events:detail-type": entry.get("DetailType")}
    return {name: value for name, value in context.items() if isinstance(value, str)}


def entries_of(body: bytes) -> list[dict[str, Any]]:
    """The entries of a PutEvents body."""
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return []
    entries = document.get("Entries") if isinstance(document, dict) else None
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def apply(settings: Settings) -> None:
    _put_events(settings)
    if settings.auth:
        _condition_keys()
        _lambda_targets()


def _put_events(settings: Settings) -> None:
    from ministack.core.router import extract_access_key_id

    def put(data: dict[str, Any], allow_aws_source: bool = False) -> Any:
        return put_events(data, allow_aws_source or _root_calls.get())

    put_events = replace(eventbridge, "_put_events", put)

    handlers = private(app, "SERVICE_HANDLERS")
    handle = handlers["events"]
    enforce = private(iam_evaluator, "enforce")

    async def authorized(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:
        if not headers.get("x-amz-target", "").endswith(".PutEvents"):
            return await handle(method, path, headers, body, query)
        key = extract_access_key_id(headers, query)
        if settings.auth:
            # The dispatcher has checked the first entry; AWS authorises each one against its own bus and source.
            for entry in entries_of(body)[1:]:
                arn = bus_arn(entry)
                denied = enforce(
                    key, "events:PutEvents", "events", "us-east-1", resource_arn=arn, service_context=entry_context(entry)
                )
                if denied:
                    principal = getattr(denied, "principal_arn", "")
                    return iam_actions.access_denied_response(
                        "events", "events:PutEvents", principal, "", headers=headers, resource_arn=arn
                    )
        reset = _root_calls.set(key == settings.root_access_key_id or not settings.auth)
        try:
            return await handle(method, path, headers, body, query)
        finally:
            _root_calls.reset(reset)

    handlers["events"] = authorized


def bus_arn(entry: dict[str, Any]) -> str:
    """The ARN of the bus that an entry names, by name or by ARN."""
    from ministack.core.responses import get_account_id, get_region

    name = entry.get("EventBusName") or "default"
    return name if name.startswith("arn:") else f"arn:aws:events:{get_region()}:{get_account_id()}:event-bus/{name}"


def _condition_keys() -> None:
    def first_bus(body: bytes, region: str, account: str) -> list[str]:
        arns: list[str] = bus_arns(body, region, account)
        # The others are checked with their own condition keys, see above.
        return arns[:1]

    bus_arns = replace(iam_actions, "eventbridge_resource_arns", first_bus)

    def with_entry(service: str, action: str, body: bytes, params: Any) -> dict[str, Any]:
        context: dict[str, Any] = tag_context(service, action, body, params)
        entries = entries_of(body) if action == "events:PutEvents" else []
        return {**context, **entry_context(entries[0])} if entries else context

    tag_context = replace(iam_actions, "request_tag_context", with_entry)


def _lambda_targets() -> None:
    def invoke(target: Any, event: Any, rule: Any, view: Any = None) -> Any:
        reset = _rule.set({**rule, ROLE: target.get("RoleArn", "")})
        try:
            return invoke_target(target, event, rule, view)
        finally:
            _rule.reset(reset)

    invoke_target = replace(eventbridge, "_invoke_target", invoke)

    def dispatch(arn: str, payload: str) -> None:
        rule = _rule.get() or {}
        source = rule_arn(rule)
        if ":schedule/" in source:
            # EventBridge Scheduler acts under the target's role and needs no resource policy.
            permitted, grantor = role_allows(rule[ROLE], "lambda:InvokeFunction", arn), f"the role {rule[ROLE]}"
        else:
            permitted, grantor = allowed(arn, "events.amazonaws.com", source), "its resource policy"
        if permitted:
            dispatch_to_lambda(arn, payload)
        else:
            undeliverable("NO_PERMISSIONS", f"{arn} was not invoked: {grantor} does not allow {source}.")

    dispatch_to_lambda = replace(eventbridge, "_dispatch_to_lambda", dispatch)


def rule_arn(rule: dict[str, Any]) -> str:
    """The ARN that EventBridge names as source of the invocation."""
    return str(rule.get("Arn") or rule.get("arn") or "")


def role_allows(role_arn: str, action: str, resource_arn: str) -> bool:
    """Whether the role's own policies grant the action to a service that acts under it."""
    from ministack.core.responses import get_account_id, get_region

    name = role_arn.rsplit("/", 1)[-1]
    context = private(iam_evaluator, "EvalContext")(
        principal_arn=f"arn:aws:sts::{get_account_id()}:assumed-role/{name}/service",
        principal_type="AssumedRole",
        principal_account=get_account_id(),
        action=action,
        resource_arn=resource_arn,
        region=get_region(),
    )
    policies = private(iam_evaluator, "_gather_role_policies")(name, get_account_id())
    decision: str = private(iam_evaluator, "evaluate")(context, policies).decision
    return decision == "Allow"


def allowed(function_arn: str, service: str, source_arn: str) -> bool:
    """Whether the function's resource policy lets this service invoke it from this source. Unknown functions pass."""
    from ministack.core.responses import get_account_id, get_region

    found = private(lambda_svc, "function_policy_for_arn")(function_arn)
    if found is None:
        return True
    context = private(iam_evaluator, "EvalContext")(
        principal_arn=service,
        principal_type="Service",
        principal_account=get_account_id(),
        action="lambda:InvokeFunction",
        resource_arn=function_arn,
        region=get_region(),
        service_context={"aws:sourcearn": source_arn, "aws:sourceaccount": get_account_id()},
    )
    decision: str = private(iam_evaluator, "evaluate_resource_policy")(found[0], context, service=service).decision
    return decision == "Allow"
