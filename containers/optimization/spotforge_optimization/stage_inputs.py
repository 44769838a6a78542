"""What several stages read: the ONNX models, and a split of the data, encoded as the model was trained on it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from spotforge_runtime.pictures import read_picture_rules

from spotforge_optimization.encoded_pictures import EncodedPictures
from spotforge_optimization.encoding import Examples, encode

if TYPE_CHECKING:
    from spotforge_runtime.context import StageContext

TOKENIZER = "tokenizer.json"
PREPROCESSOR = "preprocessor_config.json"
Split = Literal["validation", "test", "calibration"]


@dataclass(frozen=True)
class EncodedSplit:
    examples: Examples
    labels: npt.NDArray[np.int64]  # class index, 0 … K-1
    rows: npt.NDArray[np.int64]  # 1-based data row of the raw file

    def __len__(self) -> int:
        return len(self.rows)


def read_texts(parquet: Path, tokenizer: Path, *, max_length: int, pad_id: int) -> EncodedSplit:
    import polars

    table = polars.read_parquet(parquet, columns=["text", "label", "row"])
    return _split(table, encode(table["text"].to_list(), tokenizer, max_length=max_length, pad_id=pad_id))


def read_pictures(parquet: Path, preprocessor: Path) -> EncodedSplit:
    import polars

    table = polars.read_parquet(parquet, columns=["image", "label", "row"])
    return _split(table, EncodedPictures(table["image"].to_list(), read_picture_rules(preprocessor)))


def _split(table: Any, examples: Examples) -> EncodedSplit:
    return EncodedSplit(
        examples=examples,
        labels=table["label"].to_numpy().astype(np.int64),
        rows=table["row"].to_numpy().astype(np.int64),
    )


def pad_id_of(config: Path) -> int:
    """`pad_token_id` of the model's config.json; 0, the tokenizers' own default, when it names none."""
    value = json.loads(config.read_text(encoding="utf-8")).get("pad_token_id")
    return int(value) if value is not None else 0


def download_split(context: "StageContext", split: Split) -> EncodedSplit:
    """The split from prepare, encoded by what train left beside its model: tokenizer and padding id, at the spec's maximal
    length, or the preprocessor."""
    parquet = context.inputs.download("prepare", f"{split}.parquet")
    if context.spec.task == "image-ordinal":
        return read_pictures(parquet, context.inputs.download("train", f"model/{PREPROCESSOR}"))
    tokenizer = context.inputs.download("train", f"model/{TOKENIZER}")
    pad_id = pad_id_of(context.inputs.download("train", "model/config.json"))
    return read_texts(parquet, tokenizer, max_length=context.spec.train.max_length, pad_id=pad_id)


def onnx_key(context: "StageContext", precision: Literal["fp32", "int8"]) -> str:
    """Where the attempt keeps its ONNX model in the experiments bucket."""
    at = context.attempt
    return f"models/onnx/{at.experiment_id}/{precision}/r{at.run}-{at.attempt}/model.onnx"
