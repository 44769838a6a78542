"""Node Lambdas: errors, logs, environment, speed."""

import json
import time
from collections.abc import Callable
from typing import Any

THROWS = """class Refused extends Error { constructor(m) { super(m); this.name = 'Stage.Refused'; } }
let calls = 0;
exports.handler = async (event) => {
  calls += 1;
  if (event.how === 'error') throw new Refused('not today');
  if (event.how === 'sync') return calls;
  throw 'a string';
};"""


def test_an_errors_own_name_is_its_type(account: Any, fixtures: Any) -> None:
    documented = json.loads((fixtures / "lambda-nodejs-error.json").read_text())["payload"]
    payload, kind = account.invoke(account.function(THROWS), {"how": "error"})
    assert kind == "Unhandled"
    assert set(payload) == set(documented)
    assert (payload["errorType"], payload["errorMessage"]) == ("Stage.Refused", "not today")
    assert payload["trace"][0] == "Stage.Refused: not today" or payload["trace"][0].endswith("not today")


def test_a_thrown_string_is_an_error_too(account: Any) -> None:
    payload, kind = account.invoke(account.function(THROWS), {"how": "string"})
    assert (kind, payload["errorMessage"]) == ("Unhandled", "a string")


def test_a_handled_error_leaves_the_environment_warm(account: Any) -> None:
    function = account.function(THROWS)
    account.invoke(function, {"how": "error"})
    assert account.invoke(function, {"how": "sync"}) == (2, None)


def test_an_error_thrown_before_the_first_await_has_its_name_as_well(account: Any) -> None:
    function = account.function("exports.handler = () => { const e = new RangeError('x'); throw e; };")
    assert account.invoke(function, {})[0]["errorType"] == "RangeError"


def test_a_warm_invocation_takes_milliseconds(account: Any) -> None:
    function = account.function("exports.handler = async () => 1;")
    account.invoke(function, {})
    durations = []
    for _ in range(20):
        started = time.monotonic()
        account.invoke(function, {})
        durations.append(time.monotonic() - started)
    assert min(durations) < 0.045, "stock waits 50 ms for log lines that never come"


def test_everything_that_was_logged_is_in_the_log_group(account: Any, eventually: Callable[..., Any]) -> None:
    function = account.function(
        "exports.handler = async (e) => { for (let i = 0; i < 50; i++) console.log(`line ${e.run} ${i}.`); };"
    )
    for run in range(3):
        account.invoke(function, {"run": run})
    group = f"/aws/lambda/{function.rsplit(':', 1)[-1]}"
    messages = [event["message"] for event in account.client("logs").filter_log_events(logGroupName=group)["events"]]
    for run in range(3):
        assert sum(f"line {run} " in message for message in messages) == 50
    assert not [message for message in messages if "spotforge" in message]


def test_a_function_does_not_bring_its_deleted_log_group_back(account: Any, eventually: Callable[..., Any]) -> None:
    logs, group = account.client("logs"), f"/own/{account.name('group')}"
    logs.create_log_group(logGroupName=group)
    function = account.function("exports.handler = async () => console.log('here');")
    account.client("lambda").update_function_configuration(FunctionName=function, LoggingConfig={"LogGroup": group})
    account.invoke(function, {})
    eventually(lambda: logs.filter_log_events(logGroupName=group)["events"])
    logs.delete_log_group(logGroupName=group)
    assert account.invoke(function, {}) == (None, None)
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"] == []


def test_a_lambda_sees_its_roles_credentials_and_nothing_of_the_emulator(account: Any) -> None:
    role = account.role({"Action": "sts:GetCallerIdentity", "Resource": "*"})
    seen, _ = account.invoke(account.function("exports.handler = async () => process.env;", role=role), {})
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert not [
        value for value in seen.values() if account.emulator.access_key_id in value or account.emulator.secret_access_key in value
    ]
    assert not {
        name for name in seen if name.startswith(("SPOTFORGE_", "MINISTACK_")) or name in ("AUTH", "STATE_DIR", "S3_DATA_DIR")
    }


def test_a_lambda_runs_under_the_node_of_the_path(account: Any) -> None:
    import subprocess

    version, _ = account.invoke(account.function("exports.handler = async () => process.version;"), {})
    assert version == subprocess.check_output(["node", "--version"], text=True).strip()


def test_python_lambdas_log_and_answer(account: Any) -> None:
    import io
    import zipfile

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("index.py", "def handler(event, context):\n    print('seen', event)\n    return 1 / event['n']\n")
    function = account.client("lambda").create_function(
        FunctionName=account.name("python"),
        Runtime="python3.12",
        Handler="index.handler",
        Role=account.role(),
        Code={"ZipFile": archive.getvalue()},
    )["FunctionArn"]
    assert account.invoke(function, {"n": 2}) == (0.5, None)
    payload, kind = account.invoke(function, {"n": 0})
    assert kind == "Unhandled"
    assert "division by zero" in payload["errorMessage"]
