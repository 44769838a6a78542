import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError
from containers.optimization.conftest import CUTPOINTS, Trained
from containers.stage_rig import Ended, StageRig, merge
from spotforge_optimization.bundle_folder import read_bundle
from spotforge_optimization.folded_head import cutpoints_of
from spotforge_optimization.onnx_contract import load_structure
from spotforge_optimization.score import Scorer, main
from spotforge_runtime.errors import InvalidInput

FILES = {"fp32/model.onnx", "int8/model.onnx", "tokenizer.json", "parity/inputs.npz", "parity/expected.npz"}


@pytest.fixture
def downloaded(rig: StageRig, bundled: Ended, tmp_path: Path) -> Path:
    for output in bundled.manifest["outputs"] if bundled.manifest else []:
        rig.storage.download(output["bucket"], output["key"], tmp_path / output["name"])
    return tmp_path


def test_a_bundle_holds_every_file_and_its_document_is_written_last(bundled: Ended) -> None:
    assert bundled.exit_code == 0, bundled.result
    assert bundled.manifest is not None
    names = [output["name"] for output in bundled.manifest["outputs"]]
    assert set(names[:-1]) == FILES and names[-1] == "bundle.json"
    assert {output["bucket"] for output in bundled.manifest["outputs"]} == {"rig-releases"}
    assert bundled.summary["bundleUri"] == "s3://rig-releases/bundles/acme/tiny-model/1/"
    assert bundled.summary["bytes"] == sum(output["bytes"] for output in bundled.manifest["outputs"])


def test_a_downloaded_bundle_verifies_and_says_how_to_read_its_logits(downloaded: Path, bundled: Ended) -> None:
    bundle = read_bundle(downloaded)
    assert bundle.bundle_sha256 == bundled.summary["bundleSha256"]
    assert bundle.cutpoints == pytest.approx(CUTPOINTS)
    assert [(label.name, label.value) for label in bundle.labels][:2] == [("-2", -2.0), ("-1", -1.0)]
    assert [tensor.axes for tensor in bundle.outputs] == [["batch_size", "4"]]
    assert bundle.tokenizer is not None and (bundle.tokenizer.max_length, bundle.tokenizer.pad_id) == (32, 0)
    assert bundle.image is None and bundle.decode.logits == "sigmoid(logit[k]) = P(y > k), k = 0 … K-2"
    assert bundle.parity.rows == 64 and bundle.models.int8 is not None and bundle.models.int8.gate.passed


def test_a_bundle_prefers_what_benchmark_preferred(downloaded: Path, benchmarked: Ended, bundled: Ended) -> None:
    assert read_bundle(downloaded).preferred == benchmarked.summary["preferred"] == bundled.summary["preferred"]


def test_where_int8_failed_its_gate_the_bundle_carries_fp32_alone(
    rig: StageRig, trained: Trained, bundle_inputs: dict[str, str | Ended], exported: Ended, quantized: Ended, tmp_path: Path
) -> None:
    spec = merge(trained.spec, {"gates": {"int8": {"maxMeanScoreDelta": 0.0}}})
    inputs = trained.then(export=exported, quantize=quantized)
    lost = rig.a_stage("benchmark", spec=spec, inputs=inputs, attempt=16).work("spotforge_optimization.benchmark_run")
    stage = rig.a_stage(
        "bundle", spec=spec, inputs={**bundle_inputs, "benchmark": lost}, attempt=16, variables={"MODEL_VERSION": "80"}
    )
    ended = stage.work("spotforge_optimization.bundle_run")
    assert ended.manifest is not None and ended.summary["preferred"] == "fp32"
    for output in ended.manifest["outputs"]:
        rig.storage.download(output["bucket"], output["key"], tmp_path / output["name"])
    bundle = read_bundle(tmp_path)
    assert bundle.models.int8 is None and {item.path for item in bundle.files} == FILES - {"int8/model.onnx"}
    assert Scorer(tmp_path).model == "fp32"
    code, _, errors = score(["--bundle", str(tmp_path), "--model", "int8"], "good\n")
    assert code == 64 and "carries no int8 model" in errors


