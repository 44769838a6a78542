"""Ingest: what was named is what is stored, once, and nothing that can run comes along."""

from __future__ import annotations

import json
import shutil
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from containers.stage_rig import TENANT, Ended, StageRig, a_spec, an_id
from spotforge_data import sources as sources_module
from spotforge_data import versions
from spotforge_data.base_model_rules import check_content
from spotforge_data.dataset_store import store_of
from spotforge_data.ingest_work import work
from spotforge_data.sources import list_hub, list_source
from spotforge_runtime.contracts.models import DatasetVersion
from spotforge_runtime.errors import InvalidInput
from spotforge_runtime.tree_hash import tree_hash_of_folder

BUCKET = "rig-datasets"


@pytest.fixture(scope="module")
def uploads(rig: StageRig, tiny_dataset: Path, tiny_base_model: Path) -> dict[str, str]:
    return {"dataset": rig.an_upload(tiny_dataset), "base": rig.an_upload(tiny_base_model)}


def spec_of(uploads: Mapping[str, str], overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    from containers.stage_rig import merge

    sources = {"dataset": {"source": uploads["dataset"]}, "model": {"base": uploads["base"]}}
    return a_spec(merge(sources, overrides or {}))


def ingest(rig: StageRig, spec: dict[str, Any]) -> Ended:
    return rig.a_stage("ingest", spec=spec).work(work)


def a_new_dataset(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "data.csv").write_text(f"text,label,group\n{an_id()},1,a\n")
    return folder


def test_the_job_stores_both_versions_under_their_hashes_with_their_documents_last(
    rig: StageRig, uploads: dict[str, str], tiny_dataset: Path, tiny_base_model: Path
) -> None:
    sha256, base_sha256 = tree_hash_of_folder(tiny_dataset), tree_hash_of_folder(tiny_base_model)
    pins = {"pins": {"datasetSha256": sha256, "baseModelSha256": base_sha256}, "dataset": {"sha256": sha256}}
    attempt = rig.a_stage("ingest", spec=spec_of(uploads, pins))
    ended = attempt.process("spotforge_data.ingest")

    assert ended.exit_code == 0, ended.log
    prefix = f"raw/{TENANT}/tiny-ratings/{sha256[:16]}/"
    assert ended.summary == {
        "datasetUri": f"s3://{BUCKET}/{prefix}",
        "datasetVersion": sha256[:16],
        "datasetSha256": sha256,
        "datasetBytes": (tiny_dataset / "data.csv").stat().st_size,
        "baseModelUri": f"s3://{BUCKET}/base-models/{base_sha256}/",
        "baseModelSha256": base_sha256,
    }
    assert ended.output("dataset/data.csv")["key"] == prefix + "data.csv"
    assert rig.read(f"s3://{BUCKET}/{prefix}data.csv") == (tiny_dataset / "data.csv").read_bytes()
    for kind, uri in (("raw", ended.summary["datasetUri"]), ("base-model", ended.summary["baseModelUri"])):
        document = DatasetVersion.model_validate_json(rig.read(f"{uri}dataset.json") or b"")
        assert (document.kind, document.sha256) == (kind, sha256 if kind == "raw" else base_sha256)
    progress = attempt.document("progress.json")
    assert progress is not None and progress["step"] == progress["totalSteps"] > 0


def test_an_identical_version_is_reused_and_not_written_again(rig: StageRig, uploads: dict[str, str], tmp_path: Path) -> None:
    source = rig.an_upload(a_new_dataset(tmp_path / "d"))
    first = ingest(rig, spec_of(uploads, {"dataset": {"source": source}}))
    key = first.output("dataset/data.csv")["key"]
    written = rig.s3.head_object(Bucket=BUCKET, Key=key)["LastModified"]
    document = rig.read(first.summary["datasetUri"] + "dataset.json")
    second = ingest(rig, spec_of(uploads, {"dataset": {"source": source}}))

    assert second.summary == first.summary
    assert rig.s3.head_object(Bucket=BUCKET, Key=key)["LastModified"] == written
    assert rig.read(first.summary["datasetUri"] + "dataset.json") == document
    assert second.progress[-1]["message"].startswith(f"dataset {first.summary['datasetVersion']} reused; base model ")


def test_a_version_whose_writer_died_before_its_document_is_completed(
    rig: StageRig, uploads: dict[str, str], tmp_path: Path
) -> None:
    source = rig.an_upload(a_new_dataset(tmp_path / "d"))
    first = ingest(rig, spec_of(uploads, {"dataset": {"source": source}}))
    rig.s3.delete_object(Bucket=BUCKET, Key=first.output("dataset/data.csv")["key"].replace("data.csv", "dataset.json"))
    second = ingest(rig, spec_of(uploads, {"dataset": {"source": source}}))
    assert second.summary == first.summary
    assert rig.read(first.summary["datasetUri"] + "dataset.json") is not None


def test_a_stored_version_that_was_tampered_with_is_not_used(rig: StageRig, uploads: dict[str, str], tmp_path: Path) -> None:
    source = rig.an_upload(a_new_dataset(tmp_path / "d"))
    first = ingest(rig, spec_of(uploads, {"dataset": {"source": source}}))
    rig.s3.put_object(Bucket=BUCKET, Key=first.output("dataset/data.csv")["key"], Body=b"text,label,group\n")
    second = ingest(rig, spec_of(uploads, {"dataset": {"source": source}}))
    assert second.error["name"] == "Stage.ContractBroken"
    assert "data.csv" in second.error["message"]


def test_a_document_that_was_tampered_with_is_not_believed(rig: StageRig, uploads: dict[str, str], tmp_path: Path) -> None:
    source = rig.an_upload(a_new_dataset(tmp_path / "d"))
    first = ingest(rig, spec_of(uploads, {"dataset": {"source": source}}))
    key = first.output("dataset/data.csv")["key"].replace("data.csv", "dataset.json")
    rig.s3.put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    second = ingest(rig, spec_of(uploads, {"dataset": {"source": source}}))
    assert "document is not valid" in second.error["message"]


def test_two_that_store_the_same_version_at_once_both_succeed(
    rig: StageRig, uploads: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = rig.an_upload(a_new_dataset(tmp_path / "d"))
    first = ingest(rig, spec_of(uploads, {"dataset": {"source": source}}))
    read, reads = versions._read_document, []

    def too_early(*arguments: Any) -> Any:
        reads.append(arguments)
        return None if len(reads) == 1 else read(*arguments)

    monkeypatch.setattr(versions, "_read_document", too_early)
    second = ingest(rig, spec_of(uploads, {"dataset": {"source": source}}))
    assert second.summary == first.summary
    assert len(reads) == 3  # the dataset's before and after, the base model's before


def test_a_source_that_is_taken_away_while_it_is_read_is_the_users_to_correct(
    rig: StageRig, uploads: dict[str, str], tmp_path: Path
) -> None:
    at = rig.a_stage("ingest", spec=spec_of(uploads, {"dataset": {"source": rig.an_upload(a_new_dataset(tmp_path / "d"))}}))
    context = at.context()
    file = list_source(store_of(context), at.spec["dataset"]["source"], "dataset.source")[0]
    prefix = f"uploads/{TENANT}/{at.spec['dataset']['source'].partition(':')[2]}/"
    rig.s3.delete_object(Bucket=BUCKET, Key=prefix + file.path)
    with pytest.raises(InvalidInput, match="cannot be read"):
        list(file.content())


@pytest.mark.parametrize(
    ("overrides", "where"),
    [
        ({"dataset": {"sha256": "a" * 64}}, "dataset.sha256"),
        ({"pins": {"datasetSha256": "a" * 64}}, "dataset.sha256"),
        ({"pins": {"baseModelSha256": "a" * 64}}, "model.base"),
    ],
)
def test_another_hash_than_the_named_one_is_refused_and_nothing_is_stored(
    rig: StageRig, uploads: dict[str, str], overrides: dict[str, Any], where: str, tmp_path: Path
) -> None:
    folder = a_new_dataset(tmp_path / "d")
    spec = spec_of(uploads, {**overrides, "dataset": {"source": rig.an_upload(folder), **overrides.get("dataset", {})}})
    ended = ingest(rig, spec)

    assert (ended.exit_code, ended.error["where"]) == (64, where)
    assert f"expected tree hash {'a' * 64}, found " in ended.error["message"]
    version = tree_hash_of_folder(folder)[:16]
    assert rig.storage.list(BUCKET, f"raw/{TENANT}/tiny-ratings/{version}/") == []


def test_files_that_can_run_are_left_behind_and_reported(
    rig: StageRig, uploads: dict[str, str], tiny_base_model: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_base_model, tmp_path / "base")
    for name in ("pytorch_model.bin", "modeling.py", "optimizer.pt", "x.pkl"):
        (folder / name).write_bytes(b"import os")
    whole = tree_hash_of_folder(folder)
    ended = ingest(rig, spec_of(uploads, {"model": {"base": rig.an_upload(folder)}, "pins": {"baseModelSha256": whole}}))

    assert ended.manifest is not None
    names = [output["name"] for output in ended.manifest["outputs"] if output["name"].startswith("base-model/")]
    assert sorted(names) == sorted(f"base-model/{path.name}" for path in tiny_base_model.iterdir())
    assert ended.summary["baseModelSha256"] == tree_hash_of_folder(tiny_base_model)
    last = ended.progress[-1]
    assert last["message"].endswith(
        "left behind, not safetensors or not data: modeling.py, optimizer.pt, pytorch_model.bin, x.pkl"
    )
    assert last["step"] == last["totalSteps"]


@pytest.mark.parametrize(
    ("missing", "says"),
    [("config.json", "config.json"), ("tokenizer.json", "tokenizer.json"), ("model.safetensors", "a .safetensors file")],
)
def test_a_base_model_that_lacks_something_is_refused_before_it_is_read(
    rig: StageRig, uploads: dict[str, str], tiny_base_model: Path, missing: str, says: str
) -> None:
    source = rig.an_upload(tiny_base_model, only=lambda path: path.name != missing)
    ended = ingest(rig, spec_of(uploads, {"model": {"base": source}}))
    assert ended.error["name"] == "Stage.InvalidInput"
    assert f"The base model lacks {says}; it has " in ended.error["message"]


def test_a_base_model_for_images_needs_its_image_processor_and_no_tokenizer(
    rig: StageRig, uploads: dict[str, str], tiny_base_model: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_base_model, tmp_path / "base")
    (folder / "tokenizer.json").unlink()
    task = {"task": "image-ordinal", "model": {"base": rig.an_upload(folder)}}
    ended = ingest(rig, spec_of(uploads, task))
    assert "The base model lacks preprocessor_config.json; it has " in ended.error["message"]
    assert ended.error["remedy"].endswith("its image processor.")

    (folder / "preprocessor_config.json").write_text('{"size": 8}')
    ended = ingest(rig, spec_of(uploads, {**task, "model": {"base": rig.an_upload(folder)}}))
    assert ended.summary["baseModelSha256"] == tree_hash_of_folder(folder)


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("config.json", b"{", "config.json is not JSON"),
        ("config.json", b"{}", "names no model_type"),
        ("tokenizer.json", b"[]", "tokenizer.json is not a JSON object"),
        ("model.safetensors", b"", "not a whole safetensors file"),
        ("model.safetensors", b"\x10" + b"\0" * 7 + b"{}", "not a whole safetensors file"),
        ("model.safetensors", b"\x02" + b"\0" * 7 + b"{}", "not a whole safetensors file"),
        ("model.safetensors", None, "not a whole safetensors file"),
    ],
)
def test_a_base_model_that_cannot_be_read_is_refused(
    tiny_base_model: Path, tmp_path: Path, file: str, content: bytes | None, says: str
) -> None:
    folder = shutil.copytree(tiny_base_model, tmp_path / "base")
    whole = (folder / file).read_bytes()
    (folder / file).write_bytes(whole[:-4] if content is None else content)
    with pytest.raises(InvalidInput, match=says):
        check_content({path.name: path for path in folder.iterdir()}, "model.base")


