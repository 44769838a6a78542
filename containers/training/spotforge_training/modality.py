"""What a task's data are: how rows become examples, how examples become a batch, and what is published beside the weights."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from spotforge_training.examples import Collate, Examples
from spotforge_training.image_examples import PREPROCESSOR, ImageExamples, load_picture_rules, stack_pictures
from spotforge_training.split_tables import SplitTable
from spotforge_training.text_examples import PadToLongest, TextExamples, load_tokenizer


@dataclass(frozen=True)
class Modality:
    """`column` of the prepared splits holds the content; `save` writes into a model folder what turns content into inputs."""

    column: str
    examples: Callable[[SplitTable], Examples]
    collate: Collate
    save: Callable[[Path], object]


CONTENT_COLUMNS = {"text-ordinal": "text", "image-ordinal": "image"}


def modality_of(task: str, base: Path, max_length: int) -> Modality:
    """Of a base model's directory. InvalidInput when it lacks the tokenizer, or the preprocessor, of the task."""
    if task == "image-ordinal":
        rules = load_picture_rules(base)
        content = (base / PREPROCESSOR).read_bytes()
        return Modality(
            column=CONTENT_COLUMNS[task],
            examples=lambda table: ImageExamples(rules, table.images, table.labels.tolist()),
            collate=stack_pictures,
            save=lambda folder: (folder / PREPROCESSOR).write_bytes(content),
        )
    tokenizer = load_tokenizer(base)
    return Modality(
        column=CONTENT_COLUMNS[task],
        examples=lambda table: TextExamples(tokenizer, table.texts, table.labels.tolist(), max_length),
        collate=PadToLongest(tokenizer),
        save=tokenizer.save_pretrained,
    )