def test_a_repeated_attempt_finds_the_same_bytes_and_continues(
    rig: StageRig, trained: Trained, bundle_inputs: dict[str, str | Ended], bundled: Ended
) -> None:
    again = rig.a_stage("bundle", spec=trained.spec, inputs=bundle_inputs, attempt=2).work("spotforge_optimization.bundle_run")
    assert again.exit_code == 0, again.result
    assert again.summary == bundled.summary


def test_a_version_that_holds_something_else_is_never_overwritten(
    rig: StageRig, trained: Trained, bundle_inputs: dict[str, str | Ended]
) -> None:
    rig.s3.put_object(Bucket="rig-releases", Key="bundles/acme/tiny-model/77/tokenizer.json", Body=b"{}")
    attempt = rig.a_stage("bundle", spec=trained.spec, inputs=bundle_inputs, attempt=3, variables={"MODEL_VERSION": "77"})
    ended = attempt.work("spotforge_optimization.bundle_run")
    assert ended.error["name"] == "Stage.ContractBroken"
    assert rig.read("s3://rig-releases/bundles/acme/tiny-model/77/tokenizer.json") == b"{}"
    assert rig.read("s3://rig-releases/bundles/acme/tiny-model/77/bundle.json") is None


def test_a_model_that_no_longer_answers_as_recorded_is_not_released(
    rig: StageRig, trained: Trained, bundle_inputs: dict[str, str | Ended], compared: Ended, tmp_path: Path
) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, logits=np.full((64, 4), 0.5, dtype=np.float32))
    inputs_npz = compared.output("inputs.npz")
    arrays = rig.read(f"s3://{inputs_npz['bucket']}/{inputs_npz['key']}") or b""
    parity = rig.earlier_stage(
        "parity",
        spec=trained.spec,
        outputs={"inputs.npz": arrays, "expected.npz": buffer.getvalue()},
        summary=compared.summary,
        attempt=4,
    )
    inputs = {**bundle_inputs, "parity": parity}
    attempt = rig.a_stage("bundle", spec=trained.spec, inputs=inputs, attempt=4, variables={"MODEL_VERSION": "78"})
    ended = attempt.work("spotforge_optimization.bundle_run")
    assert ended.error["name"] == "Stage.ContractBroken" and "differs from the recorded logits" in ended.error["message"]
    assert rig.read("s3://rig-releases/bundles/acme/tiny-model/78/bundle.json") is None


def test_a_bundle_needs_a_model_version(rig: StageRig, trained: Trained, bundle_inputs: dict[str, str | Ended]) -> None:
    attempt = rig.a_stage("bundle", spec=trained.spec, inputs=bundle_inputs, attempt=5, variables={"MODEL_VERSION": ""})
    ended = attempt.work("spotforge_optimization.bundle_run")
    assert ended.error["name"] == "Stage.ContractBroken" and "MODEL_VERSION" in ended.error["message"]


def test_the_cutpoints_are_read_from_the_folded_bias(onnx_file: Path) -> None:
    assert cutpoints_of(load_structure(onnx_file)) == pytest.approx(CUTPOINTS)


def test_cutpoints_that_do_not_ascend_are_refused(onnx_file: Path) -> None:
    from onnx import numpy_helper

    model = load_structure(onnx_file)
    bias = next(item for item in model.graph.initializer if item.name.endswith("classifier.bias"))
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias)[::-1].copy(), bias.name))
    with pytest.raises(ValueError, match="do not ascend"):
        cutpoints_of(model)


def test_an_output_that_no_linear_layer_makes_has_no_cutpoints(onnx_file: Path) -> None:
    model = load_structure(onnx_file)
    model.graph.output[0].name = "nothing"
    with pytest.raises(ValueError, match="made by nothing"):
        cutpoints_of(model)


def score(arguments: list[str], texts: str) -> tuple[int, str, str]:
    sink, errors = io.StringIO(), io.StringIO()
    return main(arguments, io.StringIO(texts), sink, errors), sink.getvalue(), errors.getvalue()


