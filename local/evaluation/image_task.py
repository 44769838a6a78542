"""The image task of the evaluation: how blurred is this piece of a real picture, on a scale of six?

Grades are an order by construction: a wider Gaussian takes more away. Neighbours are near enough to be confused (a detail may be
soft in the picture itself), so that mistakes differ in size, and no piece shows a picture that training saw, because the picture
is the group. Widths grow by about half each, from none to 2.8 pixels: blurs are told apart by the ratio of their widths.
"""

import csv
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from blur_base_model import PIECE_PIXELS, write_blur_base_model
from PIL import Image, ImageFilter
from source_pictures import fetch_pictures

BLUR_RADII = (0.0, 0.5, 0.8, 1.2, 1.8, 2.8)
# Scans and photographs are soft at their full size; at this one their finest detail is a pixel wide.
LONGEST_SIDE = 480
BORDER = 8  # a blur looks different at the edge of a picture
MOST_PIECES = 300  # of one picture, so that none outweighs the others
# Mean difference of neighbouring pixels, of 255. A piece of plain sky looks the same at every grade.
LEAST_DETAIL = 4.0
SEED = 7


def write_image_task(to: Path) -> None:
    """Leaves `manifest.csv` (`image,label,picture`, labels 0 … 5), `images/` and `base-model/` in the folder."""
    with tempfile.TemporaryDirectory() as folder:
        staging = Path(folder) / "staging"
        (staging / "images").mkdir(parents=True)
        write_pieces(fetch_pictures(Path(folder)), staging)
        write_blur_base_model(staging / "base-model")
        shutil.rmtree(to, ignore_errors=True)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(staging, to)


def write_pieces(pictures: Iterable[tuple[str, Image.Image]], to: Path) -> None:
    """Cuts every picture into graded pieces: `images/{picture}-{number}.png`, and their manifest. The same bytes each time."""
    with (to / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("image", "label", "picture"))
        for index, (name, picture) in enumerate(pictures):
            for number, (piece, label) in enumerate(graded_pieces(picture, np.random.default_rng([SEED, index]))):
                path = f"images/{name}-{number:03}.png"
                piece.save(to / path)
                writer.writerow((path, label, name))


def graded_pieces(picture: Image.Image, draw: np.random.Generator) -> list[tuple[Image.Image, int]]:
    """Square pieces that overlap by half, each at one grade; every grade as often as the others, give or take one piece."""
    scale = min(1.0, LONGEST_SIDE / max(picture.size))
    size = (round(picture.width * scale), round(picture.height * scale))
    sharp = picture.resize(size, Image.Resampling.LANCZOS)
    grades = [sharp.filter(ImageFilter.GaussianBlur(radius)) for radius in BLUR_RADII]
    places = detailed_places(sharp)
    chosen = [places[index] for index in draw.permutation(len(places))[:MOST_PIECES]]
    labels = draw.permutation(np.arange(len(chosen)) % len(BLUR_RADII))
    return [
        (grades[label].crop((left, top, left + PIECE_PIXELS, top + PIECE_PIXELS)), int(label))
        for (left, top), label in zip(chosen, labels, strict=True)
    ]


def detailed_places(sharp: Image.Image) -> list[tuple[int, int]]:
    """Left and top of every piece with something in it that a blur would take away."""
    grey = np.asarray(sharp.convert("L"), dtype=np.float64)
    step = PIECE_PIXELS // 2
    places = [
        (left, top)
        for top in range(BORDER, sharp.height - PIECE_PIXELS - BORDER, step)
        for left in range(BORDER, sharp.width - PIECE_PIXELS - BORDER, step)
    ]
    return [
        (left, top) for left, top in places if detail(grey[top : top + PIECE_PIXELS, left : left + PIECE_PIXELS]) >= LEAST_DETAIL
    ]


def detail(piece: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    return float(np.abs(np.diff(piece, axis=1)).mean())


if __name__ == "__main__":
    write_image_task(Path(sys.argv[1]))
