"""The data sets that the heads are compared on, as a user would upload them."""

from collections.abc import Callable
from pathlib import Path

from image_task import write_image_task
from prepared_task import TaskFolder
from text_task import write_text_task

WRITERS: dict[str, Callable[[Path], None]] = {"text": write_text_task, "image": write_image_task}


def folder_of(dataset: str, to: Path) -> TaskFolder:
    """The files of `text` or `image` and their base model, made below `to` once."""
    folder = to / dataset
    if not folder.exists():
        WRITERS[dataset](folder)
    return TaskFolder(folder)
