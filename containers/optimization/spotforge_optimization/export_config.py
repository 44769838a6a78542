"""The committed export configuration, `export_config.json`: what is asked of `optimum-cli` and what must come out, by task."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict
from spotforge_runtime.contracts.names import Task

from spotforge_optimization.onnx_contract import Tensor

FILE = Path(__file__).with_name("export_config.json")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExpectedInputs(Strict):
    """Text encoders differ in whether they read segment ids, models of one task in nothing else."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    dtype: str
    axes: tuple[str, ...]


class ExpectedModel(Strict):
    opset: int
    inputs: ExpectedInputs
    outputs: tuple[Tensor, ...]


class TaskExport(Strict):
    arguments: tuple[str, ...]
    expected: ExpectedModel


class ExportConfig(Strict):
    """`arguments` go to every export, those of the task after them."""

    arguments: tuple[str, ...]
    environment: dict[str, str]
    tasks: dict[Task, TaskExport]

    def arguments_of(self, task: Task) -> tuple[str, ...]:
        return (*self.arguments, *self.tasks[task].arguments)


def read_export_config(file: Path = FILE) -> ExportConfig:
    return ExportConfig.model_validate_json(file.read_text(encoding="utf-8"))
