"""After every invocation stock waits 50 ms for log lines that may still come. A worker that ends each invocation with a mark on
stderr needs no waiting: what was logged before it is complete."""

import queue
import time
from typing import Any

from ministack.core import lambda_runtime

from spotforge_emulator.private_name import private, replace, replace_text

END = "\x1espotforge-invocation-end"
# Only for a worker that died before its mark.
LONGEST_WAIT_SECONDS = 0.25


def apply() -> None:
    node: str = private(lambda_runtime, "_NODEJS_WORKER_SCRIPT")
    node = replace_text(
        node,
        "const _stderrWrite = process.stderr.write.bind(process.stderr);\n",
        "const _stderrWrite = process.stderr.write.bind(process.stderr);\n"
        f"const __spotforgeEnd = () => fs.writeSync(2, {END!r} + '\\n');\n",
    )
    node = replace_text(
        node,
        '          _realStdoutWrite(JSON.stringify({ status: "ok", result: res }) + "\\n");',
        '          __spotforgeEnd(); _realStdoutWrite(JSON.stringify({ status: "ok", result: res }) + "\\n");',
    )
    node = replace_text(
        node, "const __spotforgeReport = (err) => {\n", "const __spotforgeReport = (err) => {\n  __spotforgeEnd();\n"
    )
    # A worker whose emulator was killed has nobody to answer.
    node += '\nrl.on("close", () => process.exit(0));\n'
    replace(lambda_runtime, "_NODEJS_WORKER_SCRIPT", node)

    python: str = private(lambda_runtime, "_PYTHON_WORKER_SCRIPT")
    mark = f"sys.stderr.write({END!r} + chr(10)); sys.stderr.flush()"
    for outcome in ('"ok", "result": result', '"error", "error": str(e), "trace": traceback.format_exc()'):
        passage = f'            _real_stdout.write(json.dumps({{"status": {outcome}}}) + "\\n")'
        python = replace_text(python, passage, f"            {mark}\n{passage}")
    replace(lambda_runtime, "_PYTHON_WORKER_SCRIPT", python)

    replace(private(lambda_runtime, "Worker"), "_drain_stderr_bounded", drain)


def drain(self: Any, **_: float) -> str:
    """Everything that the worker wrote during this invocation."""
    lines: list[str] = []
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while (remaining := deadline - time.monotonic()) > 0:
        try:
            line = self._stderr_queue.get(timeout=remaining if self._proc is not None else 0.02)
        except queue.Empty:
            break
        if line == END:
            break
        lines.append(line)
    return "\n".join(lines)
