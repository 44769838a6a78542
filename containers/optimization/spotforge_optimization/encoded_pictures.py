"""Pictures as batches of pixels, by the rules of the model's preprocessor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from spotforge_runtime.errors import InvalidInput
from spotforge_runtime.hashing import sha256_of_bytes
from spotforge_runtime.pictures import PictureRules

from spotforge_optimization.encoding import Batch, Ids

PICTURE_INPUT = "pixel_values"


@dataclass(frozen=True)
class EncodedPictures:
    """The files' bytes, in the order given. A picture is decoded when its batch is asked for: all at once would not fit."""

    files: Sequence[bytes]
    rules: PictureRules

    def __len__(self) -> int:
        return len(self.files)

    @property
    def lengths(self) -> Ids:
        return np.ones(len(self.files), dtype=np.int64)

    def batch(self, rows: Sequence[int] | Ids) -> Batch:
        """float32, shape (rows, 3, height, width). InvalidInput names the row whose bytes are no picture."""
        return {PICTURE_INPUT: np.stack([self._pixels(int(row)) for row in rows])}

    def describe(self, row: int) -> dict[str, Any]:
        return {"pictureSha256": sha256_of_bytes(self.files[row])}

    def _pixels(self, row: int) -> Any:
        try:
            return self.rules.pixels(self.files[row])
        except ValueError as error:
            raise InvalidInput(
                f"Picture {row + 1} of {len(self.files)}: {error}", where=f"picture {row + 1}", remedy="Give PNG or JPEG files."
            ) from error
