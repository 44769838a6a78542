"""Static INT8 quantisation (QDQ) of an exported encoder, by recipe."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from spotforge_optimization.encoding import Batch, EncodedTexts, Ids
from spotforge_optimization.onnx_contract import load_structure
from spotforge_optimization.weight_layers import find_weight_layers

RecipeName = Literal["balanced", "all-operators"]


@dataclass(frozen=True)
class Recipe:
    """What to quantise and how; activations are always unsigned, weights signed 8 bit (U8S8), ranges MinMax."""

    name: RecipeName
    operators: tuple[str, ...]  # none: every type that onnxruntime can quantise
    per_channel: bool
    # Weights in 7 bit. Without VNNI a CPU adds two products of U8S8 in 16 bit, which overflow beyond: AVX2 would compute
    # something else than what was calibrated and gated here.
    reduced_range: bool
    # The second feed-forward layers of the encoder's first half cause most of the loss.
    keep_early_contractions: bool
    # No rounding of a layer's output to 8 bit again: onnxruntime then fuses the layer to MatMulIntegerToFloat.
    float_outputs: bool

    def as_document(self) -> dict[str, object]:
        return asdict(self) | {"format": "QDQ", "activations": "QUInt8", "weights": "QInt8", "calibration": "MinMax"}


# `balanced` was chosen on validation (MiniLM, 7 classes, 1,148 rows, AVX-512 VNNI). Mean |expected score delta| / (K - 1), early
# contractions kept in float / all weight layers quantised: with 8-bit outputs 0.0207 / 0.0488, with float outputs 0.0079 /
# 0.0112, those in reduced range 0.0088 / 0.0118, and with an exact residual stream (below) 0.0074 / 0.0109.
RECIPES: dict[RecipeName, Recipe] = {
    "balanced": Recipe(
        "balanced",
        operators=("MatMul", "Gemm"),
        per_channel=True,
        reduced_range=True,
        keep_early_contractions=True,
        float_outputs=True,
    ),
    "all-operators": Recipe(
        "all-operators", operators=(), per_channel=False, reduced_range=False, keep_early_contractions=False, float_outputs=False
    ),
}


@dataclass(frozen=True)
class Quantized:
    file: Path
    nodes: int  # operators that read at least one 8-bit tensor
    by_type: dict[str, int]
    kept_in_float: tuple[str, ...]


class CalibrationBatches:
    """Feeds calibration rows in batches of like length, so that hardly any padding enters the ranges."""

    def __init__(
        self, texts: EncodedTexts, batches: Sequence[Ids], inputs: Sequence[str], after_batch: Callable[[int], None]
    ) -> None:
        self._feeds = self._generate(texts, batches, inputs, after_batch)

    @staticmethod
    def _generate(
        texts: EncodedTexts, batches: Sequence[Ids], inputs: Sequence[str], after_batch: Callable[[int], None]
    ) -> Iterator[Batch]:
        done = 0
        for rows in batches:
            batch = texts.batch(rows)
            yield {name: batch[name] for name in inputs}
            done += len(rows)
            after_batch(done)

    def get_next(self) -> Batch | None:
        return next(self._feeds, None)


def nodes_to_quantize(model: Any, recipe: Recipe) -> tuple[list[str], tuple[str, ...]]:
    """Names of the nodes to quantise (none: all of the recipe's types) and of the weight layers that stay in float."""
    if not recipe.operators:
        return [], ()
    layers = find_weight_layers(model)
    kept = (*(layers.early_contracting if recipe.keep_early_contractions else ()), *layers.head)
    return [name for name in layers.body if name not in kept], kept


def quantize(fp32: Path, int8: Path, recipe: Recipe, batches: CalibrationBatches) -> Quantized:
    """Writes the INT8 model. Raises ValueError when the graph has no layer that the recipe would quantise."""
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    chosen, kept = nodes_to_quantize(load_structure(fp32), recipe)
    if recipe.operators and not chosen:
        raise ValueError("the exported graph has no weight layer before its head: nothing to quantise")
    quantize_static(
        fp32,
        int8,
        batches,  # read by duck typing: subclassing CalibrationDataReader would import onnxruntime with this module
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=list(recipe.operators) or None,
        nodes_to_quantize=chosen or None,
        per_channel=recipe.per_channel,
        reduce_range=recipe.reduced_range,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
        extra_options={"OpTypesToExcludeOutputQuantization": list(recipe.operators) if recipe.float_outputs else []},
    )
    if chosen:
        _give_others_their_floats_back(int8, chosen)
    by_type = _quantized_operators(load_structure(int8))
    return Quantized(file=int8, nodes=sum(by_type.values()), by_type=by_type, kept_in_float=kept)


def _give_others_their_floats_back(file: Path, chosen: Sequence[str]) -> None:
    """onnxruntime feeds every reader of a quantised activation with the rounded one, the residual additions too. Only the
    chosen layers need it: the others read the float tensor again, which costs nothing and keeps the residual stream exact."""
    import onnx

    model = load_structure(file)
    produced = {name: node for node in model.graph.node for name in node.output}
    floats: dict[str, str] = {}
    for node in model.graph.node:
        before = produced.get(node.input[0]) if node.op_type == "DequantizeLinear" else None
        if before is not None and before.op_type == "QuantizeLinear":
            floats[node.output[0]] = before.input[0]
    for node in model.graph.node:
        if node.name not in chosen:
            node.input[:] = [floats.get(name, name) for name in node.input]
    onnx.save(model, str(file))


def _quantized_operators(model: Any) -> dict[str, int]:
    dequantized = {name for node in model.graph.node if node.op_type == "DequantizeLinear" for name in node.output}
    counts: dict[str, int] = {}
    for node in model.graph.node:
        if node.op_type not in ("DequantizeLinear", "QuantizeLinear") and dequantized.intersection(node.input):
            counts[node.op_type] = counts.get(node.op_type, 0) + 1
    return dict(sorted(counts.items()))
