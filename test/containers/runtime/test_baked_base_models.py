"""A base model that was built into the image is used; any other comes from S3."""

from __future__ import annotations

from pathlib import Path

import pytest
from containers.stage_rig import BUCKETS, StageRig, a_spec
from spotforge_runtime.contracts import names
from spotforge_runtime.contracts.models import StoredObject
from spotforge_runtime.inputs import StageInputs
from spotforge_runtime.storage import ObjectMissing
from spotforge_runtime.tree_hash import tree_hash_of_folder

DATASETS = BUCKETS[names.ENV_DATASETS_BUCKET]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The folder as the image has it, with one model under its tree hash."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "config.json").write_text('{"model_type": "bert"}')
    (source / "model.safetensors").write_bytes(b"weights")
    baked = tmp_path / "baked"
    baked.mkdir()
    source.rename(baked / tree_hash_of_folder(source))
    return baked


def inputs_after_ingest(rig: StageRig, baked: Path, tmp_path: Path, *, stored: dict[str, bytes]) -> StageInputs:
    """What `train` gets after an ingest whose manifest names `stored` below the one model of the image."""
    spec = a_spec()
    sha256 = next(baked.iterdir()).name
    ingest = rig.a_stage("ingest", spec=spec)
    context = ingest.context()
    for path, content in stored.items():
        key = f"base-models/{sha256}/{path}"
        bytes_, digest = rig.storage.put(content, DATASETS, key, once=False)
        context.outputs.refer(
            StoredObject(name=f"base-model/{path}", bucket=DATASETS, key=key, bytes=bytes_, sha256=digest),
        )
    manifest = rig.manifest_of(ingest, context)
    return StageInputs(rig.storage, {"ingest": manifest}, spec["experimentId"], tmp_path / "scratch", baked=baked)


def forget(rig: StageRig, inputs: StageInputs) -> None:
    """Empties the bucket below the model: what is found from now on did not come from there."""
    for output in inputs.manifest("ingest").outputs:
        rig.storage.delete(output.bucket, output.key)


def test_a_model_in_the_image_is_not_fetched(rig: StageRig, image: Path, tmp_path: Path) -> None:
    stored = {"config.json": b'{"model_type": "bert"}', "model.safetensors": b"weights"}
    inputs = inputs_after_ingest(rig, image, tmp_path, stored=stored)
    forget(rig, inputs)
    folder = inputs.download_folder("ingest", "base-model/")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == stored


def test_a_file_in_the_image_of_another_content_is_fetched_instead(rig: StageRig, image: Path, tmp_path: Path) -> None:
    inputs = inputs_after_ingest(rig, image, tmp_path, stored={"model.safetensors": b"WEIGHTS"})
    assert inputs.download("ingest", "base-model/model.safetensors").read_bytes() == b"WEIGHTS"
    forget(rig, inputs)
    with pytest.raises(ObjectMissing):
        inputs.download("ingest", "base-model/model.safetensors")


def test_a_model_that_the_image_does_not_have_is_fetched(rig: StageRig, image: Path, tmp_path: Path) -> None:
    inputs = inputs_after_ingest(rig, image, tmp_path, stored={"tokenizer.json": b"{}"})
    assert inputs.download("ingest", "base-model/tokenizer.json").read_bytes() == b"{}"
