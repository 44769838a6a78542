"""A trained tiny model and what the stages after it make of it, once a session."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from containers.prepared import Prepared
from containers.stage_rig import Ended, StageRig, merge
from spotforge_optimization.candidates import OPTIONAL

CLASSES = 5
CUTPOINTS = [-1.5, -0.4, 0.5, 1.6]


@dataclass(frozen=True)
class Trained:
    """An experiment that is through train: spec, inputs of later stages, and the model folder."""

    spec: dict[str, Any]
    inputs: dict[str, str]
    folder: Path

    def then(self, **stages: str | Ended) -> dict[str, str | Ended]:
        return {**self.inputs, **stages}


def write_trained_model(base_model: Path, folder: Path) -> Path:
    """A stock classifier with a folded cumulative-link head: equal weight rows, bias = -theta. Its scores spread widely."""
    import torch
    from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast

    torch.set_num_threads(1)
    torch.manual_seed(3)
    model = AutoModelForSequenceClassification.from_pretrained(base_model, num_labels=CLASSES - 1)
    with torch.no_grad():
        model.classifier.weight.copy_(torch.randn(1, model.config.hidden_size).expand_as(model.classifier.weight))
        model.classifier.bias.copy_(-torch.tensor(CUTPOINTS))
        for layer in model.bert.encoder.layer:
            layer.intermediate.dense.weight.mul_(8)  # random initial weights alone would hardly move the scores
    model.save_pretrained(folder, safe_serialization=True)
    PreTrainedTokenizerFast.from_pretrained(base_model).save_pretrained(folder)
    return folder


def train_summary() -> dict[str, Any]:
    return {
        "mae": 0.8,
        "baselineMae": 1.2,
        "validationMae": 0.8,
        "validationLoss": 1.0,
        "trainLoss": 1.0,
        "rows": 880,
        "steps": 55,
        "epochs": 1,
        "samplesPerSecond": 100.0,
        "parameters": 20000,
        "device": "cpu",
        "stoppedEarly": False,
        "bestStep": 55,
        "peakMemoryBytes": 1,
        "peakGpuMemoryBytes": None,
        "gpuUtilization": None,
        "trainingSeconds": 10.0,
        "checkpoints": 1,
        "checkpointBlockedSeconds": 0.1,
        "checkpointBlockedShare": 0.01,
        "checkpointIntervalSeconds": 10.0,
        "checkpointsForced": 0,
        "tornCheckpoints": [],
        "resumedFromStep": None,
        "modelSha256": "0" * 64,
    }


def store_trained(rig: StageRig, spec: Mapping[str, Any], folder: Path) -> str:
    """Stores a model folder as train would; answers the manifest's URI."""
    cutpoints = json.dumps({"schemaVersion": 1, "cutpoints": CUTPOINTS}).encode()
    outputs: dict[str, Path | bytes] = {f"model/{path.name}": path for path in sorted(folder.iterdir())}
    return rig.earlier_stage("train", spec=spec, outputs={**outputs, "cutpoints.json": cutpoints}, summary=train_summary())


@pytest.fixture(scope="session")
def trained(rig: StageRig, prepared: Prepared, tiny_base_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = write_trained_model(tiny_base_model, tmp_path_factory.mktemp("trained"))
    return Trained(prepared.spec, {**prepared.inputs, "train": store_trained(rig, prepared.spec, folder)}, folder)


@pytest.fixture(scope="session")
def exported(rig: StageRig, trained: Trained) -> Ended:
    """The real `optimum-cli`, run by the real job argv."""
    ended = rig.a_stage("export", spec=trained.spec, inputs=trained.inputs).process("spotforge_optimization.export", timeout=240)
    assert ended.exit_code == 0, (ended.result, ended.log)
    return ended


@pytest.fixture(scope="session")
def onnx_file(rig: StageRig, exported: Ended, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = exported.output("fp32/model.onnx")
    file = tmp_path_factory.mktemp("onnx") / "model.onnx"
    rig.storage.download(output["bucket"], output["key"], file)
    return file


@pytest.fixture(scope="session")
def compared(rig: StageRig, trained: Trained, exported: Ended) -> Ended:
    inputs = trained.then(export=exported)
    return rig.a_stage("parity", spec=trained.spec, inputs=inputs).work("spotforge_optimization.parity_run")


@pytest.fixture(scope="session", autouse=True)
def quick_timing() -> Iterator[None]:
    """Timings of a tiny model need no seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spotforge_optimization.tournament.SECONDS_BY_BATCH_SIZE", {1: 0.0, 8: 0.0})
        patch.setattr("spotforge_optimization.benchmark_timings.SECONDS_BY_BATCH_SIZE", {1: 0.0, 8: 0.0, 32: 0.0})
        yield


@pytest.fixture(scope="session")
def quantized(rig: StageRig, trained: Trained, exported: Ended) -> Ended:
    """With every candidate that there is."""
    spec = merge(trained.spec, {"quantize": {"candidates": [candidate.name for candidate in OPTIONAL]}})
    return rig.a_stage("quantize", spec=spec, inputs=trained.then(export=exported)).work("spotforge_optimization.quantize_run")


@pytest.fixture(scope="session")
def benchmarked(rig: StageRig, trained: Trained, exported: Ended, quantized: Ended) -> Ended:
    inputs = trained.then(export=exported, quantize=quantized)
    return rig.a_stage("benchmark", spec=trained.spec, inputs=inputs).work("spotforge_optimization.benchmark_run")


@pytest.fixture(scope="session")
def bundle_inputs(
    trained: Trained, exported: Ended, compared: Ended, quantized: Ended, benchmarked: Ended
) -> dict[str, str | Ended]:
    return trained.then(export=exported, parity=compared, quantize=quantized, benchmark=benchmarked)


@pytest.fixture(scope="session")
def bundled(rig: StageRig, trained: Trained, bundle_inputs: dict[str, str | Ended]) -> Ended:
    return rig.a_stage("bundle", spec=trained.spec, inputs=bundle_inputs).work("spotforge_optimization.bundle_run")
