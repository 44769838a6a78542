"""`base_model.py FOLDER` prints the tree hash under which ingest stores that base model, and with it the name that stages look
for in their image. Exit code 1 and a sentence for a folder that ingest would not take as it is."""

from __future__ import annotations

import sys
from pathlib import Path

from spotforge_data.base_model_rules import check_content, check_has_what_is_needed, is_refused
from spotforge_runtime.errors import InvalidInput
from spotforge_runtime.tree_hash import tree_hash_of_folder


def hash_of(folder: Path) -> str:
    """InvalidInput when ingest would refuse the folder, or leave a file of it behind and so store it under another hash."""
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    left = [path for path in files if is_refused(path)]
    if left:
        raise InvalidInput(
            f"Stages take no {', '.join(left)}, so an image must not hold it.", remedy="Bake in a folder without such files."
        )
    check_has_what_is_needed(files, str(folder))
    check_content(files, str(folder))
    return tree_hash_of_folder(folder)


def main(folder: str) -> int:
    try:
        print(hash_of(Path(folder)))  # noqa: T201
    except InvalidInput as error:
        print(f"{error.message} {error.remedy or ''}".strip(), file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
