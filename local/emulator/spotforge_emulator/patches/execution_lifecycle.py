"""Stock goes on retrying, and finally writes FAILED over ABORTED, after StopExecution; it ignores the machine's
own `TimeoutSeconds`."""

import json
import threading
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import stepfunctions

from spotforge_emulator.execution_context import CurrentExecution, current_execution, enter_execution
from spotforge_emulator.patches import task_tokens
from spotforge_emulator.private_name import private, replace


def apply() -> None:
    executions = private(stepfunctions, "_executions")
    machines = private(stepfunctions, "_state_machines")
    add_event = private(stepfunctions, "_add_event")
    emit = private(stepfunctions, "_emit_execution_status_event")

    def run(execution_arn: str) -> None:
        record = executions.get(execution_arn)
        machine = machines.get(record["stateMachineArn"]) if record else None
        if not record or not machine:
            run_execution(execution_arn)
            return
        enter_execution(CurrentExecution(execution_arn, record["stateMachineArn"], machine.get("roleArn", ""), record))
        seconds = machine_timeout(machine.get("definition", "{}"))
        timer = threading.Timer(seconds, time_out, (record,)) if seconds else None
        if timer:
            timer.daemon = True
            timer.start()
        try:
            run_execution(execution_arn)
        finally:
            if timer:
                timer.cancel()

    run_execution = replace(stepfunctions, "_run_execution", run)

    def time_out(record: dict[str, Any]) -> None:
        if record["status"] == "RUNNING":
            record.update(status="TIMED_OUT", stopDate=now_iso())
            add_event(record, "ExecutionTimedOut", {"executionTimedOutEventDetails": {}})
            task_tokens.abort(record["executionArn"])
            emit(record)

    def fail(record: dict[str, Any], error: str, cause: str) -> None:
        # An execution that was stopped or timed out has its final status already.
        if record["status"] == "RUNNING":
            fail_execution(record, error, cause)

    fail_execution = replace(stepfunctions, "_fail_execution", fail)

    def stop(data: dict[str, Any]) -> Any:
        answer = stop_execution(data)
        record = executions.get(data.get("executionArn"))
        if record and record["status"] == "ABORTED":
            task_tokens.abort(record["executionArn"])
        return answer

    stop_execution = replace(stepfunctions, "_stop_execution", stop)

    def retrier(retriers: Any, error: str, counts: Any) -> Any:
        execution = current_execution()
        return find_retrier(retriers, error, counts) if execution is None or execution.running else (None, -1)

    find_retrier = replace(stepfunctions, "_find_matching_retrier", retrier)

    def catcher(catchers: Any, error: str) -> Any:
        execution = current_execution()
        return find_catcher(catchers, error) if execution is None or execution.running else None

    find_catcher = replace(stepfunctions, "_find_matching_catcher", catcher)


def machine_timeout(definition: str) -> float | None:
    """The definition's top-level TimeoutSeconds."""
    try:
        seconds = json.loads(definition).get("TimeoutSeconds")
    except (ValueError, AttributeError):
        return None
    return float(seconds) if isinstance(seconds, int | float) and seconds > 0 else None
