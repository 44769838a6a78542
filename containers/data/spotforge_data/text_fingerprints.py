"""MinHash signatures of texts, a batch at a time.

Two texts are near duplicates when they share 80 % of their shingles. A signature of 64 minima estimates that share; its
minima, four at a time, are the keys by which near duplicates find each other (locality-sensitive hashing).
Source: A. Broder, "On the resemblance and containment of documents", 1997."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from spotforge_data.fingerprints import Fingerprints

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

SIMILARITY = 0.8
MINIMA = 64
BANDS = 16  # of 4 minima each: a pair that shares 80 % meets with probability 1 - (1 - 0.8^4)^16 = 99.98 %
SHINGLE_BYTES = 8
# One shingle in four is looked at, chosen by its hash: the same ones in every text, so that the share stays unbiased.
SAMPLED_BITS = 2
# Shorter texts may be alike by chance: "a good film" is nobody's copy.
FEWEST_BYTES = 40
PIECE_BYTES = 1024 * 1024


class TextFingerprinter:
    """Texts by their words in lower case, without punctuation."""

    bands: ClassVar[int] = BANDS
    width: ClassVar[int] = MINIMA
    dtype: ClassVar[str] = "uint32"

    def __init__(self) -> None:
        import numpy as np

        fixed = np.random.Generator(np.random.PCG64(1997))
        self._multiply = fixed.integers(0, 2**63, MINIMA, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
        self._add = fixed.integers(0, 2**63, MINIMA, dtype=np.uint64)

    def take(self, content: pl.Series, first_place: int) -> Fingerprints:
        import numpy as np

        places, signatures = [], []
        for data, bounds, first in _pieces(_normalised(content)):
            hashes, counts = _sampled_shingles(data, bounds)
            enough = (np.diff(bounds) >= FEWEST_BYTES) & (counts > 0)
            hashes = hashes[np.repeat(enough, counts)]
            places.append(np.flatnonzero(enough).astype(np.uint32) + np.uint32(first_place + first))
            signatures.append(self._signatures(hashes, counts[enough]))
        place = np.concatenate(places) if places else np.empty(0, np.uint32)
        marks = np.concatenate(signatures) if signatures else np.empty((0, MINIMA), np.uint32)
        return Fingerprints(place, _band_keys(marks), marks)

    def alike(self, one: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        shared: npt.NDArray[np.bool_] = (one == other).mean(axis=1) >= SIMILARITY
        return shared

    def _signatures(self, hashes: npt.NDArray[np.uint64], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.uint32]:
        """(rows, 64): the smallest value of each of 64 random functions over a row's shingles."""
        import numpy as np

        signatures = np.empty((len(counts), MINIMA), np.uint32)
        if len(counts):
            starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
            for index, (factor, summand) in enumerate(zip(self._multiply, self._add, strict=True)):
                signatures[:, index] = np.minimum.reduceat(hashes * factor + summand, starts) >> np.uint64(32)
        return signatures


def _normalised(texts: pl.Series) -> pl.Series:
    return texts.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars(" ")


def _pieces(texts: pl.Series) -> Iterator[tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], int]]:
    """UTF-8 of consecutive texts in one array, where each begins and the last ends, and which text is the first; about 1 MiB
    at a time, so that what is computed from it stays small."""
    import numpy as np

    lengths = texts.str.len_bytes().to_numpy().astype(np.int64)
    ends = np.cumsum(lengths)
    start = 0
    while start < len(texts):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + PIECE_BYTES, side="right")))
        data = np.frombuffer("".join(texts[start:stop]).encode(), np.uint8)
        yield data, np.concatenate([[0], ends[start:stop] - before]), start
        start = stop


def _sampled_shingles(
    data: npt.NDArray[np.uint8], bounds: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Hashes of the sampled shingles, text after text, and how many each text has."""
    import numpy as np

    texts = len(bounds) - 1
    windows = len(data) - SHINGLE_BYTES + 1
    if windows < 1:
        return np.empty(0, np.uint64), np.zeros(texts, np.int64)
    packed = np.zeros(windows, np.uint64)
    for offset in range(SHINGLE_BYTES):  # eight bytes side by side are a number of 64 bits: no two shingles share it
        packed = packed << np.uint64(8) | data[offset : offset + windows]
    hashes = mixed(packed)
    text = np.repeat(np.arange(texts), np.diff(bounds))[:windows]
    inside = np.arange(windows) + SHINGLE_BYTES <= bounds[text + 1]
    sampled = inside & (hashes & np.uint64(2**SAMPLED_BITS - 1) == 0)
    return hashes[sampled], np.bincount(text[sampled], minlength=texts)


def _band_keys(marks: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
    import numpy as np

    banded = marks.reshape(len(marks), BANDS, MINIMA // BANDS).astype(np.uint64)
    keys = np.zeros(banded.shape[:2], np.uint64)
    for minimum in range(banded.shape[2]):
        keys = mixed(keys ^ banded[:, :, minimum])
    return keys


def mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """splitmix64's output function: every bit of a value sways every bit of its hash. Source: S. Vigna, 2015."""
    import numpy as np

    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
