"""The parts that a static INT8 model is made with, on the exported tiny encoder."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from containers.optimization.conftest import Trained
from containers.tiny_data import rows
from hypothesis import given
from hypothesis import strategies as st
from spotforge_optimization.calibration import collect_ranges
from spotforge_optimization.candidate_models import CandidateModels, SearchRows
from spotforge_optimization.encoding import Batch, EncodedTexts, encode
from spotforge_optimization.onnx_contract import load_structure
from spotforge_optimization.onnx_session import open_model
from spotforge_optimization.sensitivity import SwitchedModel, choose_float_groups, sensitivities
from spotforge_optimization.smoothing import channel_maxima, smoothed
from spotforge_optimization.static_int8 import leave_in_float, quantize_layers, quantized_operators
from spotforge_optimization.stopwatch import Stopwatch
from spotforge_optimization.weight_layers import WeightLayer, find_weight_layers, group_layers
from spotforge_runtime.ordinal_decoding import mean_score_delta


@pytest.fixture(scope="module")
def texts(trained: Trained) -> EncodedTexts:
    lines = [row["text"] for row in rows(48, seed=3)]
    return encode(lines, trained.folder / "tokenizer.json", max_length=32, pad_id=0)


@pytest.fixture(scope="module")
def batches(texts: EncodedTexts) -> list[Batch]:
    return [texts.batch(range(start, start + 16)) for start in (0, 16, 32)]


@pytest.fixture(scope="module")
def fp32(onnx_file: Path) -> Any:
    return load_structure(onnx_file)


@pytest.fixture(scope="module")
def whole(onnx_file: Path, fp32: Any, batches: list[Batch], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All layers before the head quantised."""
    folder, layers = tmp_path_factory.mktemp("whole"), find_weight_layers(fp32).body
    ranges = collect_ranges(onnx_file, "minmax", [layer.reads for layer in layers], batches, folder / "ranges.json")
    return quantize_layers(onnx_file, [layer.name for layer in layers], ranges, "minmax", folder / "whole.onnx")


def answers(model: Any, batches: list[Batch]) -> Any:
    opened = open_model(model if isinstance(model, Path) else model.SerializeToString(), 1)
    return np.vstack([opened.logits(batch) for batch in batches])


def test_the_weight_layers_of_an_encoder_are_found_without_knowing_its_names(fp32: Any) -> None:
    layers = find_weight_layers(fp32)
    assert len(layers.body) == 2 * 6  # query, key, value, attention output, two of the feed-forward network, twice
    assert len(layers.head) == 2  # pooler and classifier


def test_layers_that_read_one_tensor_are_one_group_of_the_kind_that_its_shape_tells(fp32: Any) -> None:
    groups = group_layers(find_weight_layers(fp32).body, 24)
    assert [(group.kind, len(group.layers)) for group in groups] == 2 * [
        ("attention in", 3),
        ("attention out", 1),
        ("feed-forward in", 1),
        ("feed-forward out", 1),
    ]


@given(st.integers(1, 40), st.integers(4, 30))
def test_a_deep_encoder_has_no_more_groups_than_asked_and_loses_no_layer(depth: int, most: int) -> None:
    body = [
        WeightLayer(f"{layer}/{kind}", f"{layer}/{kind}/x", *shape)
        for layer in range(depth)
        for kind, shape in (("out", (8, 8)), ("ffn1", (8, 32)), ("ffn2", (32, 8)))
    ]
    groups = group_layers(body, most)
    assert len(groups) <= most
    assert sorted(name for group in groups for name in group.names) == sorted(layer.name for layer in body)


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
    assert [(layer.name, layer.entering, layer.leaving) for layer in layers.body] == [("expand", 4, 8), ("contract", 8, 4)]
    assert layers.head == () and layers.body[0].multiplications == 32


def test_only_the_layers_are_rounded_and_the_residual_stream_stays_exact(whole: Any, fp32: Any, batches: list[Batch]) -> None:
    assert quantized_operators(whole) == {"MatMul": 12} and quantized_operators(fp32) == {}
    assert 0 < mean_score_delta(answers(whole, batches), answers(fp32, batches), "cumulative-link") < 0.05


