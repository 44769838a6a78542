"""A row's picture is whole, of a known format and of a sane size, or the row is refused with the reason."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image
from spotforge_data import pictures as pictures_module
from spotforge_data.near_duplicates import NearDuplicates
from spotforge_data.picture_fingerprints import PictureFingerprinter
from spotforge_data.pictures import PictureFolder
from spotforge_data.splitting import TRAIN

pytestmark = pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")


def a_picture(seed: int, size: int = 64) -> Image.Image:
    """Soft blots: something that survives JPEG, and that no other seed resembles."""
    source = np.random.default_rng(seed)
    coarse = Image.fromarray(source.integers(0, 255, (9, 9, 3), dtype=np.uint8))
    return coarse.resize((size, size), Image.Resampling.BICUBIC)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nothing."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in (header, b"IDAT"))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.fixture
def folder(tmp_path: Path) -> PictureFolder:
    at = tmp_path / "data"
    at.mkdir()
    a_picture(1).save(at / "good.png")
    a_picture(1).save(at / "good.jpg", quality=90)
    a_picture(1).convert("L").save(at / "grey.png")
    a_picture(2).save(at / "picture.gif")
    (at / "empty.png").write_bytes(b"")
    (at / "cut.png").write_bytes((at / "good.png").read_bytes()[:2000])
    (at / "cut.jpg").write_bytes((at / "good.jpg").read_bytes()[:400])
    (at / "vast.png").write_bytes(png_header(10_000, 10_000))
    (at / "bomb.png").write_bytes(png_header(60_000, 60_000))
    (at / "rows.csv").write_text("image,label,group\n")
    return PictureFolder({f"data/{path.name}": path for path in at.iterdir()}, "data/rows.csv")


@pytest.mark.parametrize("path", ["good.png", "good.jpg", "grey.png", "./good.png", "../data/good.png"])
def test_png_and_jpeg_are_taken_by_their_path_from_the_data_file(folder: PictureFolder, path: str) -> None:
    assert folder.refuse(path) is None
    assert folder.location(path).name == Path(path).name


@pytest.mark.parametrize(
    ("path", "reason", "detail"),
    [
        (None, "image-missing", "the path of the image is missing"),
        (" ", "image-missing", "the path of the image is missing"),
        (7, "image-not-a-path", "the path of the image is of type int"),
        ("absent.png", "image-not-found", "no file 'absent.png' was sent"),
        ("../../etc/passwd", "image-not-found", "no file '../../etc/passwd' was sent"),
        ("/etc/passwd", "image-not-found", "no file '/etc/passwd' was sent"),
        ("picture.gif", "image-not-readable", "'picture.gif' is neither PNG nor JPEG"),
        ("empty.png", "image-not-readable", "'empty.png' is neither PNG nor JPEG"),
        ("cut.png", "image-not-readable", "'cut.png' is broken or cut off"),
        ("cut.jpg", "image-not-readable", "'cut.jpg' is broken or cut off"),
        ("vast.png", "image-too-large", "'vast.png' has more than 50000000 pixels"),
        ("bomb.png", "image-too-large", "'bomb.png' has more than 50000000 pixels"),
    ],
)
def test_each_bad_picture_gets_its_reason(folder: PictureFolder, path: Any, reason: str, detail: str) -> None:
    refusal = folder.refuse(path)
    assert refusal is not None
    assert (refusal.reason, refusal.detail) == (reason, detail)


def test_a_file_that_is_too_long_is_not_opened(folder: PictureFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures_module, "MOST_BYTES", 100)
    refusal = folder.refuse("good.png")
    assert refusal is not None and refusal.detail.endswith("bytes; the limit is 100")


def test_files_that_no_row_names_are_listed(folder: PictureFolder) -> None:
    for path in ("good.png", "good.jpg", "grey.png", "picture.gif", "cut.png", "cut.jpg", "vast.png"):
        folder.refuse(path)
    assert folder.unlisted() == ["data/bomb.png", "data/empty.png"]


def test_a_picture_is_recognised_in_another_format_size_and_quality(tmp_path: Path) -> None:
    for seed in range(20):
        a_picture(seed).save(tmp_path / f"{seed}.png")
    a_picture(3, size=50).save(tmp_path / "smaller.jpg", quality=60)
    for shade in (10, 200, 10):
        Image.new("RGB", (40, 40), (shade, shade, shade)).save(tmp_path / f"plain-{len(list(tmp_path.iterdir()))}.png")
    names = sorted(path.name for path in tmp_path.iterdir())
    folder = PictureFolder({name: tmp_path / name for name in names}, "rows.csv")
    with NearDuplicates(PictureFingerprinter(folder), tmp_path / "fingerprints") as search:
        search.add(pl.Series(names))
        found = search.pairs(np.full(len(names), TRAIN, np.uint8))
    pairs = {(names[one], names[other]) for one, other in found}
    # Plain pictures are all alike to the eye: only the two with the same bytes are copies.
    assert pairs == {("3.png", "smaller.jpg"), ("plain-21.png", "plain-23.png")}