def test_a_folder_and_a_single_object_in_s3_are_sources_too(rig: StageRig, uploads: dict[str, str], tiny_dataset: Path) -> None:
    prefix = an_id("folder")
    rig.storage.upload(tiny_dataset / "data.csv", BUCKET, f"{prefix}/data.csv")
    rig.s3.put_object(Bucket=BUCKET, Key=f"{prefix}/empty/", Body=b"")
    sha256 = tree_hash_of_folder(tiny_dataset)
    for uri in (f"s3://{BUCKET}/{prefix}", f"s3://{BUCKET}/{prefix}/", f"s3://{BUCKET}/{prefix}/data.csv"):
        ended = ingest(rig, spec_of(uploads, {"dataset": {"source": uri}}))
        assert ended.summary["datasetSha256"] == sha256


@pytest.mark.parametrize("source", [f"s3://{BUCKET}/nothing/here", "s3://no-such-bucket/x/", f"upload:upl_{'0' * 26}"])
def test_a_source_that_is_not_there_is_the_users_to_correct(rig: StageRig, uploads: dict[str, str], source: str) -> None:
    ended = ingest(rig, spec_of(uploads, {"dataset": {"source": source}}))
    assert (ended.exit_code, ended.error["where"]) == (64, "dataset.source")
    assert source in ended.error["message"]


