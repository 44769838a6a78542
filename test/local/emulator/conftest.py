"""One emulator for all these tests, a Batch executor that only records what it is asked, and builders of what a test needs."""

import io
import itertools
import json
import re
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from spotforge_emulator.process import Emulator, start_emulator

ACCOUNT = "000000000000"


@dataclass
class RecordingBatch:
    """Speaks Batch's REST-JSON. Everything is VALID at once, every job is accepted and none runs."""

    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    refusal: tuple[int, str, str] | None = None
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    instances: list[dict[str, Any]] = field(default_factory=list)
    revisions: dict[str, int] = field(default_factory=dict)
    endpoint: str = ""

    def requests(self, path: str) -> list[dict[str, Any]]:
        """The bodies of all calls of a path, oldest first."""
        return [body for _, called, body in list(self.calls) if called == path]

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any], str]:
        self.calls.append((method, path, body))
        if self.refusal and path == "/v1/submitjob":
            status, error, message = self.refusal
            return status, {"message": message}, error
        if path == "/_spotforge/instances":
            return 200, {"instances": self.instances}, ""
        return 200, self._accept(path.removeprefix("/v1/"), body), ""

    def _accept(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        if operation == "submitjob":
            return {"jobName": body["jobName"], "jobId": f"job-{len(self.calls)}", "jobArn": arn("job", f"job-{len(self.calls)}")}
        if operation == "registerjobdefinition":
            name = body["jobDefinitionName"]
            self.revisions[name] = self.revisions.get(name, 0) + 1
            revision = self.revisions[name]
            return {
                "jobDefinitionName": name,
                "jobDefinitionArn": arn("job-definition", f"{name}:{revision}"),
                "revision": revision,
            }
        for kind, member in (("computeenvironment", "computeEnvironment"), ("jobqueue", "jobQueue")):
            if operation == f"create{kind}":
                created = arn({"jobQueue": "job-queue"}.get(member, "compute-environment"), body[f"{member}Name"])
                self.resources[created] = {"status": "VALID", "state": "ENABLED", f"{member}Arn": created}
                return {f"{member}Name": body[f"{member}Name"], f"{member}Arn": created}
            if operation == f"delete{kind}":
                self.resources.pop(body[member], None)
            if operation == f"describe{kind}s":
                return {f"{member}s": [self.resources[name] for name in body[f"{member}s"] if name in self.resources]}
        if operation == "createschedulingpolicy":
            return {"name": body["name"], "arn": arn("scheduling-policy", body["name"])}
        return {}


def arn(kind: str, name: str) -> str:
    return f"arn:aws:batch:us-east-1:{ACCOUNT}:{kind}/{name}"


@pytest.fixture(scope="session")
def batch() -> Iterator[RecordingBatch]:
    recording = RecordingBatch()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, document, error = recording.answer(self.command, self.path, json.loads(body or b"{}"))
            answer = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            if error:
                self.send_header("x-amzn-errortype", error)
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_DELETE = handle_any  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    recording.endpoint = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield recording
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def emulator(batch: RecordingBatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """With IAM enforced, as the local tier runs it."""
    with start_emulator(tmp_path_factory.mktemp("state"), batch_endpoint=batch.endpoint) as running:
        yield running


@pytest.fixture(scope="session")
def open_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Without IAM, as the tests of containers use it."""
    with start_emulator(tmp_path_factory.mktemp("open"), auth=False) as running:
        yield running


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Any]:
    """Polls until the answer is truthy, and returns it."""

    def poll(look: Callable[[], Any], seconds: float = 10.0) -> Any:
        deadline = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.03)
        return found

    return poll


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """AWS's documented shapes."""
    return Path(__file__).resolve().parents[2] / "fixtures" / "aws"


@dataclass
class Account:
    """Builds roles, functions and state machines in the emulator; every name is new."""

    emulator: Emulator
    clients: dict[str, Any] = field(default_factory=dict)
    counter: Iterator[int] = field(default_factory=itertools.count)

    def client(self, service: str) -> Any:
        """With the root key."""
        if service not in self.clients:
            self.clients[service] = self.emulator.client(service)
        return self.clients[service]

    def name(self, kind: str) -> str:
        return f"{kind}-{next(self.counter)}"

    def role(self, *statements: dict[str, Any], service: str = "lambda.amazonaws.com") -> str:
        """The ARN of a role that `service` may assume and that these statements allow or deny things."""
        name = self.name("role")
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
        }
        iam = self.client("iam")
        created: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        if statements:
            document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement} for statement in statements]}
            iam.put_role_policy(RoleName=name, PolicyName="grants", PolicyDocument=json.dumps(document))
        return created

    def acting_as(self, role: str) -> Callable[..., Any]:
        """Clients with the credentials of a session of the role."""
        given = self.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]

        def client(service: str, **options: Any) -> Any:
            return self.emulator.client(
                service,
                aws_access_key_id=given["AccessKeyId"],
                aws_secret_access_key=given["SecretAccessKey"],
                aws_session_token=given["SessionToken"],
                **options,
            )

        return client

    def allowed(self, *statements: dict[str, Any]) -> Callable[..., Any]:
        """Clients of a fresh role with these grants."""
        return self.acting_as(self.role(*statements, service="ecs-tasks.amazonaws.com"))

    def function(self, code: str, role: str | None = None, timeout: int = 10, environment: dict[str, str] | None = None) -> str:
        """The ARN of a Node Lambda (CommonJS, handler `index.handler`)."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("index.js", code)
        arn: str = self.client("lambda").create_function(
            FunctionName=self.name("function"),
            Runtime="nodejs22.x",
            Handler="index.handler",
            Role=role or self.role(),
            Code={"ZipFile": archive.getvalue()},
            Timeout=timeout,
            Environment={"Variables": environment or {}},
        )["FunctionArn"]
        return arn

    def invoke(self, function: str, payload: Any) -> tuple[Any, str | None]:
        """What the function answered, and the kind of error if it was one."""
        answer = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(payload))
        return json.loads(answer["Payload"].read() or b"null"), answer.get("FunctionError")

    def noted(self, function: str, pattern: str) -> list[str]:
        """What the pattern's group matches in each line of the function's log, oldest first."""
        logs = self.client("logs")
        try:
            events = logs.filter_log_events(logGroupName=f"/aws/lambda/{function.rsplit(':', 1)[-1]}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [found[1] for event in events if (found := re.search(pattern, event["message"]))]

    def machine(self, states: dict[str, Any], *grants: dict[str, Any], **fields: Any) -> str:
        """The ARN of a JSONata state machine that starts at its first state, under a role with these grants."""
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states, **fields}
        arn: str = self.client("stepfunctions").create_state_machine(
            name=self.name("machine"),
            definition=json.dumps(definition),
            roleArn=self.role(*grants, service="states.amazonaws.com"),
        )["stateMachineArn"]
        return arn

    def start(self, machine: str, given: Any = None) -> str:
        arn: str = self.client("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps(given or {}))[
            "executionArn"
        ]
        return arn

    def ended(self, execution: str, seconds: float = 15.0) -> dict[str, Any]:
        """The description of the execution once it is over, with its output parsed."""
        deadline = time.monotonic() + seconds
        while True:
            described: dict[str, Any] = self.client("stepfunctions").describe_execution(executionArn=execution)
            if described["status"] != "RUNNING":
                return {**described, "output": json.loads(described.get("output") or "null")}
            assert time.monotonic() < deadline, "the execution is still running"
            time.sleep(0.03)

    def run(self, machine: str, given: Any = None) -> dict[str, Any]:
        return self.ended(self.start(machine, given))

    def table(self, stream: bool = False) -> str:
        """The name of a table with the keys `pk` and `sk`."""
        name = self.name("table")
        self.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
            **({"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}} if stream else {}),
        )
        return name

    def queue(self, *senders: str) -> "Queue":
        """A queue into which EventBridge may put what these rules (ARNs, with patterns) cannot deliver."""
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=self.name("queue"))["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        if senders:
            statement = {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnLike": {"aws:SourceArn": list(senders)}},
            }
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        return Queue(sqs, url, arn)

    def deploy(
        self, resources: dict[str, Any], outputs: dict[str, Any] | None = None, stack: str | None = None
    ) -> dict[str, str]:
        """Creates or updates a stack of these resources; its outputs, and its name as `StackName`."""
        cloudformation = self.client("cloudformation")
        template = {"Resources": resources, **({"Outputs": {k: {"Value": v} for k, v in outputs.items()}} if outputs else {})}
        arguments = {"TemplateBody": json.dumps(template), "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]}
        name = stack or self.name("stack")
        if stack:
            cloudformation.update_stack(StackName=name, **arguments)
        else:
            cloudformation.create_stack(StackName=name, **arguments)
        deadline = time.monotonic() + 60
        while True:
            described = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
            if not described["StackStatus"].endswith("IN_PROGRESS"):
                break
            assert time.monotonic() < deadline, "the stack is still in progress"
            time.sleep(0.05)
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        reasons = [event.get("ResourceStatusReason", "") for event in events if "FAILED" in event["ResourceStatus"]]
        assert described["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), reasons
        return {"StackName": name, **{output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}}


@dataclass(frozen=True)
class Control:
    """The control routes of an emulator, called without any signature."""

    endpoint: str

    def __call__(
        self, method: str, route: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Status and answer."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}/_spotforge/{route}", data=data, method=method, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())


@pytest.fixture(scope="session")
def control_of() -> Callable[[Emulator], Control]:
    """For tests that start an emulator of their own."""
    return lambda running: Control(running.endpoint)


@pytest.fixture
def control(emulator: Emulator) -> Iterator[Control]:
    """All faults are forgotten afterwards."""
    routes = Control(emulator.endpoint)
    yield routes
    assert routes("DELETE", "faults")[0] == 200


@pytest.fixture
def plant(control: Control) -> Callable[..., None]:
    """Plants a fault: `plant("events/drop", count=2)`."""

    def post(route: str, **body: Any) -> None:
        assert control("POST", route, body) == (200, {})

    return post


@dataclass(frozen=True)
class Queue:
    """An SQS queue and its messages."""

    sqs: Any
    url: str
    arn: str

    def receive(self) -> list[dict[str, Any]]:
        """Takes what is there out of the queue, message attributes included."""
        messages: list[dict[str, Any]] = self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return messages


@pytest.fixture(scope="session")
def account_of() -> Callable[[Emulator], Account]:
    """For tests that start an emulator of their own."""
    return Account


@pytest.fixture(scope="session")
def account(emulator: Emulator) -> Account:
    return Account(emulator)


@pytest.fixture(autouse=True)
def _accepting(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test inherits another one's refusal."""
    yield
    if "batch" in request.fixturenames:
        request.getfixturevalue("batch").refusal = None
