"""Scores texts or pictures with a downloaded bundle: tokenizers, Pillow and onnxruntime, no torch and no transformers.

python -m spotforge_optimization.score --bundle DIR --json < lines    (each line a text, or a picture's path)
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO

from spotforge_runtime.errors import InvalidInput, StageError, outcome_of

from spotforge_optimization.bundle_folder import read_bundle

if TYPE_CHECKING:
    from spotforge_runtime.contracts.models import Bundle

    from spotforge_optimization.encoding import Examples
    from spotforge_optimization.onnx_session import OnnxModel

ModelName = Literal["preferred", "fp32", "int8"]
BATCH_ROWS = 16


@dataclass(frozen=True)
class Score:
    """`text` is the line: a text, or a picture's path. `value` and `name` are the median class's; `expected_score` is E[y] in
    classes, `expected_value` the same on the scale of the labels, linear between neighbours; `probabilities` are by class,
    lowest first."""

    text: str
    index: int
    name: str
    value: float
    expected_score: float
    expected_value: float
    probabilities: tuple[float, ...]


class Scorer:
    """A bundle whose hashes held, with one of its models open."""

    def __init__(self, folder: Path, model: ModelName = "preferred", *, threads: int = 1) -> None:
        """InvalidInput when the folder is no bundle, not the one that was released, or has no such model."""
        from spotforge_optimization.onnx_session import open_model

        self._folder = folder
        self.bundle: Bundle = read_bundle(folder)
        self.model: Literal["fp32", "int8"] = self.bundle.preferred if model == "preferred" else model
        released = getattr(self.bundle.models, self.model)
        if released is None:
            raise InvalidInput(
                f"The bundle carries no {self.model} model: it failed its gate, and FP32 ships alone.",
                where=str(folder),
                remedy="Use --model fp32, or none: the bundle says which is preferred.",
            )
        self._onnx: OnnxModel = open_model(folder / released.file, threads)

    def score(self, lines: Sequence[str]) -> list[Score]:
        """Texts, or paths of pictures, in the order given; an empty list gives an empty list."""
        import numpy as np
        from spotforge_runtime.ordinal_decoding import class_probabilities, expected_score, predicted_class

        from spotforge_optimization.onnx_session import all_logits, in_order_of_length

        if not lines:
            return []
        head, examples = self.bundle.head, self._encoded(lines)
        logits = all_logits(self._onnx.logits, examples, in_order_of_length(examples, BATCH_ROWS))
        classes, scores = predicted_class(logits, head), expected_score(logits, head)
        probabilities = class_probabilities(logits, head)
        values = [label.value for label in self.bundle.labels]
        on_scale = np.interp(scores, np.arange(len(values)), values)
        return [
            Score(
                text=text,
                index=int(classes[row]),
                name=self.bundle.labels[int(classes[row])].name,
                value=values[int(classes[row])],
                expected_score=float(scores[row]),
                expected_value=float(on_scale[row]),
                probabilities=tuple(float(p) for p in probabilities[row]),
            )
            for row, text in enumerate(lines)
        ]

    def _encoded(self, lines: Sequence[str]) -> "Examples":
        """As the bundle says that its model was fed."""
        from spotforge_runtime.pictures import PictureRules

        from spotforge_optimization.encoded_pictures import EncodedPictures
        from spotforge_optimization.encoding import encode

        tokenizer, image = self.bundle.tokenizer, self.bundle.image
        if tokenizer is not None:
            return encode(lines, self._folder / tokenizer.file, max_length=tokenizer.max_length, pad_id=tokenizer.pad_id)
        if image is None:
            raise InvalidInput("The bundle says neither how to read texts nor pictures.", where=str(self._folder))
        red, green, blue = zip(image.mean, image.std, strict=True)
        rules = PictureRules(
            width=image.width,
            height=image.height,
            resample=image.resample,
            rescale=image.rescale,
            mean=(red[0], green[0], blue[0]),
            std=(red[1], green[1], blue[1]),
        )
        try:
            return EncodedPictures([Path(line).read_bytes() for line in lines], rules)
        except OSError as error:
            raise InvalidInput(f"A picture cannot be read: {error}", remedy="Give the path of a picture in each line.") from error


def main(arguments: Sequence[str], source: TextIO, sink: TextIO, errors: TextIO) -> int:
    """Exit code 0, or that of the error; one JSON document with --json, else one line a text."""
    parser = argparse.ArgumentParser(prog="python -m spotforge_optimization.score", description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True, help="folder of a downloaded bundle")
    parser.add_argument("--model", choices=("preferred", "fp32", "int8"), default="preferred")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one document with class, scores and probabilities of every line")
    parsed = parser.parse_args(arguments)
    texts = [line.rstrip("\n") for line in source if line.strip()]
    try:
        scorer = Scorer(parsed.bundle, parsed.model, threads=parsed.threads)
        scores = scorer.score(texts)
    except StageError as error:
        errors.write(" ".join(part for part in (error.message, error.remedy) if part) + "\n")
        return outcome_of(error).exit_code
    if parsed.json:
        document = {"bundleSha256": scorer.bundle.bundle_sha256, "model": scorer.model, "scores": [_document(s) for s in scores]}
        sink.write(json.dumps(document, ensure_ascii=False) + "\n")
    else:
        sink.writelines(f"{s.name:>6}  {s.expected_value:+.2f}  {s.text}\n" for s in scores)
    return 0


def _document(score: Score) -> dict[str, object]:
    fields = asdict(score)
    fields["expectedScore"] = fields.pop("expected_score")
    fields["expectedValue"] = fields.pop("expected_value")
    return fields


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin, sys.stdout, sys.stderr))
