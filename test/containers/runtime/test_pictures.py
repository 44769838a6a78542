import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from spotforge_runtime.errors import InvalidInput
from spotforge_runtime.pictures import PictureRules, read_picture_rules


def rules(folder: Path, **config: Any) -> PictureRules:
    file = folder / "preprocessor_config.json"
    file.write_text(json.dumps({"size": {"height": 2, "width": 4}, **config}))
    return read_picture_rules(file)


def an_image(value: tuple[int, int, int], format_: str = "PNG", mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (6, 6), value).convert(mode).save(buffer, format_)
    return buffer.getvalue()


def test_a_picture_becomes_planes_of_colour_rescaled_and_normalised(tmp_path: Path) -> None:
    found = rules(tmp_path, image_mean=[0.5, 0.5, 0.0], image_std=[0.5, 0.25, 1.0], resample=3).pixels(an_image((255, 0, 51)))
    assert found.shape == (3, 2, 4) and found.dtype == np.dtype("float32")
    assert found[:, 0, 0] == pytest.approx([1.0, -2.0, 0.2], abs=1e-6)


@pytest.mark.parametrize(("format_", "mode"), [("JPEG", "RGB"), ("PNG", "L"), ("PNG", "RGBA"), ("PNG", "P")])
def test_every_mode_of_both_formats_is_read_as_colours(tmp_path: Path, format_: str, mode: str) -> None:
    found = rules(tmp_path).pixels(an_image((200, 200, 200), format_, mode))
    assert found.mean() == pytest.approx(200 / 127.5 - 1, abs=0.05)  # a palette has a near colour only


def test_switches_of_the_preprocessor_are_obeyed(tmp_path: Path) -> None:
    assert rules(tmp_path, do_normalize=False).mean == (0.0, 0.0, 0.0)
    assert rules(tmp_path, do_rescale=False, do_normalize=False).pixels(an_image((9, 9, 9))).max() == 9
    assert rules(tmp_path, size=8).width == 8
    assert rules(tmp_path, image_mean=0.1).mean == (0.1, 0.1, 0.1)


@pytest.mark.parametrize(
    ("config", "says"),
    [({"size": {"shortest_edge": 8}}, "shortest_edge"), ({"do_center_crop": True}, "crop"), ({"resample": 5}, "filter 5")],
)
def test_what_no_rule_does_is_refused(tmp_path: Path, config: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        rules(tmp_path, **config)


@pytest.mark.parametrize("data", [b"", b"GIF89a", an_image((1, 2, 3))[:50], an_image((1, 2, 3), "BMP")])
def test_what_is_neither_a_png_nor_a_jpeg_is_no_picture(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ValueError, match="no readable PNG or JPEG"):
        rules(tmp_path).pixels(data)
