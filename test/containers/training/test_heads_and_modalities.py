"""The train stage with every head, on texts and on pictures."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from containers.prepared import prepare_tiny_pictures
from containers.stage_rig import Ended, StageRig
from containers.tiny_pictures import pictures, write_picture_base
from containers.training.experiments import AnExperiment, content
from spotforge_runtime.ordinal_decoding import Head, expected_score, predicted_class
from spotforge_runtime.pictures import read_picture_rules
from spotforge_training.image_examples import PREPROCESSOR
from transformers import AutoModelForImageClassification

STAGE = "spotforge_training.training_run"
HEADS = ["cumulative-link", "coral", "corn", "cross-entropy"]
SHORT = {"epochs": 2, "maxRows": 320, "learningRate": 0.002}
LONG_ENOUGH = {"text": {"epochs": 3, "learningRate": 0.002}, "image": SHORT}
GOLDEN = Path(__file__).with_name("golden_losses.json")
FIRST_LOSSES = 6


@pytest.fixture(scope="module")
def of_pictures(rig: StageRig, tmp_path_factory: pytest.TempPathFactory) -> AnExperiment:
    base = write_picture_base(tmp_path_factory.mktemp("picture-base"))
    rows = pictures(900)

    def make(train: dict[str, Any]) -> Any:
        prepared = prepare_tiny_pictures(rig, rows, base)
        return lambda number=1: rig.a_stage(
            "train", spec=prepared.with_spec({"train": train}), inputs=prepared.inputs, attempt=number
        )

    return make


@pytest.fixture(scope="module")
def ended(an_experiment: AnExperiment, of_pictures: AnExperiment) -> dict[tuple[str, str], Ended]:
    """One run of each head on each modality."""
    made = {"text": an_experiment, "image": of_pictures}
    return {
        (modality, head): make(LONG_ENOUGH[modality] | {"head": head})().work(STAGE)
        for modality, make in made.items()
        for head in HEADS
    }


@pytest.mark.parametrize("modality", ["text", "image"])
@pytest.mark.parametrize("head", HEADS)
def test_every_head_learns_from_texts_and_from_pictures(modality: str, head: Head, ended: dict[tuple[str, str], Ended]) -> None:
    summary = ended[modality, head].summary
    assert summary["mae"] < 0.85 * summary["baselineMae"], summary
    assert (summary["stoppedEarly"], summary["bestStep"]) == (False, summary["steps"])
    assert summary["peakMemoryBytes"] > 50_000_000
    assert summary["gpuUtilization"] is None or 0 <= summary["gpuUtilization"] <= 1


@pytest.mark.parametrize("modality", ["text", "image"])
@pytest.mark.parametrize("head", HEADS)
def test_the_first_losses_are_the_ones_on_record(
    modality: str, head: Head, rig: StageRig, ended: dict[tuple[str, str], Ended]
) -> None:
    """Of this seed on a CPU: a refactoring that changes none of the mathematics changes none of them. Where it is meant to
    change, the failure shows the new ones."""
    assert first_losses(rig, ended[modality, head]) == pytest.approx(json.loads(GOLDEN.read_text())[modality][head], abs=2e-3)


def first_losses(rig: StageRig, ended: Ended) -> list[float]:
    lines = [json.loads(line) for line in content(rig, ended, "metrics.jsonl").splitlines()]
    return [line["loss"] for line in lines if "loss" in line][:FIRST_LOSSES]


@pytest.mark.parametrize("head", HEADS)
def test_cutpoints_are_published_and_followed_where_a_head_has_them(
    head: Head, rig: StageRig, ended: dict[tuple[str, str], Ended]
) -> None:
    cutpoints = json.loads(content(rig, ended["text", head], "cutpoints.json"))["cutpoints"]
    lines = [json.loads(line) for line in content(rig, ended["text", head], "metrics.jsonl").splitlines()]
    followed = [line["cutpoints"] for line in lines if line.get("cutpoints")]
    if head not in ("cumulative-link", "coral"):
        assert (cutpoints, followed) == ([], [])
        return
    assert len(followed) == len(lines) > 3, "one a logged step, more than one an epoch"
    assert followed[-1] == pytest.approx(cutpoints, abs=1e-6)
    assert len({len(each) for each in (cutpoints, *followed)}) == 1 and len(cutpoints) == 4
    assert cutpoints == sorted(cutpoints) or head == "coral"


def test_a_picture_model_is_published_as_a_stock_one_with_its_preprocessor(
    rig: StageRig, ended: dict[tuple[str, str], Ended], tmp_path: Path
) -> None:
    trained = ended["image", "corn"]
    assert trained.manifest is not None
    for output in trained.manifest["outputs"]:
        if output["name"].startswith("model/"):
            (tmp_path / output["name"].removeprefix("model/")).write_bytes(content(rig, trained, output["name"]))
    model = AutoModelForImageClassification.from_pretrained(tmp_path, local_files_only=True).eval()
    rules = read_picture_rules(tmp_path / PREPROCESSOR)
    test = pl.read_parquet(rig.folder / "prepared/image-ordinal/test.parquet")
    pixels = torch.stack([torch.from_numpy(rules.pixels(image)) for image in test["image"].to_list()])
    with torch.no_grad():
        logits = model(pixel_values=pixels).logits.numpy()
    predictions = pl.read_parquet(io.BytesIO(content(rig, trained, "predictions.parquet")))
    assert predictions["predicted"].to_list() == predicted_class(logits, "corn").tolist()
    assert predictions["expected_score"].to_list() == pytest.approx(expected_score(logits, "corn").tolist(), abs=1e-4)


def test_the_same_spec_gives_the_same_bytes(of_pictures: AnExperiment, ended: dict[tuple[str, str], Ended]) -> None:
    again = of_pictures(SHORT | {"head": "coral"})().work(STAGE)
    assert again.summary["modelSha256"] == ended["image", "coral"].summary["modelSha256"]


def test_balanced_weights_and_layerwise_rates_change_the_model_and_still_learn(
    of_pictures: AnExperiment, ended: dict[tuple[str, str], Ended]
) -> None:
    changed = of_pictures(SHORT | {"classWeights": "balanced", "layerwiseDecay": 0.7})().work(STAGE)
    assert changed.summary["mae"] < 0.85 * changed.summary["baselineMae"]
    assert changed.summary["modelSha256"] != ended["image", "cumulative-link"].summary["modelSha256"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="a host without a GPU is what this is about")
def test_float16_is_refused_where_there_is_no_gpu(of_pictures: AnExperiment) -> None:
    refused = of_pictures(SHORT | {"precision": "float16"})().work(STAGE)
    assert refused.exit_code == 64
    assert refused.error["where"] == "train.precision"
