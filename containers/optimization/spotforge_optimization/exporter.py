"""Runs `optimum-cli export onnx` as any user would, from the committed configuration.

The real command, in a process of its own, so that the stage itself never imports torch (measured: 10.5 s of CPU, against 8.1 s
for calling its `main_export` in process without validation; the rest of both is `import torch`). Optimum's own validation only
warns, so nothing here reads it: the parity stage is the gate.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from spotforge_runtime.errors import StageError

from spotforge_optimization.export_config import ExportConfig

POLL_SECONDS = 0.2
TAIL_LINES = 15
# For the self-check, which cannot see into another process.
IMPORTED_BY_COMMAND = ("optimum.exporters.onnx",)


def export_command(config: ExportConfig, model: Path, output: Path) -> list[str]:
    """The argv. `env` adds the configuration's variables: no hub is asked, whatever the machine's settings are."""
    cli = Path(sys.executable).with_name("optimum-cli")
    variables = [f"{name}={value}" for name, value in config.environment.items()]
    return ["env", *variables, str(cli), "export", "onnx", "--model", str(model), *config.arguments, str(output)]


def export_onnx(
    config: ExportConfig,
    model: Path,
    output: Path,
    *,
    while_running: Callable[[float], None] = lambda _seconds: None,
) -> Path:
    """Exports the model folder into the output folder and answers the ONNX file in it.

    `while_running` gets the seconds passed, several times a second; whatever it raises, a signal handler's Interrupted
    included, ends the command. StageError, with the command's last lines, when the command fails.
    """
    output.mkdir(parents=True, exist_ok=True)
    log = output / "optimum-cli.log"
    started = time.monotonic()
    with (
        log.open("wb") as sink,
        subprocess.Popen(export_command(config, model, output), stdout=sink, stderr=sink) as process,
        _ended_on_error(process),
    ):
        while process.poll() is None:
            while_running(time.monotonic() - started)
            time.sleep(POLL_SECONDS)
    file = output / "model.onnx"
    if process.returncode != 0 or not file.is_file():
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:])
        raise StageError(
            f"optimum-cli export onnx ended with exit code {process.returncode} and {'a' if file.is_file() else 'no'} model.onnx:"
            f" {tail[-1500:]}",
            where="optimum-cli export onnx",
            remedy="Export the same model folder by hand with the arguments of export_config.json to see the whole output.",
        )
    return file


@contextlib.contextmanager
def _ended_on_error(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        process.terminate()
        raise
