"""Builds the tournament's candidates as ONNX files. Ranges are collected once a method, sensitivity is searched once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spotforge_runtime.ordinal_decoding import Head

from spotforge_optimization.calibration import Method, collect_ranges
from spotforge_optimization.candidates import Candidate
from spotforge_optimization.encoding import Batch, Examples
from spotforge_optimization.onnx_contract import load_structure
from spotforge_optimization.onnx_session import Logits, in_order_of_length
from spotforge_optimization.sensitivity import Sensitivity, SwitchedModel, choose_float_groups, sensitivities
from spotforge_optimization.smoothing import channel_maxima, smoothed
from spotforge_optimization.static_int8 import leave_in_float, quantize_layers, quantized_operators
from spotforge_optimization.stopwatch import Stopwatch
from spotforge_optimization.weight_layers import LayerGroup, find_weight_layers, group_layers

CALIBRATION_BATCH_ROWS = 8
MOST_GROUPS = 24  # what MiniLM has; a deeper encoder's neighbours are tried together, so that the search costs no more passes


@dataclass(frozen=True)
class BuiltModel:
    """`in_float` are the weight layers that an INT8 candidate leaves in float, the head apart, which none quantises. The dynamic
    one, which has no ranges to search with, leaves those that the first static one does."""

    candidate: Candidate
    file: Path
    quantized_operators: dict[str, int]
    in_float: tuple[LayerGroup, ...] = ()


@dataclass(frozen=True)
class SearchRows:
    """The rows that sensitivity is measured on, as batches, with FP32's logits one below the other."""

    batches: Sequence[Batch]
    reference: Logits


@dataclass
class CandidateModels:
    """`target` is the mean score delta on the search rows that a static candidate keeps layers in float for."""

    fp32_file: Path
    calibration: Examples
    search: SearchRows
    head: Head
    threads: int
    target: float
    folder: Path
    stopwatch: Stopwatch
    check: Callable[[], None] = lambda: None
    _sensitivities: list[Sensitivity] = field(default_factory=list)
    _in_float: tuple[LayerGroup, ...] = ()

    def __post_init__(self) -> None:
        self.fp32: Any = load_structure(self.fp32_file)
        self.layers = find_weight_layers(self.fp32).body
        self.groups = group_layers(self.layers, MOST_GROUPS)
        if not self.layers:
            raise ValueError("the exported graph has no weight layer before its head: nothing to quantise")

    @property
    def sensitivities(self) -> list[Sensitivity]:
        """The most harmful group first; empty until the first static candidate was built, by whose ranges it is measured."""
        return self._sensitivities

    def build(self, candidate: Candidate) -> BuiltModel:
        file = self.folder / candidate.name / "model.onnx"
        file.parent.mkdir(parents=True, exist_ok=True)
        if candidate.kind == "fp32":
            return BuiltModel(candidate, self.fp32_file, {})
        if candidate.kind == "fp32-optimized":
            with self.stopwatch.part("building"):
                return BuiltModel(candidate, optimized(self.fp32_file, file), {})
        if candidate.kind == "dynamic":
            with self.stopwatch.part("building"):
                kept = {name for group in self._in_float for name in group.names}
                dynamic(self.fp32_file, file, [layer.name for layer in self.layers if layer.name not in kept])
                return BuiltModel(candidate, file, quantized_operators(load_structure(file)), self._in_float)
        return self._static(candidate, file)

    def _static(self, candidate: Candidate, file: Path) -> BuiltModel:
        import onnx

        method: Method = candidate.calibration or "minmax"
        source = self._smoothed() if candidate.smoothed else self.fp32_file
        ranges = self._collected(source, method, candidate.name)
        with self.stopwatch.part("building"):
            layers = [layer.name for layer in self.layers]
            whole = quantize_layers(source, layers, ranges, method, file.with_name("whole.onnx"))
        with self.stopwatch.part("sensitivity"):
            switched = SwitchedModel(whole, self.fp32, self.groups, self.threads)
            batches, reference = self.search.batches, self.search.reference
            if not self._sensitivities:
                self._sensitivities = sensitivities(switched, self.groups, batches, reference, self.head, self.check)
            in_float = choose_float_groups(
                switched, self.groups, self._sensitivities, batches, reference, self.head, target=self.target
            )
        with self.stopwatch.part("building"):
            model = leave_in_float(whole, self.fp32, {name for group in in_float for name in group.names})
            onnx.save(model, str(file))
        self._in_float = self._in_float or in_float
        return BuiltModel(candidate, file, quantized_operators(model), in_float)

    def _smoothed(self) -> Path:
        with self.stopwatch.part("smoothing"):
            tensors = list(dict.fromkeys(layer.reads for layer in self.layers))
            maxima = channel_maxima(self.fp32, tensors, self._calibration_batches(), self.threads)
            return smoothed(self.fp32, self.layers, maxima, self.folder / "smoothed.onnx")

    def _collected(self, source: Path, method: Method, name: str) -> Path:
        with self.stopwatch.part(f"calibration {method}"):
            tensors = list(dict.fromkeys(layer.reads for layer in find_weight_layers(load_structure(source)).body))
            return collect_ranges(source, method, tensors, self._calibration_batches(), self.folder / name / "ranges.json")

    def _calibration_batches(self) -> Any:
        """Batches of like length, so that hardly any padding enters the ranges."""
        for rows in in_order_of_length(self.calibration, CALIBRATION_BATCH_ROWS):
            self.check()
            yield self.calibration.batch(rows)


def optimized(fp32: Path, file: Path) -> Path:
    """The graph after onnxruntime's fusions, without those that depend on the processor that made them."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(file)
    onnxruntime.InferenceSession(str(fp32), options, providers=["CPUExecutionProvider"])
    return file


def dynamic(fp32: Path, file: Path, layers: Sequence[str]) -> Path:
    """Weights as in the static models; the range of each activation is that of the batch at hand."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        fp32,
        file,
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        nodes_to_quantize=list(layers),
    )
    return file