def test_texts_are_scored_out_of_the_downloaded_bundle_without_torch(downloaded: Path) -> None:
    code, out, _ = score(["--bundle", str(downloaded), "--model", "int8", "--json"], "the film was great\n\na dreadful scene\n")
    document: dict[str, Any] = json.loads(out)
    assert code == 0 and document["model"] == "int8"
    first, second = document["scores"]
    assert (first["text"], second["text"]) == ("the film was great", "a dreadful scene")
    assert sum(first["probabilities"]) == pytest.approx(1) and len(first["probabilities"]) == 5
    assert first["name"] == f"{first['value']:g}" == ["-2", "-1", "0", "1", "2"][first["index"]]
    assert first["expectedScore"] == pytest.approx(sum(i * p for i, p in enumerate(first["probabilities"])))
    assert first["expectedValue"] == pytest.approx(first["expectedScore"] - 2)


def test_the_preferred_model_answers_when_none_is_named_in_one_line_a_text(downloaded: Path) -> None:
    assert Scorer(downloaded).model == read_bundle(downloaded).preferred
    assert Scorer(downloaded, "fp32").score([]) == []
    code, out, _ = score(["--bundle", str(downloaded)], "good\nbad\n")
    assert code == 0 and [line.split()[-1] for line in out.splitlines()] == ["good", "bad"]


@pytest.mark.parametrize("path", sorted(FILES))
def test_a_changed_file_is_named_and_nothing_is_scored(downloaded: Path, path: str) -> None:
    content = bytearray((downloaded / path).read_bytes())
    content[len(content) // 2] ^= 1
    (downloaded / path).write_bytes(content)
    code, out, errors = score(["--bundle", str(downloaded), "--json"], "good\n")
    assert (code, out) == (64, "")
    assert path in errors and "SHA-256" in errors


def test_a_missing_file_a_missing_document_and_another_tree_hash_are_each_named(downloaded: Path) -> None:
    document = json.loads((downloaded / "bundle.json").read_text())
    (downloaded / "bundle.json").write_text(json.dumps(document | {"bundleSha256": "0" * 64}))
    with pytest.raises(InvalidInput, match="tree hash"):
        read_bundle(downloaded)
    (downloaded / "tokenizer.json").unlink()
    with pytest.raises(InvalidInput, match=r"lists tokenizer\.json, which is not there"):
        read_bundle(downloaded)
    (downloaded / "bundle.json").unlink()
    with pytest.raises(InvalidInput, match="without it does not exist"):
        read_bundle(downloaded)


def test_cutpoints_other_than_the_published_ones_stop_the_release(
    rig: StageRig, trained: Trained, bundle_inputs: dict[str, str | Ended]
) -> None:
    train = rig.earlier_stage(
        "train",
        spec=trained.spec,
        outputs={
            **{f"model/{path.name}": path for path in trained.folder.iterdir()},
            "cutpoints.json": json.dumps({"schemaVersion": 1, "cutpoints": [-1.5, -0.4, 0.5, 1.7]}).encode(),
        },
        summary={},
        attempt=6,
    )
    inputs = {**bundle_inputs, "train": train}
    attempt = rig.a_stage("bundle", spec=trained.spec, inputs=inputs, attempt=6, variables={"MODEL_VERSION": "79"})
    ended = attempt.work("spotforge_optimization.bundle_run")
    assert ended.error["name"] == "Stage.ContractBroken" and "training published" in ended.error["message"]


def test_every_object_of_a_release_is_locked_where_the_deployment_locks_it(
    rig: StageRig, trained: Trained, bundle_inputs: dict[str, str | Ended]
) -> None:
    bucket = "rig-releases-locked"
    rig.s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    rig.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    variables = {"RELEASES_BUCKET": bucket, "RETENTION_DAYS": "365"}
    attempt = rig.a_stage("bundle", spec=trained.spec, inputs=bundle_inputs, attempt=9, variables=variables)
    ended = attempt.work("spotforge_optimization.bundle_run")
    assert ended.exit_code == 0, ended.result

    released = rig.storage.list(bucket, "bundles/")
    assert len(released) == len(FILES) + 1
    for item in released:
        head = rig.s3.head_object(Bucket=bucket, Key=item.key)
        assert head["ObjectLockMode"] == "GOVERNANCE", item.key
        with pytest.raises(ClientError, match="AccessDenied"):
            rig.s3.delete_object(Bucket=bucket, Key=item.key, VersionId=head["VersionId"])
