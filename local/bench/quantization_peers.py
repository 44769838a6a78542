"""What others make of the same ONNX model: optimum's command, and Olive's static INT8 with our calibration rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from spotforge_optimization.cpu import Cpu
from spotforge_optimization.encoding import TOKEN_INPUTS, Examples

ROOT = Path(__file__).parents[2]
OLIVE = ROOT / ".venv-peers/bin/olive"
CALIBRATION = Path(__file__).parent / "peers/olive_calibration.py"
LAST_WORDS = 1_500


class PeerFailedError(Exception):
    """A peer's command did not make a model; the message holds its last words."""


def optimum_int8(fp32: Path, cpu: Cpu, folder: Path) -> Path:
    """`optimum-cli onnxruntime quantize` with its preset for this processor: dynamic INT8."""
    preset = "--avx512_vnni" if "avx512_vnni" in cpu.instruction_sets else "--avx2"
    command = [str(Path(sys.executable).with_name("optimum-cli")), "onnxruntime", "quantize"]
    _run([*command, "--onnx_model", str(fp32.parent), preset, "-o", str(folder)], {})
    return _only_model(folder)


def olive_int8(fp32: Path, calibration: Examples, folder: Path) -> Path:
    """Olive's `OnnxStaticQuantization` as it comes, on every calibration row."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, config = folder / "calibration.npz", folder / "olive.json"
    everything = calibration.batch(range(len(calibration)))
    inputs: dict[str, Any] = {name: everything[name] for name in TOKEN_INPUTS}
    np.savez(rows, **inputs)
    accelerator = {"device": "cpu", "execution_providers": ["CPUExecutionProvider"]}
    document = {
        "input_model": {"type": "ONNXModel", "model_path": str(fp32)},
        "systems": {"here": {"type": "LocalSystem", "accelerators": [accelerator]}},
        "data_configs": [
            {
                "name": "calibration",
                "user_script": str(CALIBRATION),
                "load_dataset_config": {"type": "calibration_rows", "params": {"file": str(rows)}},
            }
        ],
        "passes": {"quantize": {"type": "OnnxStaticQuantization", "data_config": "calibration"}},
        "host": "here",
        "target": "here",
        "cache_dir": str(folder / "cache"),
        "output_dir": str(folder / "output"),
    }
    config.write_text(json.dumps(document, indent=2))
    _run([str(OLIVE), "run", "--config", str(config)], {"OLIVE_DISABLE_TELEMETRY": "1", "HOME": str(folder)})
    return _only_model(folder / "output")


def _run(command: list[str], variables: dict[str, str]) -> None:
    quiet = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(command, env=quiet | variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if ended.returncode != 0:
        raise PeerFailedError(f"{' '.join(command[:3])} ended with {ended.returncode}: {ended.stdout[-LAST_WORDS:]}")


def _only_model(folder: Path) -> Path:
    models = sorted(folder.rglob("*.onnx"))
    if len(models) != 1:
        raise PeerFailedError(f"expected one ONNX model in {folder.name}, found {len(models)}")
    return models[0]
