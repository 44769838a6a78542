"""What every server of the benchmark does with a text: the bundle's tokenizer, its INT8 model in onnxruntime with one thread, and
the answer of the inference server, field by field. Run by an environment of its own."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

BUNDLE = Path(os.environ["BUNDLE"])


class ServedModel:
    """Texts in, predictions out; rows are padded to the longest among them."""

    def __init__(self) -> None:
        bundle: dict[str, Any] = json.loads((BUNDLE / "bundle.json").read_text())
        tokenizer, precision = bundle["tokenizer"], "int8" if "int8" in bundle["models"] else "fp32"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        model = BUNDLE / bundle["models"][precision]["file"]
        self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self.names = [item.name for item in self.session.get_inputs()]
        self.tokenizer = Tokenizer.from_file(str(BUNDLE / tokenizer["file"]))
        self.tokenizer.enable_truncation(tokenizer["maxLength"])
        self.tokenizer.enable_padding(pad_id=tokenizer["padId"])
        self.head = bundle["head"]
        self.labels = bundle["labels"]
        self.values = np.array([label["value"] for label in self.labels], dtype=np.float64)
        self.classes = np.arange(len(self.labels))
        self.model = {
            "tenant": bundle["tenant"],
            "name": bundle["name"],
            "version": bundle["version"],
            "precision": precision,
            "bundleSha256": bundle["bundleSha256"],
        }
        self.predict(["warm up"])

    def predict(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        encodings = self.tokenizer.encode_batch(list(texts))
        given = {
            "input_ids": [encoding.ids for encoding in encodings],
            "attention_mask": [encoding.attention_mask for encoding in encodings],
            "token_type_ids": [encoding.type_ids for encoding in encodings],
        }
        inputs = {name: np.array(given[name], dtype=np.int64) for name in self.names}
        logits = self.session.run(["logits"], inputs)[0].astype(np.float64)
        return [self._prediction(row, bool(encoding.overflowing)) for row, encoding in zip(logits, encodings, strict=True)]

    def answer(self, predictions: list[dict[str, Any]], started: float, batch_rows: int) -> dict[str, Any]:
        """The whole document. `started` is of `time.perf_counter()`."""
        milliseconds = 1000 * (time.perf_counter() - started)
        timing = {"queueMs": 0.0, "inferenceMs": milliseconds, "totalMs": milliseconds, "batchRows": batch_rows}
        return {"predictions": predictions, "model": self.model, "timing": timing, "requestId": str(uuid.uuid4())}

    def _prediction(self, logits: Any, truncated: bool) -> dict[str, Any]:
        probabilities, above = self._probabilities(logits)
        label, score = self.labels[int((above > 0.5).sum())], float(above.sum())
        named = zip(self.labels, probabilities.tolist(), strict=True)
        return {
            "class": {"index": label["index"], "name": label["name"], "value": label["value"]},
            "score": {"expected": score, "value": float(np.interp(score, self.classes, self.values))},
            "probabilities": [{"name": one["name"], "probability": probability} for one, probability in named],
            "truncated": truncated,
        }

    def _probabilities(self, logits: Any) -> tuple[Any, Any]:
        """Of each class, and of a class above each but the last."""
        if self.head == "cross-entropy":
            odds = np.exp(logits - logits.max())
            each = odds / odds.sum()
            return each, each[::-1].cumsum()[::-1][1:]
        above = 1 / (1 + np.exp(-logits))
        if self.head == "corn":
            above = above.cumprod()
        bounds = np.concatenate([[1.0], above, [0.0]])
        return bounds[:-1] - bounds[1:], above
