"""The graph that was exported, asked with the weights of earlier steps in its initializers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from containers.optimization.conftest import Trained
from containers.stage_rig import StageRig
from safetensors.numpy import load_file, save
from spotforge_optimization.onnx_contract import load_structure
from spotforge_optimization.onnx_session import open_model
from spotforge_optimization.parity_outputs import compare_outputs
from spotforge_optimization.parity_runtimes import OnnxRuntime, PyTorchRuntime
from spotforge_optimization.parity_trend import ParityTrend, lost_weights, parity_trend, weight_places, with_weights
from spotforge_optimization.tolerance import Tolerance
from spotforge_runtime.contracts import names
from spotforge_runtime.errors import ContractBroken
from spotforge_runtime.hashing import sha256_of_bytes

Weights = dict[str, np.ndarray]
TOLERANCE = Tolerance(1e-5, 1e-5)
BATCH = {
    "input_ids": np.array([[1, 5, 2], [1, 2, 0]], dtype=np.int64),
    "attention_mask": np.array([[1, 1, 1], [1, 1, 0]], dtype=np.int64),
    "token_type_ids": np.zeros((2, 3), dtype=np.int64),
}


@pytest.fixture(scope="module")
def final(trained: Trained) -> Weights:
    return load_file(trained.folder / "model.safetensors")


@pytest.fixture(scope="module")
def earlier(final: Weights) -> Weights:
    """Weights of an earlier step: every one of them another, equal ones equal, as those of a model that begins are."""

    def moved(array: np.ndarray) -> np.ndarray:
        step = np.sin(np.arange(array.size) + array.ravel()[0]).reshape(array.shape)
        return np.asarray(0.9 * array + 0.02 * step, dtype=np.float32)

    return {name: moved(array) for name, array in final.items()}


def test_every_weight_is_found_in_the_graph_whatever_it_is_called_there(
    onnx_file: Path, final: Weights, earlier: Weights
) -> None:
    places = weight_places(load_structure(onnx_file), final)
    assert lost_weights(places, final, earlier) == []
    assert any(place.transposed for place in places.values())
    assert any(name != place.weight for name, place in places.items())


def test_the_graph_answers_with_other_weights_as_pytorch_does(
    trained: Trained, onnx_file: Path, final: Weights, earlier: Weights
) -> None:
    model = load_structure(onnx_file)
    swapped = with_weights(model, weight_places(model, final), earlier)
    onnx = OnnxRuntime(open_model(swapped.SerializeToString(), 1))
    pytorch = PyTorchRuntime(trained.folder, "text-ordinal", onnx.inputs, 1)
    before = pytorch.answer(BATCH)["logits"]
    pytorch.take_weights(earlier)
    after = pytorch.answer(BATCH)
    assert np.abs(after["logits"] - before).max() > 0.01
    found = compare_outputs(after, onnx.answer(BATCH), TOLERANCE)
    assert found.passed, found.says


def test_a_weight_that_the_graph_holds_in_another_form_is_lost_unless_it_never_changed(
    onnx_file: Path, final: Weights, earlier: Weights
) -> None:
    all_places = weight_places(load_structure(onnx_file), final)
    places = {name: place for name, place in all_places.items() if place.weight != "classifier.bias"}
    assert lost_weights(places, final, earlier) == ["classifier.bias"]
    assert lost_weights(places, final, {**earlier, "classifier.bias": final["classifier.bias"]}) == []
    assert lost_weights(places, final, {**final, "a.layer": np.zeros(2, dtype=np.float32)}) == ["a.layer"]


def test_weights_that_became_equal_and_are_kept_once_are_lost_while_they_still_differed(
    onnx_file: Path, final: Weights, earlier: Weights
) -> None:
    places = weight_places(load_structure(onnx_file), final)
    kept_once = next(name for name in final if name not in {place.weight for place in places.values()})
    assert lost_weights(places, final, {**earlier, kept_once: earlier[kept_once] + np.float32(1)}) == [kept_once]


def snapshot(rig: StageRig, step: int, content: bytes, *, recorded: bytes | None = None, stored: bool = True) -> dict[str, Any]:
    """Stores the weights of a step as training does; `recorded` is what the document says of them if that is something else."""
    key = names.KEY_WEIGHT_SNAPSHOTS.format(experiment_id="exp_trend") + f"{step}-{sha256_of_bytes(content)[:8]}.safetensors"
    if stored:
        rig.storage.put(content, "rig-checkpoints", key)
    of = recorded or content
    return {"step": step, "bucket": "rig-checkpoints", "key": key, "bytes": len(of), "sha256": sha256_of_bytes(of)}


def trend_of(rig: StageRig, trained: Trained, onnx_file: Path, document: dict[str, Any] | None, attempt: int) -> ParityTrend:
    outputs: dict[str, Path | bytes] = {"model/model.safetensors": trained.folder / "model.safetensors"}
    if document is not None:
        outputs["weight-snapshots.json"] = json.dumps(document).encode()
    train = rig.earlier_stage("train", spec=trained.spec, outputs=outputs, summary={}, attempt=attempt)
    context = rig.a_stage("parity", spec=trained.spec, inputs={"train": train}, attempt=attempt).context()
    onnx = OnnxRuntime(open_model(onnx_file, 1))
    pytorch = PyTorchRuntime(trained.folder, "text-ordinal", onnx.inputs, 1)
    last = {"pytorch": pytorch.answer(BATCH), "onnx": onnx.answer(BATCH)}
    return parity_trend(context, onnx_file=onnx_file, pytorch=pytorch, inputs=BATCH, last=last, tolerance=TOLERANCE)


def a_document(*snapshots: dict[str, Any]) -> dict[str, Any]:
    return {"schemaVersion": 1, "lastStep": 40, "snapshots": list(snapshots), "notes": ["a note"]}


def test_the_trend_has_every_snapshot_and_the_model_and_says_what_has_expired(
    rig: StageRig, trained: Trained, onnx_file: Path, earlier: Weights
) -> None:
    document = a_document(snapshot(rig, 0, save(earlier)), snapshot(rig, 20, b"gone", stored=False))
    trend = trend_of(rig, trained, onnx_file, document, 21)
    assert [entry["step"] for entry in trend.steps] == [0, 40]
    assert all(0 < entry["maxAbs"] < 1e-4 and entry["mismatches"] == 0 for entry in trend.steps)
    assert trend.steps[0]["largestLogit"] != trend.steps[1]["largestLogit"]
    assert trend.notes == ["a note", "The weights of step 20 have expired."]


def test_a_snapshot_of_another_model_is_left_out_and_said(
    rig: StageRig, trained: Trained, onnx_file: Path, earlier: Weights
) -> None:
    other = save({**earlier, "a.layer": np.zeros(2, dtype=np.float32)})
    trend = trend_of(rig, trained, onnx_file, a_document(snapshot(rig, 0, other)), 22)
    assert [entry["step"] for entry in trend.steps] == [40]
    assert trend.notes[-1] == "Step 0 cannot be asked: the graph holds a.layer in another form."


def test_a_snapshot_that_was_changed_is_an_error(rig: StageRig, trained: Trained, onnx_file: Path, earlier: Weights) -> None:
    document = a_document(snapshot(rig, 0, save(earlier), recorded=b"another"))
    with pytest.raises(ContractBroken, match="not what was recorded"):
        trend_of(rig, trained, onnx_file, document, 23)


def test_a_training_that_kept_none_has_no_trend(rig: StageRig, trained: Trained, onnx_file: Path) -> None:
    assert trend_of(rig, trained, onnx_file, None, 24) == ParityTrend([], ["The training kept no snapshots of its weights."])
