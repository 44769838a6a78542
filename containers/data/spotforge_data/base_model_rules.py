"""What a base model may be: weights as safetensors, a configuration, what turns its input into numbers, and nothing that runs."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from spotforge_runtime.contracts.names import Task
from spotforge_runtime.errors import InvalidInput

# Beside the weights: what describes the network, and what turns a text or a picture into its input.
REQUIRED = {
    "text-ordinal": ("config.json", "tokenizer.json"),
    "image-ordinal": ("config.json", "preprocessor_config.json"),
}
# Pickles and code can run when they are loaded; the others are weights in formats nobody here reads.
REFUSED_SUFFIXES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".py", ".pyc", ".so", ".h5", ".msgpack", ".joblib")
LONGEST_HEADER = 100_000_000


def is_refused(path: str) -> bool:
    """True for a file that is left behind."""
    return path.lower().endswith(REFUSED_SUFFIXES)


def check_has_what_is_needed(paths: Iterable[str], where: str, task: Task = "text-ordinal") -> None:
    """InvalidInput naming what is missing, before anything is read."""
    given = sorted(paths)
    missing = [name for name in REQUIRED[task] if name not in given]
    if not any("/" not in path and path.endswith(".safetensors") for path in given):
        missing.append("a .safetensors file")
    if missing:
        raise InvalidInput(
            f"The base model lacks {', '.join(missing)}; it has {', '.join(given[:20])}.",
            where=where,
            remedy="Save it with save_pretrained(..., safe_serialization=True), and beside it "
            + ("a fast tokenizer." if task == "text-ordinal" else "its image processor."),
        )


def check_content(files: Mapping[str, Path], where: str, task: Task = "text-ordinal") -> None:
    """InvalidInput when what is required cannot be read or a safetensors file is cut off."""
    if not isinstance(_json(files["config.json"], where).get("model_type"), str):
        raise InvalidInput("The base model's config.json names no model_type.", where=where, remedy="Save it with transformers.")
    for name in REQUIRED[task]:
        _json(files[name], where)
    for path, location in files.items():
        if path.endswith(".safetensors"):
            _check_safetensors(path, location, where)


def _json(location: Path, where: str) -> dict[str, Any]:
    try:
        document = json.loads(location.read_bytes())
    except ValueError as error:
        raise InvalidInput(f"The base model's {location.name} is not JSON: {error}.", where=where) from error
    if not isinstance(document, dict):
        raise InvalidInput(f"The base model's {location.name} is not a JSON object.", where=where)
    return document


def _check_safetensors(path: str, location: Path, where: str) -> None:
    """The format: 8 bytes little-endian header length, JSON header, then the data up to the largest offset."""
    size = location.stat().st_size
    with location.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        whole = 0 < length <= min(LONGEST_HEADER, size - 8)
        try:
            header = json.loads(file.read(length)) if whole else {}
            tensors = [value for key, value in header.items() if key != "__metadata__"]
            end = max(tensor["data_offsets"][1] for tensor in tensors)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            end = -1
    if end != size - 8 - length:
        raise InvalidInput(
            f"The base model's {path} is not a whole safetensors file ({size} bytes).",
            where=where,
            remedy="It may have been cut off: send it again.",
        )
