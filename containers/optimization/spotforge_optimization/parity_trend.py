"""How the difference between the exported graph and PyTorch grew while the model was trained.

Exporting the weights of every snapshot anew would take ten seconds each. The graph is the same for all of them, so that it is
asked with its initializers replaced by a snapshot's weights: `weight_places` finds them by their values in the model that was
exported, transposed or not, whatever the exporter calls them.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from spotforge_runtime.contracts.models import WeightSnapshot, WeightSnapshots
from spotforge_runtime.storage import AccessRefused, ObjectMissing

from spotforge_optimization.onnx_contract import load_structure
from spotforge_optimization.onnx_session import LOGITS, open_model
from spotforge_optimization.parity_check import number
from spotforge_optimization.parity_outputs import Array, Arrays, compare_outputs
from spotforge_optimization.parity_runtimes import OnnxRuntime, PyTorchRuntime
from spotforge_optimization.tolerance import Tolerance

if TYPE_CHECKING:
    from spotforge_runtime.context import StageContext

SNAPSHOTS = "weight-snapshots.json"
WEIGHTS = "model/model.safetensors"


@dataclass(frozen=True)
class ParityTrend:
    """One entry a step, rising, the exported model's last; `notes` say what is not in it and why."""

    steps: list[dict[str, Any]]
    notes: list[str]


@dataclass(frozen=True)
class Place:
    """Which weight an initializer of the graph holds."""

    weight: str
    transposed: bool

    def of(self, weights: Mapping[str, Array]) -> Array:
        return weights[self.weight].T if self.transposed else weights[self.weight]


def parity_trend(
    context: "StageContext",
    *,
    onnx_file: Path,
    pytorch: PyTorchRuntime,
    inputs: Arrays,
    last: Mapping[str, Arrays],
    tolerance: Tolerance,
) -> ParityTrend:
    """`inputs` is one batch, `last` what `pytorch` and `onnx` answered for it with the final weights. Afterwards `pytorch` has
    other weights than before."""
    steps: list[dict[str, Any]] = []
    documents = [output for output in context.inputs.manifest("train").outputs if output.name == SNAPSHOTS]
    if not documents:
        return ParityTrend([], ["The training kept no snapshots of its weights."])
    listed = WeightSnapshots.model_validate_json(context.inputs.download("train", SNAPSHOTS).read_bytes())
    notes = list(listed.notes)
    final = _load(context.inputs.download("train", WEIGHTS))
    structure = load_structure(onnx_file)
    places = weight_places(structure, final)
    for snapshot in listed.snapshots:
        weights = _fetch(context, snapshot)
        if weights is None:
            notes.append(f"The weights of step {snapshot.step} have expired.")
            continue
        lost = lost_weights(places, final, weights)
        if lost:
            notes.append(f"Step {snapshot.step} cannot be asked: the graph holds {', '.join(lost[:3])} in another form.")
            continue
        pytorch.take_weights(weights)
        graph = with_weights(structure, places, weights).SerializeToString()
        swapped = OnnxRuntime(open_model(graph, context.spec.train.threads))
        steps.append(_entry(snapshot.step, pytorch.answer(inputs), swapped.answer(inputs), tolerance))
    steps.append(_entry(listed.last_step, last["pytorch"], last["onnx"], tolerance))
    return ParityTrend(steps, notes)


def weight_places(model: Any, weights: Mapping[str, Array]) -> dict[str, Place]:
    """Initializer → weight, of a loaded ModelProto and the weights it was exported from: the one of its name, else one of its
    values. Initializers that hold no weight (sizes, scales) are left out."""
    from onnx import numpy_helper

    by_value: dict[tuple[tuple[int, ...], bytes], list[Place]] = defaultdict(list)
    for name, array in weights.items():
        by_value[array.shape, array.tobytes()].append(Place(name, transposed=False))
        if array.ndim == 2:
            by_value[array.T.shape, array.T.tobytes()].append(Place(name, transposed=True))
    places: dict[str, Place] = {}
    for item in model.graph.initializer:
        array = numpy_helper.to_array(item)
        found = by_value.get((array.shape, array.tobytes())) if array.ndim and array.dtype == np.float32 else None
        if found:
            places[item.name] = next((place for place in found if place.weight == item.name), found[0])
    return places


def lost_weights(places: Mapping[str, Place], final: Mapping[str, Array], weights: Mapping[str, Array]) -> list[str]:
    """Weights that differ from the final ones and that no initializer holds: without them the graph would answer with a mixture
    of both. All that `final` does not know are lost too."""
    held = {place.weight for place in places.values()}

    def has_a_twin(name: str) -> bool:
        # Exporters keep equal weights once: one initializer stands for both as long as both are equal here too.
        return any(
            np.array_equal(final[other], final[name]) and np.array_equal(weights[other], weights[name])
            for other in held & weights.keys()
            if final[other].shape == final[name].shape
        )

    return [
        name
        for name, array in weights.items()
        if name not in final
        or (name not in held and not np.array_equal(array, final[name], equal_nan=True) and not has_a_twin(name))
    ]


def with_weights(model: Any, places: Mapping[str, Place], weights: Mapping[str, Array]) -> Any:
    """A copy of the ModelProto that computes with other weights."""
    import onnx

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for item in copy.graph.initializer:
        place = places.get(item.name)
        if place is not None:
            array = np.ascontiguousarray(place.of(weights), dtype=np.float32)
            item.CopyFrom(onnx.numpy_helper.from_array(array, item.name))
    return copy


def _entry(step: int, reference: Arrays, measured: Arrays, tolerance: Tolerance) -> dict[str, Any]:
    found = compare_outputs({LOGITS: reference[LOGITS]}, {LOGITS: measured[LOGITS]}, tolerance).compared[LOGITS]
    return {
        "step": step,
        "maxAbs": number(found.delta.max(initial=0.0)),
        "maxRatio": number(found.ratio.max(initial=0.0)),
        "mismatches": found.mismatches,
        "largestLogit": number(np.abs(reference[LOGITS]).max(initial=0.0)),
    }


def _fetch(context: "StageContext", snapshot: WeightSnapshot) -> dict[str, Array] | None:
    """None when it is gone: snapshots live as long as checkpoints. ContractBroken when it is another one."""
    file = context.scratch / "snapshot.safetensors"
    try:
        context.storage.download(snapshot.bucket, snapshot.key, file, sha256=snapshot.sha256, bytes=snapshot.bytes)
    except (ObjectMissing, AccessRefused):
        return None
    return _load(file)


def _load(file: Path) -> dict[str, Array]:
    from safetensors.numpy import load_file

    weights: dict[str, Array] = load_file(file)
    return {name: array.astype(np.float32) for name, array in weights.items()}
