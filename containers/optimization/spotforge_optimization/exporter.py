"""What every export backend does: a stock Hugging Face folder in, one ONNX file and what it promises out.

A backend is a command, run in a process of its own, so that the stage itself never imports torch. Nothing here reads what the
command says of its own result: the parity stage is the gate.
"""

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from spotforge_runtime.errors import StageError

from spotforge_optimization.onnx_contract import OnnxContract, load_structure, read_onnx_contract, sidecars_of

POLL_SECONDS = 0.2
TAIL_LINES = 15
ONNX_FILE = "model.onnx"


class Exporter(Protocol):
    """`name` is how errors and figures call the backend."""

    @property
    def name(self) -> str: ...

    def command(self, model: Path, output: Path) -> list[str]:
        """The argv that leaves `model.onnx` in the output folder, which exists."""
        ...


@dataclass(frozen=True)
class Exported:
    file: Path
    contract: OnnxContract
    sidecars: tuple[str, ...]  # files that hold weights of `file`, and have to go wherever it goes


def export_onnx(
    exporter: Exporter,
    model: Path,
    output: Path,
    *,
    while_running: Callable[[float], None] = lambda _seconds: None,
) -> Exported:
    """Exports the model folder into the output folder and reads what came out.

    `while_running` gets the seconds passed, several times a second; whatever it raises, a signal handler's Interrupted
    included, ends the command. StageError, with the command's last lines, when the command fails.
    """
    output.mkdir(parents=True, exist_ok=True)
    log = output / "export.log"
    started = time.monotonic()
    with (
        log.open("wb") as sink,
        subprocess.Popen(exporter.command(model, output), stdout=sink, stderr=sink) as process,
        _ended_on_error(process),
    ):
        while process.poll() is None:
            while_running(time.monotonic() - started)
            time.sleep(POLL_SECONDS)
    file = output / ONNX_FILE
    if process.returncode != 0 or not file.is_file():
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:])
        raise StageError(
            f"{exporter.name} ended with exit code {process.returncode} and {'a' if file.is_file() else 'no'} {ONNX_FILE}:"
            f" {tail[-1500:]}",
            where=exporter.name,
            remedy="Export the same model folder by hand with the arguments of export_config.json to see the whole output.",
        )
    structure = load_structure(file)
    return Exported(file, read_onnx_contract(structure), sidecars_of(structure))


@contextlib.contextmanager
def _ended_on_error(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        process.terminate()
        raise
