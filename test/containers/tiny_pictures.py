"""Pictures and a base model small enough for unit tests, and still real: the brighter a picture, the higher its class."""

from __future__ import annotations

import csv
import importlib
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIZE = 32
CLASSES = 5


def a_picture(label: int, draw: np.random.Generator) -> bytes:
    """A PNG of noise around the brightness of its class, a little larger than what the model takes."""
    noise = draw.normal(60 + 35 * label, 40, (SIZE + 8, SIZE + 8, 3))
    encoded = io.BytesIO()
    Image.fromarray(noise.clip(0, 255).astype(np.uint8)).save(encoded, "PNG", compress_level=1)
    return encoded.getvalue()


def pictures(count: int, *, seed: int = 7, group_size: int = 4) -> list[dict[str, Any]]:
    """Rows of image (PNG bytes), label (0 … 4), group."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, CLASSES, count).tolist()
    return [
        {"image": a_picture(label, draw), "label": label, "group": f"camera-{number // group_size}"}
        for number, label in enumerate(labels)
    ]


def write_pictures(folder: Path, rows: list[dict[str, Any]]) -> Path:
    """A dataset as a user sends it: images/ and a manifest.csv that names path, label and group of each."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["image", "label", "group"])
        writer.writeheader()
        for number, row in enumerate(rows):
            path = f"images/{number:05}.png"
            (folder / path).write_bytes(row["image"])
            writer.writerow({"image": path, "label": row["label"], "group": row["group"]})
    return folder


def write_picture_base(folder: Path) -> Path:
    """A random two-layer ViT with its preprocessor, as a Hugging Face directory with safetensors."""
    import torch

    transformers: Any = importlib.import_module("transformers")  # annotated in part only

    torch.manual_seed(11)
    configuration = transformers.ViTConfig(
        image_size=SIZE, patch_size=8, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    transformers.ViTModel(configuration, add_pooling_layer=False).save_pretrained(folder, safe_serialization=True)
    transformers.ViTImageProcessor(size={"height": SIZE, "width": SIZE}).save_pretrained(folder)
    return folder


if __name__ == "__main__":
    to = Path(sys.argv[1])
    write_pictures(to / "pictures", pictures(950))
    write_picture_base(to / "base-model")
