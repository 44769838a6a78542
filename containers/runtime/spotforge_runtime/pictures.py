"""How a picture's bytes become the numbers that a model sees (§3 `image`). The one place that knows: training, parity, the
tournament and `score` all decode by it, so that none of them can differ from another by a rounding."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from spotforge_runtime.errors import InvalidInput

Resample = Literal["nearest", "lanczos", "bilinear", "bicubic"]
Pixels = npt.NDArray[np.float32]
RESAMPLES: tuple[Resample, ...] = ("nearest", "lanczos", "bilinear", "bicubic")  # by Pillow's number, as preprocessors store it
FORMATS = ("PNG", "JPEG")
RESCALE = 1 / 255


@dataclass(frozen=True)
class PictureRules:
    """`rescale` is the factor of the bytes 0 … 255, before mean and std of each colour."""

    width: int
    height: int
    resample: Resample
    rescale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def pixels(self, data: bytes) -> Pixels:
        """float32, shape (3, height, width), of a PNG or JPEG. ValueError when it is no picture."""
        from PIL import Image, UnidentifiedImageError

        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                size, filter_ = (self.width, self.height), Image.Resampling[self.resample.upper()]
                resized = picture.convert("RGB").resize(size, filter_)
        except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise ValueError(f"no readable PNG or JPEG: {error}") from error
        scaled = np.asarray(resized, dtype=np.float32) * np.float32(self.rescale)
        normalised = (scaled - np.asarray(self.mean, dtype=np.float32)) / np.asarray(self.std, dtype=np.float32)
        return np.ascontiguousarray(normalised.transpose(2, 0, 1))


def read_picture_rules(preprocessor: Path) -> PictureRules:
    """Of a Hugging Face `preprocessor_config.json`. InvalidInput when it asks for what no rule here does."""
    config: dict[str, Any] = json.loads(preprocessor.read_text(encoding="utf-8"))

    def refused(what: str) -> InvalidInput:
        return InvalidInput(
            f"{preprocessor.name} {what}.",
            where=preprocessor.name,
            remedy="Give a size of width and height; pictures are resized to it whole, rescaled and normalised, no more.",
        )

    size = config.get("size")
    if isinstance(size, int):
        size = {"width": size, "height": size}
    if not isinstance(size, dict) or not {"width", "height"} <= size.keys():
        raise refused(f"names the size {json.dumps(size)}, not a width and a height")
    if config.get("do_center_crop"):
        raise refused("asks for a crop")
    number = config.get("resample", RESAMPLES.index("bilinear"))
    if number not in range(len(RESAMPLES)):
        raise refused(f"names the resampling filter {number}")
    normalised = config.get("do_normalize", True)
    mean, std = (_colours(config.get(name), plain) for name, plain in (("image_mean", 0.5), ("image_std", 0.5)))
    return PictureRules(
        width=int(size["width"]),
        height=int(size["height"]),
        resample=RESAMPLES[number],
        rescale=float(config.get("rescale_factor", RESCALE)) if config.get("do_rescale", True) else 1.0,
        mean=mean if normalised else (0.0, 0.0, 0.0),
        std=std if normalised else (1.0, 1.0, 1.0),
    )


def _colours(value: float | list[float] | None, plain: float) -> tuple[float, float, float]:
    """One value for all three colours, or one for each."""
    values = [plain if value is None else value] * 3 if not isinstance(value, list) else value
    red, green, blue = (float(each) for each in values)
    return red, green, blue