def test_with_all_layers_left_in_float_the_model_is_the_float_one_again(whole: Any, fp32: Any, batches: list[Batch]) -> None:
    back = leave_in_float(whole, fp32, {layer.name for layer in find_weight_layers(fp32).body})
    assert quantized_operators(back) == {}
    assert np.abs(answers(back, batches) - answers(fp32, batches)).max() < 1e-5
    assert {item.name for item in back.graph.initializer} <= {item.name for item in fp32.graph.initializer}
    assert {node.name for node in back.graph.node} <= {node.name for node in fp32.graph.node}


def test_the_switches_give_what_a_model_built_that_way_gives(whole: Any, fp32: Any, batches: list[Batch]) -> None:
    groups = group_layers(find_weight_layers(fp32).body, 24)
    switched = SwitchedModel(whole, fp32, groups, 1)
    for quantized in ([], [0], [3, 5], list(range(len(groups)))):
        in_float = {name for number, group in enumerate(groups) if number not in quantized for name in group.names}
        built = answers(leave_in_float(whole, fp32, in_float), batches)
        assert np.abs(switched.logits(batches, quantized) - built).max() < 1e-4, quantized


def test_groups_are_left_in_float_worst_first_until_the_rest_is_within_the_target(
    whole: Any, fp32: Any, batches: list[Batch]
) -> None:
    groups = group_layers(find_weight_layers(fp32).body, 24)
    switched, reference = SwitchedModel(whole, fp32, groups, 1), answers(fp32, batches)
    worst_first = sensitivities(switched, groups, batches, reference, "cumulative-link")
    assert [each.harm for each in worst_first] == sorted((each.harm for each in worst_first), reverse=True)

    def chosen(target: float) -> int:
        found = choose_float_groups(switched, groups, worst_first, batches, reference, "cumulative-link", target=target)
        assert found == tuple(each.group for each in worst_first[: len(found)])
        return len(found)

    everything = mean_score_delta(switched.logits(batches, range(len(groups))), reference, "cumulative-link")
    assert chosen(everything) == 0
    assert 0 < chosen(everything / 2) < len(groups)
    assert chosen(0.0) == len(groups) - 1  # something stays quantised


def test_smoothing_changes_no_answer_and_evens_the_channels_out(fp32: Any, batches: list[Batch], tmp_path: Path) -> None:
    layers = find_weight_layers(fp32).body
    tensors = list(dict.fromkeys(layer.reads for layer in layers))
    before = channel_maxima(fp32, tensors, batches, 1)
    file = smoothed(fp32, layers, before, tmp_path / "smoothed.onnx")
    assert np.abs(answers(file, batches) - answers(fp32, batches)).max() < 1e-4
    after = channel_maxima(load_structure(file), [f"{name}/smoothed" for name in tensors], batches, 1)
    spread = [(before[name].max() / np.median(before[name]), after[f"{name}/smoothed"]) for name in tensors]
    assert all(then.max() / np.median(then) < was for was, then in spread)


@pytest.mark.parametrize("method", ["percentile", "entropy"])
def test_ranges_of_a_histogram_lie_within_those_of_the_extremes(
    method: Any, onnx_file: Path, fp32: Any, batches: list[Batch], tmp_path: Path
) -> None:
    from onnxruntime.quantization.calibrate import load_tensors_data

    tensors = [find_weight_layers(fp32).body[0].reads]
    found = {
        name: load_tensors_data(collect_ranges(onnx_file, name, tensors, batches, tmp_path / name / "ranges.json"))
        for name in ("minmax", method)
    }
    assert set(found["minmax"].keys()) == set(tensors)
    (low, high), (cut_low, cut_high) = (found[name][tensors[0]].range_value for name in ("minmax", method))
    assert low - 0.2 <= cut_low < cut_high <= high + 0.2  # a bin's width apart


def test_a_graph_without_weight_layers_is_refused(texts: EncodedTexts, tmp_path: Path) -> None:
    from onnx import TensorProto, helper, save

    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4]) for name in ("x", "logits")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["logits"], "relu")], "g", values[:1], values[1:])
    save(helper.make_model(graph), str(tmp_path / "m.onnx"))
    search = SearchRows([], np.zeros((0, 1), dtype=np.float32))
    with pytest.raises(ValueError, match="nothing to quantise"):
        CandidateModels(tmp_path / "m.onnx", texts, search, "coral", 1, 0.01, tmp_path, Stopwatch())
