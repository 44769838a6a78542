"""The text task of the evaluation: every rated snippet of VADER's four sources, one document a group.

The demo's data with the newspaper's editorials added, read the same way; `base-model/` is the demo's encoder.
"""

import sys
from pathlib import Path

from demo_data import RATINGS_FILES, fetch

SOURCES = {**RATINGS_FILES, "editorial": "hutto_ICWSM_2014/nytEditorialSnippets_GroundTruth.txt"}


def write_text_task(to: Path) -> None:
    """Leaves `ratings.csv` (`text,label,document`, labels -3 … 3) and `base-model/` in the folder."""
    fetch(to, SOURCES)


if __name__ == "__main__":
    write_text_task(Path(sys.argv[1]))
