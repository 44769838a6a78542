"""Ranges of an encoder's activations over the calibration rows, collected once for each method and reused for every model that
is built with them."""

import contextlib
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from spotforge_optimization.encoding import Batch

Method = Literal["minmax", "percentile", "entropy"]
OPERATORS = ("MatMul", "Gemm")
# Percentile cuts one value in 100,000 of each tensor (the library's default): enough for what a single row sticks out by.
# Unsigned activations need no symmetric range.
OPTIONS: dict[Method, dict[str, Any]] = {
    "minmax": {},
    "percentile": {"symmetric": False, "percentile": 99.999},
    "entropy": {"symmetric": False},
}


class Once:
    """One batch for onnxruntime's reader protocol, which is met by shape: subclassing its class would import onnxruntime with
    this module."""

    def __init__(self, batch: Batch) -> None:
        self._batch: Batch | None = batch

    def get_next(self) -> Batch | None:
        given, self._batch = self._batch, None
        return given


def library_method(method: Method) -> Any:
    """onnxruntime's name for it."""
    from onnxruntime.quantization import CalibrationMethod

    return {
        "minmax": CalibrationMethod.MinMax,
        "percentile": CalibrationMethod.Percentile,
        "entropy": CalibrationMethod.Entropy,
    }[method]


def collect_ranges(fp32: Path, method: Method, tensors: Sequence[str], batches: Iterable[Batch], file: Path) -> Path:
    """Runs every batch and writes the tensors' ranges to `file`, in the form that onnxruntime's `calibration_cache_path` reads.

    Batch by batch, for what a histogram is made of would not fit in memory at once. ValueError without any batch.
    """
    from onnxruntime.quantization.calibrate import save_tensors_data

    file.parent.mkdir(parents=True, exist_ok=True)
    augmented = file.with_suffix(".onnx")
    calibrator = _calibrator(fp32, method, tensors, augmented)
    with contextlib.redirect_stdout(io.StringIO()):  # the library prints a line for every batch
        for batch in batches:
            calibrator.collect_data(Once(batch))
        save_tensors_data(calibrator.compute_data(), file)
    augmented.unlink()
    return file


def _calibrator(fp32: Path, method: Method, tensors: Sequence[str], augmented: Path) -> Any:
    """The library's, for these tensors alone: its own choice, by operator, would be all that any MatMul reads or gives, four
    times as many."""
    from onnxruntime.quantization import calibrate

    classes: dict[Method, Any] = {
        "minmax": calibrate.MinMaxCalibrater,
        "percentile": calibrate.PercentileCalibrater,
        "entropy": calibrate.EntropyCalibrater,
    }

    base: Any = classes[method]

    class OfTensors(base):  # type: ignore[misc]
        def select_tensors_to_calibrate(self, model: Any) -> Any:
            _, infos = super().select_tensors_to_calibrate(model)
            return set(tensors), infos

    calibrator = OfTensors(fp32, augmented_model_path=str(augmented), **OPTIONS[method])
    calibrator.augment_graph()
    calibrator.create_inference_session()
    return calibrator
