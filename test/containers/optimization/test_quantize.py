import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from containers.optimization.conftest import Trained
from containers.stage_rig import Ended, StageRig
from spotforge_optimization.onnx_contract import load_structure
from spotforge_optimization.quantization import RECIPES, CalibrationBatches, nodes_to_quantize, quantize
from spotforge_optimization.weight_layers import find_weight_layers


def report_of(rig: StageRig, ended: Ended) -> dict[str, Any]:
    output = ended.output("quantize.json")
    document: dict[str, Any] = json.loads(rig.read(f"s3://{output['bucket']}/{output['key']}") or b"")
    return document


def test_the_weight_layers_of_an_encoder_are_found_without_knowing_its_names(onnx_file: Path) -> None:
    layers = find_weight_layers(load_structure(onnx_file))
    assert len(layers.body) == 2 * 6  # query, key, value, attention output, two of the feed-forward network, twice
    assert len(layers.contracting) == 2
    assert layers.early_contracting == layers.contracting[:1]
    assert len(layers.head) == 2  # pooler and classifier


def test_the_balanced_recipe_keeps_head_attention_products_and_early_contractions_in_float(
    rig: StageRig, quantized: Ended
) -> None:
    assert quantized.exit_code == 0, quantized.result
    report = report_of(rig, quantized)
    assert report["quantizedOperators"] == {"MatMul": 11}
    assert quantized.summary["quantizedOperators"] == 11
    assert len(report["keptInFloat"]) == 3
    assert report["recipe"]["name"] == quantized.summary["recipe"] == "balanced"


def test_the_quantised_model_is_smaller_and_close_to_the_float_one_on_validation(rig: StageRig, quantized: Ended) -> None:
    assert quantized.summary["calibrationRows"] == 100
    assert quantized.summary["bytes"] == quantized.output("int8/model.onnx")["bytes"]
    assert 0 < quantized.summary["validationMeanAbsScoreDelta"] <= 0.02
    assert report_of(rig, quantized)["validation"]["rows"] == 160


def test_the_int8_file_lies_below_models_onnx_of_its_attempt(quantized: Ended, trained: Trained) -> None:
    assert quantized.output("int8/model.onnx")["key"] == f"models/onnx/{trained.spec['experimentId']}/int8/r1-1/model.onnx"


def test_all_operators_quantises_more_kinds_of_them_and_loses_more(
    rig: StageRig, trained: Trained, exported: Ended, quantized: Ended
) -> None:
    spec = trained.spec | {"quantize": {"recipe": "all-operators", "calibrationRows": 100}}
    everything = rig.a_stage("quantize", spec=spec, inputs=trained.then(export=exported), attempt=2)
    ended = everything.work("spotforge_optimization.quantize_run")
    assert {"MatMul", "Add", "Softmax"} <= set(report_of(rig, ended)["quantizedOperators"])
    assert ended.summary["validationMeanAbsScoreDelta"] > 2 * quantized.summary["validationMeanAbsScoreDelta"]


def test_too_few_calibration_rows_are_refused(rig: StageRig, trained: Trained, exported: Ended, tmp_path: Path) -> None:
    few = tmp_path / "few.parquet"
    pl.DataFrame({"text": ["good"] * 99, "label": [1] * 99, "group": ["g"] * 99, "row": range(99)}).write_parquet(few)
    prepare = rig.earlier_stage(
        "prepare", spec=trained.spec, outputs={"calibration.parquet": few, "validation.parquet": few}, summary={}, attempt=7
    )
    inputs = {**trained.then(export=exported), "prepare": prepare}
    ended = rig.a_stage("quantize", spec=trained.spec, inputs=inputs, attempt=7).work("spotforge_optimization.quantize_run")
    assert ended.exit_code == 64
    assert "at least 100 calibration rows, got 99" in ended.error["message"]


def test_a_graph_without_weight_layers_is_refused(tmp_path: Path) -> None:
    from onnx import TensorProto, helper, save

    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4]) for name in ("x", "logits")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["logits"], "relu")], "g", values[:1], values[1:])
    save(helper.make_model(graph), str(tmp_path / "m.onnx"))
    with pytest.raises(ValueError, match="nothing to quantise"):
        quantize(tmp_path / "m.onnx", tmp_path / "q.onnx", RECIPES["balanced"], no_batches())


def no_batches() -> CalibrationBatches:
    from spotforge_optimization.encoding import EncodedTexts

    return CalibrationBatches(EncodedTexts([], [], 0), [], (), lambda _done: None)


def test_a_transposed_gemm_counts_its_rows_as_outputs() -> None:
    from onnx import TensorProto, helper, numpy_helper

    weights = [
        numpy_helper.from_array(np.zeros((8, 4), dtype=np.float32), "up"),
        numpy_helper.from_array(np.zeros((8, 4), dtype=np.float32), "down"),
    ]
    nodes = [
        helper.make_node("Gemm", ["x", "up"], ["h"], "expand", transB=1),
        helper.make_node("MatMul", ["h", "down"], ["logits"], "contract"),
    ]
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4]) for name in ("x", "logits")]
    layers = find_weight_layers(helper.make_model(helper.make_graph(nodes, "g", value[:1], value[1:], weights)))
    assert (layers.body, layers.contracting, layers.head) == (("expand", "contract"), ("contract",), ())


def test_all_operators_leaves_the_choice_of_nodes_to_the_library(onnx_file: Path) -> None:
    assert nodes_to_quantize(load_structure(onnx_file), RECIPES["all-operators"]) == ([], ())
