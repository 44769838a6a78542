"""CloudFormation types that stock lacks and a stack of ours may hold: archives of a bus, composite alarms, alarms on metric math,
saved log queries, selections of a backup plan. Where MiniStack has the service behind them it is used; saved queries exist as
stack resources only."""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import backup, cloudwatch, eventbridge
from ministack.services.cloudformation import provisioners

from spotforge_emulator.private_name import private

Properties = dict[str, Any]
Provisioned = tuple[str, Properties]


class ServiceRefusedError(ValueError):
    """The service's own message."""


def _answer(response: Any) -> Properties:
    status, _, body = response
    text = body.decode() if isinstance(body, bytes) else body
    if status >= 300:
        raise ServiceRefusedError(text)
    try:
        document: Properties = json.loads(text or "{}")
    except ValueError:
        return {}
    return document


def _name(stack: str, logical_id: str) -> str:
    name: str = private(provisioners, "_physical_name")(stack, logical_id, max_len=48)
    return name


def _archive_request(name: str, properties: Properties) -> Properties:
    request = {"ArchiveName": name, "EventSourceArn": properties.get("SourceArn", "")}
    for member in ("Description", "RetentionDays"):
        if member in properties:
            request[member] = properties[member]
    if "EventPattern" in properties:
        pattern = properties["EventPattern"]
        request["EventPattern"] = pattern if isinstance(pattern, str) else json.dumps(pattern)
    return request


def _archive_create(logical_id: str, properties: Properties, stack: str) -> Provisioned:
    name = properties.get("ArchiveName") or _name(stack, logical_id)
    created = _answer(private(eventbridge, "_create_archive")(_archive_request(name, properties)))
    return name, {"Arn": created["ArchiveArn"], "ArchiveName": name}


def _archive_update(name: str, _old: Properties, new: Properties, _stack: str) -> Provisioned:
    updated = _answer(private(eventbridge, "_update_archive")(_archive_request(name, new)))
    return name, {"Arn": updated["ArchiveArn"], "ArchiveName": name}


def _archive_delete(name: str, _properties: Properties) -> None:
    private(eventbridge, "_delete_archive")({"ArchiveName": name})


def _composite_create(logical_id: str, properties: Properties, stack: str) -> Provisioned:
    name = properties.get("AlarmName") or _name(stack, logical_id)
    private(cloudwatch, "_put_composite_alarm")({}, {**properties, "AlarmName": name}, False, True)
    alarm = private(cloudwatch, "_composite_alarms").get(name)
    if alarm is None:
        raise ServiceRefusedError(f"The composite alarm {name} was refused: check its AlarmRule {properties.get('AlarmRule')!r}.")
    return name, {"Arn": alarm["AlarmArn"]}


def _composite_update(name: str, _old: Properties, new: Properties, stack: str) -> Provisioned:
    return _composite_create(name, {**new, "AlarmName": name}, stack)


def _composite_delete(name: str, _properties: Properties) -> None:
    private(cloudwatch, "_composite_alarms").pop(name, None)


def _query_create(logical_id: str, properties: Properties, stack: str) -> Provisioned:
    identity = _name(stack, logical_id)
    return identity, {"QueryDefinitionId": identity, **({"Name": properties["Name"]} if "Name" in properties else {})}


def _query_update(identity: str, _old: Properties, new: Properties, _stack: str) -> Provisioned:
    return identity, {"QueryDefinitionId": identity, **({"Name": new["Name"]} if "Name" in new else {})}


def _query_delete(_identity: str, _properties: Properties) -> None:
    """Nothing is behind a saved query."""


def _selection_create(_logical_id: str, properties: Properties, _stack: str) -> Provisioned:
    plan, wanted = properties["BackupPlanId"], properties["BackupSelection"]
    selection = _answer(private(backup, "_create_selection")(plan, {"BackupSelection": wanted}))["SelectionId"]
    # AWS's own form of what Ref answers.
    return f"{selection}_{plan}", {"Id": f"{selection}_{plan}", "SelectionId": selection, "BackupPlanId": plan}


def _selection_delete(identity: str, _properties: Properties) -> None:
    selection, _, plan = identity.partition("_")
    private(backup, "_delete_selection")(plan, selection)


def _on_metric_math(record: Callable[[str, Properties], Properties]) -> Callable[[str, Properties], Properties]:
    """An alarm on an expression is recorded with its metrics; nothing evaluates the expression."""

    def alarm(name: str, properties: Properties) -> Properties:
        metrics = properties.get("Metrics")
        if not metrics:
            return record(name, properties)
        first = next((entry["MetricStat"] for entry in metrics if "MetricStat" in entry), None)
        metric = (first or {}).get("Metric", {})
        stand_in = {
            **{key: value for key, value in properties.items() if key != "Metrics"},
            "MetricName": metric.get("MetricName", "Expression"),
            "Namespace": metric.get("Namespace", "Expression"),
            "Dimensions": metric.get("Dimensions", []),
            "Period": (first or {}).get("Period", 60),
        }
        return {**record(name, stand_in), "Metrics": metrics}

    return alarm


def apply() -> None:
    handlers = private(provisioners, "_RESOURCE_HANDLERS")
    added = {
        "AWS::Events::Archive": {"create": _archive_create, "update": _archive_update, "delete": _archive_delete},
        "AWS::CloudWatch::CompositeAlarm": {
            "create": _composite_create,
            "update": _composite_update,
            "delete": _composite_delete,
        },
        # Every property replaces it on AWS, so there is no update.
        "AWS::Backup::BackupSelection": {"create": _selection_create, "delete": _selection_delete},
        "AWS::Logs::QueryDefinition": {"create": _query_create, "update": _query_update, "delete": _query_delete},
    }
    for name, handler in added.items():
        handlers.setdefault(name, handler)
    provisioners._cw_metric_alarm_record = _on_metric_math(private(provisioners, "_cw_metric_alarm_record"))
