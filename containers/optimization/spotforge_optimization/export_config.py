"""The committed export configuration, `export_config.json`: what is asked of `optimum-cli` and what must come out."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from spotforge_optimization.onnx_contract import Tensor

FILE = Path(__file__).with_name("export_config.json")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExpectedInputs(Strict):
    """Encoders differ in whether they read segment ids, in nothing else."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    dtype: str
    axes: tuple[str, ...]


class ExpectedModel(Strict):
    opset: int
    inputs: ExpectedInputs
    outputs: tuple[Tensor, ...]


class ExportConfig(Strict):
    arguments: tuple[str, ...]
    environment: dict[str, str]
    expected: ExpectedModel


def read_export_config(file: Path = FILE) -> ExportConfig:
    return ExportConfig.model_validate_json(file.read_text(encoding="utf-8"))
