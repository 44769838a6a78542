"""The export stage: the real command, and the contract of the file it makes."""

import json
from pathlib import Path

import pytest
from containers.optimization.conftest import Trained
from containers.stage_rig import Ended, StageRig
from spotforge_optimization.export_config import read_export_config
from spotforge_optimization.exporter import export_onnx
from spotforge_optimization.exporter_optimum import OptimumExporter
from spotforge_optimization.onnx_contract import OnnxContract, Tensor, differences
from spotforge_runtime.errors import StageError

TEXT, IMAGE = "text-ordinal", "image-ordinal"
GOLDEN = Path(__file__).with_name("golden_export_contract.json")


def golden() -> OnnxContract:
    return OnnxContract.model_validate_json(GOLDEN.read_text())


def test_the_exported_contract_is_the_golden_one(rig: StageRig, exported: Ended) -> None:
    output = exported.output("export.json")
    document = json.loads(rig.read(f"s3://{output['bucket']}/{output['key']}") or b"")
    assert document["contract"] == json.loads(GOLDEN.read_text())
    assert document["command"][:3] == ["optimum-cli", "export", "onnx"]
    assert document["sha256"] == exported.output("fp32/model.onnx")["sha256"]
    assert set(document["versions"]) == {"torch", "transformers", "optimum", "optimum-onnx", "onnx"}


def test_the_summary_names_opset_inputs_and_outputs(exported: Ended) -> None:
    assert exported.summary["opset"] == 18
    assert exported.summary["inputs"] == ["input_ids", "attention_mask", "token_type_ids"]
    assert exported.summary["outputs"] == ["logits"]


def test_the_onnx_file_lies_below_models_onnx_of_its_attempt(exported: Ended, trained: Trained) -> None:
    assert exported.output("fp32/model.onnx")["key"] == f"models/onnx/{trained.spec['experimentId']}/fp32/r1-1/model.onnx"


def test_the_golden_contract_is_what_the_committed_configuration_expects() -> None:
    assert differences(golden(), read_export_config().tasks[TEXT].expected, logits=4) == []


def test_an_encoder_without_segment_ids_is_expected_too() -> None:
    contract = golden()
    without = contract.model_copy(update={"inputs": contract.inputs[:2]})
    assert differences(without, read_export_config().tasks[TEXT].expected, logits=4) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"opset": 17}, "expected opset 18, got 17"),
        ({"inputs": ()}, "expected an input input_ids, got none"),
        (
            {"inputs": (*golden().inputs, Tensor(name="position_ids", dtype="int64", axes=("batch_size", "sequence_length")))},
            "got position_ids",
        ),
        (
            {"inputs": (golden().inputs[0].model_copy(update={"dtype": "int32"}), *golden().inputs[1:])},
            "expected int64, got int32",
        ),
        ({"inputs": (golden().inputs[0].model_copy(update={"axes": ("2", "16")}), *golden().inputs[1:])}, "got (2, 16)"),
        (
            {"outputs": (Tensor(name="last_hidden_state", dtype="float32", axes=("batch_size", "4")),)},
            "expected outputs logits, got last_hidden_state",
        ),
        (
            {"outputs": (Tensor(name="logits", dtype="float32", axes=("batch_size", "5")),)},
            "expected axes (batch_size, 4), got (batch_size, 5)",
        ),
    ],
)
def test_every_difference_from_the_expectation_is_named(change: dict[str, object], says: str) -> None:
    found = differences(golden().model_copy(update=change), read_export_config().tasks[TEXT].expected, logits=4)
    assert any(says in sentence for sentence in found), found


@pytest.mark.parametrize(("task", "exported"), [(TEXT, "text-classification"), (IMAGE, "image-classification")])
def test_the_command_is_the_committed_one_and_asks_no_hub(task: str, exported: str) -> None:
    command = OptimumExporter(read_export_config(), task).command(Path("in"), Path("out"))
    assert command[0] == "env" and "HF_HUB_OFFLINE=1" in command
    assert command[-1] == "out" and "--trust-remote-code" not in command
    assert command[command.index("--task") + 1] == exported


def config_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Puts a stand-in for the command beside the interpreter that the exporter looks beside."""
    command = tmp_path / "bin" / "optimum-cli"
    command.parent.mkdir()
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setattr("spotforge_optimization.exporter_optimum.sys.executable", str(tmp_path / "bin" / "python"))


def test_a_failing_command_is_reported_with_its_last_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config_that_runs(tmp_path, monkeypatch, "echo the model type is unknown >&2; exit 3")
    with pytest.raises(StageError, match=r"exit code 3 and no model.onnx.*the model type is unknown"):
        export_onnx(OptimumExporter(read_export_config(), TEXT), tmp_path, tmp_path / "out")


def test_a_command_that_leaves_no_file_has_failed_whatever_its_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config_that_runs(tmp_path, monkeypatch, "exit 0")
    with pytest.raises(StageError, match=r"exit code 0 and no model.onnx"):
        export_onnx(OptimumExporter(read_export_config(), TEXT), tmp_path, tmp_path / "out")


def test_an_interruption_ends_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config_that_runs(tmp_path, monkeypatch, f"echo $$ > {tmp_path}/pid; exec sleep 60")

    def interrupt(_seconds: float) -> None:
        if (tmp_path / "pid").exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_onnx(OptimumExporter(read_export_config(), TEXT), tmp_path, tmp_path / "out", while_running=interrupt)
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()
