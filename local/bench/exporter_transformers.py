"""The export backend that is held against the stage's own: the exporter inside transformers 5, from an environment of its own."""

from dataclasses import dataclass
from pathlib import Path

from spotforge_runtime.contracts.names import Task

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-exporters/bin/python"
PROGRAM = Path(__file__).parent / "peers/transformers_export.py"


@dataclass(frozen=True)
class TransformersExporter:
    """A `spotforge_optimization.exporter.Exporter`. `opset` is the one that the committed configuration expects of the task."""

    environment: dict[str, str]
    task: Task
    opset: int
    name: str = "transformers 5 OnnxExporter"

    def command(self, model: Path, output: Path) -> list[str]:
        variables = [f"{name}={value}" for name, value in self.environment.items()]
        arguments = ["--task", self.task, "--opset", str(self.opset), "--model", str(model), "--output", str(output)]
        return ["env", "-u", "PYTHONPATH", *variables, str(PYTHON), str(PROGRAM), *arguments]
