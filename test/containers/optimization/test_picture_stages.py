"""An image experiment with the cross-entropy head through quantize, benchmark, bundle and `score`, on a made-up encoder."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from containers.optimization.conftest import train_summary
from containers.prepared import Prepared
from containers.stage_rig import Ended, StageRig, a_spec
from PIL import Image
from spotforge_optimization.bundle_folder import read_bundle
from spotforge_optimization.encoded_pictures import EncodedPictures
from spotforge_optimization.onnx_session import open_model
from spotforge_optimization.score import Scorer
from spotforge_runtime.errors import InvalidInput
from spotforge_runtime.pictures import read_picture_rules

SIDE, CLASSES = 8, 3
PREPROCESSOR = {
    "do_resize": True,
    "size": {"height": SIDE, "width": SIDE},
    "resample": 2,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.25, 0.25, 0.5],
}


def a_picture(brightness: int, seed: int) -> bytes:
    """PNG, 12 by 10, of a grey with some noise."""
    noise = np.random.default_rng(seed).integers(-20, 20, (10, 12, 3))
    buffer = io.BytesIO()
    Image.fromarray(np.clip(brightness + noise, 0, 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def write_model(file: Path) -> Path:
    """pixel_values → tokens (one a colour) → two layers → mean → K logits that grow apart with the brightness."""
    from onnx import TensorProto, helper, numpy_helper, save

    rng = np.random.default_rng(5)
    pixels = SIDE * SIDE
    weights = {
        "up": rng.normal(0.02, 0.05, (pixels, 2 * pixels)),
        "down": rng.normal(0.02, 0.05, (2 * pixels, 16)),
        "head": np.outer(np.full(16, 0.2), [-1.0, 0.0, 1.0]),
        "bias": np.array([0.0, 0.4, 0.0]),
    }
    initializers = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()]
    initializers.append(numpy_helper.from_array(np.array([0, 3, pixels], dtype=np.int64), "shape"))
    nodes = [
        helper.make_node("Reshape", ["pixel_values", "shape"], ["tokens"], "tokens"),
        helper.make_node("MatMul", ["tokens", "up"], ["wide"], "up"),
        helper.make_node("Relu", ["wide"], ["active"], "relu"),
        helper.make_node("MatMul", ["active", "down"], ["narrow"], "down"),
        helper.make_node("ReduceMean", ["narrow"], ["pooled"], "pool", axes=[1], keepdims=0),
        helper.make_node("Gemm", ["pooled", "head", "bias"], ["logits"], "head"),
    ]
    graph = helper.make_graph(
        nodes,
        "pictures",
        [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["batch_size", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch_size", CLASSES])],
        initializers,
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(file))
    return file


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    return a_spec(
        {
            "task": "image-ordinal",
            "model": {"name": "tiny-pictures"},
            "dataset": {"labels": {"values": [0, 1, 2]}},
            "train": {"head": "cross-entropy"},
        }
    )


@pytest.fixture(scope="module")
def inputs(rig: StageRig, prepared: Prepared, spec: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the stages up to parity would have left."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(1)
    brightness = rng.integers(0, 256, 220)
    pictures = [a_picture(int(value), seed) for seed, value in enumerate(brightness)]
    frame = pl.DataFrame(
        {"image": pictures, "label": (brightness // 86).astype(np.int32), "group": ["g"] * 220, "row": np.arange(1, 221)}
    )
    for name, part in {"calibration": frame[:100], "validation": frame[100:140], "test": frame[140:]}.items():
        part.write_parquet(folder / f"{name}.parquet")
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR))
    model = write_model(folder / "model.onnx")
    batch = EncodedPictures(pictures[:64], read_picture_rules(folder / "preprocessor_config.json")).batch(range(64))
    arrays = {"inputs.npz": batch, "expected.npz": {"logits": open_model(model, 1).logits(batch)}}
    npz = {name: io.BytesIO() for name in arrays}
    for name, content in arrays.items():
        np.savez(npz[name], **content)

    def left(stage: str, outputs: dict[str, Any], summary: dict[str, Any]) -> str:
        return rig.earlier_stage(stage, spec=spec, outputs=outputs, summary=summary)

    def summary_of(stage: str) -> dict[str, Any]:
        uri = prepared.inputs[stage].rpartition("/")[0] + "/result.json"
        found: dict[str, Any] = json.loads(rig.read(uri) or b"")["summary"]
        return found

    return {
        "ingest": left("ingest", {}, summary_of("ingest")),
        "prepare": left(
            "prepare",
            {f"{name}.parquet": folder / f"{name}.parquet" for name in ("calibration", "validation", "test")},
            summary_of("prepare"),
        ),
        "train": left(
            "train",
            {
                "model/preprocessor_config.json": folder / "preprocessor_config.json",
                "cutpoints.json": json.dumps({"schemaVersion": 1, "cutpoints": []}).encode(),
            },
            train_summary(),
        ),
        "export": left(
            "export",
            {"fp32/model.onnx": model},
            {"opset": 17, "bytes": 1, "sha256": "0" * 64, "inputs": ["pixel_values"], "outputs": ["logits"]},
        ),
        "parity": left(
            "parity",
            {name: content.getvalue() for name, content in npz.items()},
            {"rows": 80, "elements": 240, "mismatches": 0, "maxAbs": 0.0, "maxRatio": 0.0},
        ),
    }


@pytest.fixture(scope="module")
def stages(rig: StageRig, spec: dict[str, Any], inputs: dict[str, Any]) -> dict[str, Ended]:
    ended: dict[str, Ended] = {}
    for stage in ("quantize", "benchmark", "bundle"):
        attempt = rig.a_stage(stage, spec=spec, inputs={**inputs, **ended})
        ended[stage] = attempt.work(f"spotforge_optimization.{stage}_run")
        assert ended[stage].exit_code == 0, ended[stage].result
    return ended


def test_pictures_are_calibrated_with_quantised_and_judged(stages: dict[str, Ended]) -> None:
    assert stages["quantize"].summary["calibrationRows"] == 100
    assert stages["quantize"].summary["quantizedOperators"] >= 1
    assert stages["benchmark"].summary["rows"] == 80
    assert 0 < stages["benchmark"].summary["meanAbsScoreDelta"] < 0.02


@pytest.fixture
def bundle(rig: StageRig, stages: dict[str, Ended], tmp_path: Path) -> Path:
    for output in (stages["bundle"].manifest or {})["outputs"]:
        rig.storage.download(output["bucket"], output["key"], tmp_path / output["name"])
    return tmp_path


def test_an_image_bundle_says_how_a_picture_becomes_pixels_and_has_neither_tokenizer_nor_cutpoints(bundle: Path) -> None:
    document = read_bundle(bundle)
    assert document.tokenizer is None and document.cutpoints == []
    assert document.image is not None
    assert (document.image.width, document.image.resample, document.image.std) == (SIDE, "bilinear", [0.25, 0.25, 0.5])
    assert document.decode.logits == "softmax(logits)[c] = P(y = c), c = 0 … K-1"
    assert "tokenizer.json" not in {file.path for file in document.files}


def test_pictures_are_scored_out_of_the_bundle_by_their_paths(bundle: Path, tmp_path: Path) -> None:
    for name, brightness in (("dark", 5), ("bright", 250)):
        (tmp_path / f"{name}.png").write_bytes(a_picture(brightness, 1))
    dark, bright = Scorer(bundle, "fp32").score([str(tmp_path / "dark.png"), str(tmp_path / "bright.png")])
    assert dark.expected_score < bright.expected_score
    assert len(dark.probabilities) == CLASSES and sum(dark.probabilities) == pytest.approx(1)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(InvalidInput, match="Picture 2 of 2: no readable PNG or JPEG"):
        Scorer(bundle, "fp32").score([str(tmp_path / "dark.png"), str(tmp_path / "broken.png")])
    with pytest.raises(InvalidInput, match="cannot be read"):
        Scorer(bundle).score([str(tmp_path / "nowhere.png")])