def test_a_path_that_cannot_be_stored_is_named(rig: StageRig, uploads: dict[str, str]) -> None:
    prefix = an_id("folder")
    rig.s3.put_object(Bucket=BUCKET, Key=f"{prefix}/bäd.csv", Body=b"x")
    ended = ingest(rig, spec_of(uploads, {"dataset": {"source": f"s3://{BUCKET}/{prefix}/"}}))
    assert "'bäd.csv'" in ended.error["message"]


class HubError(Exception):
    """Like huggingface_hub's."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tiny_base_model: Path) -> list[dict[str, Any]]:
    """A hub with one model; keeps what it was asked."""
    asked: list[dict[str, Any]] = []

    def snapshot_download(repository: str, *, local_dir: Path, **arguments: Any) -> None:
        asked.append({"repository": repository, **arguments})
        if repository != "someone/model":
            raise HubError("404 Not Found")
        shutil.copytree(tiny_base_model, local_dir, dirs_exist_ok=True)
        (local_dir / ".cache").mkdir()
        (local_dir / ".cache" / "meta.json").write_text("{}")

    module: Any = types.ModuleType("huggingface_hub")
    module.snapshot_download = snapshot_download
    errors: Any = types.ModuleType("huggingface_hub.errors")
    errors.HfHubHTTPError = HubError
    monkeypatch.setitem(sys.modules, "huggingface_hub", module)
    monkeypatch.setitem(sys.modules, "huggingface_hub.errors", errors)
    return asked


def test_a_hub_model_is_taken_at_its_commit_without_code(
    rig: StageRig, uploads: dict[str, str], hub: list[dict[str, Any]], tiny_base_model: Path
) -> None:
    commit = "b" * 40
    ended = ingest(rig, spec_of(uploads, {"model": {"base": f"hf:someone/model@{commit}"}}))
    assert ended.summary["baseModelSha256"] == tree_hash_of_folder(tiny_base_model)
    assert hub[0]["revision"] == commit
    assert not any(pattern.endswith((".py", ".bin", "*")) and "LICENSE" not in pattern for pattern in hub[0]["allow_patterns"])


def test_a_hub_that_refuses_is_told_to_the_user(hub: list[dict[str, Any]], tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"hf:nobody/model@1 cannot be read. The hub answered: 404"):
        list_hub("nobody/model@1", tmp_path / "hub", "model.base")


def test_the_path_rule_is_the_contracts_one() -> None:
    schema = json.loads((Path(__file__).parents[3] / "contracts" / "dataset-version.schema.json").read_text())
    assert f"^{sources_module.PATH_RULE.pattern}$" in json.dumps(schema).replace("\\\\", "\\").replace("\\/", "/")


def test_raw_data_is_locked_where_the_deployment_locks_it_and_nothing_else_is(
    rig: StageRig, uploads: dict[str, str], tmp_path: Path, tiny_base_model: Path
) -> None:
    bucket = "rig-datasets-locked"
    rig.s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    rig.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    spec = spec_of(uploads)
    for source in (spec["dataset"]["source"], spec["model"]["base"]):
        prefix = f"uploads/{TENANT}/{source.removeprefix('upload:')}/"
        for item in rig.storage.list(BUCKET, prefix):
            rig.s3.copy_object(Bucket=bucket, Key=item.key, CopySource={"Bucket": BUCKET, "Key": item.key})
    variables = {"DATASETS_BUCKET": bucket, "RETENTION_DAYS": "30"}
    ended = rig.a_stage("ingest", spec=spec, variables=variables).work(work)
    assert ended.exit_code == 0, ended.result

    locked = {
        item.key.split("/")[0]: "ObjectLockMode" in rig.s3.head_object(Bucket=bucket, Key=item.key)
        for item in rig.storage.list(bucket, "")
    }
    assert locked == {"raw": True, "uploads": False, "base-models": False}
    document = ended.summary["datasetUri"].removeprefix(f"s3://{bucket}/") + "dataset.json"
    assert rig.s3.head_object(Bucket=bucket, Key=document)["ObjectLockMode"] == "GOVERNANCE"


def test_a_stored_version_is_read_as_its_document_says_and_reused(
    rig: StageRig, uploads: dict[str, str], tiny_dataset: Path
) -> None:
    first = ingest(rig, spec_of(uploads)).summary
    stored = {"dataset": {"source": first["datasetUri"], "sha256": first["datasetSha256"], "version": first["datasetVersion"]}}
    assert ingest(rig, spec_of(uploads, stored)).summary == first

    missing = {"dataset": {"source": f"s3://{BUCKET}/raw/{TENANT}/tiny-ratings/{'0' * 16}/"}}
    assert "no version of a dataset" in ingest(rig, spec_of(uploads, missing)).error["message"]
