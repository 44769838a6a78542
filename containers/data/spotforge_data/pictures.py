"""The pictures that lie beside a data file: whole files, PNG or JPEG, of a size that can be decoded."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotforge_data.row_rules import Refusal, kind_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FORMATS = ("PNG", "JPEG")
# Decoded to RGB 150 MB: more than any model here looks at, and small enough for every machine of the ladder.
MOST_PIXELS = 50_000_000
MOST_BYTES = 32 * 1024 * 1024

IMAGE_MISSING = "image-missing"
IMAGE_NOT_A_PATH = "image-not-a-path"
IMAGE_NOT_FOUND = "image-not-found"
IMAGE_TOO_LARGE = "image-too-large"
IMAGE_NOT_READABLE = "image-not-readable"


class PictureFolder:
    """The files of a dataset, seen from its data file: rows name pictures by paths relative to it."""

    def __init__(self, files: Mapping[str, Path], data_file: str) -> None:
        self._files = files
        self._data_file = data_file
        self._folder = posixpath.dirname(data_file)
        self._known: dict[str, Refusal | None] = {}

    def location(self, path: str) -> Path:
        """Where the picture of that name lies. KeyError for one that `refuse` refuses."""
        return self._files[posixpath.normpath(posixpath.join(self._folder, path))]

    def refuse(self, path: Any) -> Refusal | None:
        """The reason against a picture; None when it can be used. Each is decoded once, however many rows name it."""
        if path is None or (isinstance(path, str) and not path.strip()):
            return Refusal(IMAGE_MISSING, "the path of the image is missing")
        if not isinstance(path, str):
            return Refusal(IMAGE_NOT_A_PATH, f"the path of the image is {kind_of(path)}")
        if path not in self._known:
            self._known[path] = self._look(path)
        return self._known[path]

    def unlisted(self) -> list[str]:
        """Files that no row named so far, the data file apart, sorted."""
        named = {posixpath.normpath(posixpath.join(self._folder, path)) for path in self._known}
        return sorted(self._files.keys() - named - {self._data_file})

    def _look(self, path: str) -> Refusal | None:
        try:
            location = self.location(path)
        except KeyError:
            return Refusal(IMAGE_NOT_FOUND, f"no file {_shown(path)} was sent")
        return why_not_a_picture(location, _shown(path))


def why_not_a_picture(location: Path, shown: str) -> Refusal | None:
    """Decodes a whole file; its size in pixels is known, and judged, before a pixel is."""
    from PIL import Image, UnidentifiedImageError

    if location.stat().st_size > MOST_BYTES:
        return Refusal(IMAGE_TOO_LARGE, f"{shown} has {location.stat().st_size} bytes; the limit is {MOST_BYTES}")
    try:
        with Image.open(location, formats=FORMATS) as image:
            width, height = image.size
            if width * height <= MOST_PIXELS:
                image.load()
    except Image.DecompressionBombError:
        width, height = MOST_PIXELS, 2
    except UnidentifiedImageError:
        return Refusal(IMAGE_NOT_READABLE, f"{shown} is neither PNG nor JPEG")
    except Exception:  # a broken file ends in whichever error its decoder first trips over
        return Refusal(IMAGE_NOT_READABLE, f"{shown} is broken or cut off")
    if width * height > MOST_PIXELS:
        return Refusal(IMAGE_TOO_LARGE, f"{shown} has more than {MOST_PIXELS} pixels")
    return None


def difference_hash(location: Path) -> npt.NDArray[np.bool_]:
    """dHash: 64 bits (True where a pixel of the grey 9 by 8 thumbnail is brighter than its left neighbour), by rows.

    Source: N. Krawetz, "Kind of Like That", 2013."""
    import numpy as np
    from PIL import Image

    with Image.open(location, formats=FORMATS) as image:
        thumbnail = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BOX), dtype=np.int16)
    return (thumbnail[:, 1:] > thumbnail[:, :-1]).ravel()


def _shown(path: str) -> str:
    return repr(path if len(path) <= 40 else "…" + path[-39:])
