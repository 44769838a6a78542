"""Results are judged in pairs, kept under what decides them, and reported with their limits."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from cell_results import CellResult, CellStore, cell_hash
from evaluation_report import write_report
from head_comparison import compare, paired_change
from laptop_stages import resolve
from pydantic import ValidationError

LABELS = np.tile([0, 1, 2, 3], 100)
REQUEST: dict[str, Any] = {
    "task": "text-ordinal",
    "model": {"name": "m", "base": "upload:a"},
    "dataset": {"name": "d", "source": "upload:b", "split": {"seed": 13}},
    "train": {"head": "corn", "seed": 13},
}


def a_cell(head: str, seed: int, wrong: int, *, group: str = "text", code: str = "a") -> CellResult:
    """A model that is one class off in its first `wrong` rows, another seed's elsewhere."""
    predicted = LABELS.copy()
    at = (np.arange(wrong) + 7 * (seed - 13)) % len(LABELS)
    predicted[at] = np.where(LABELS[at] < 3, LABELS[at] + 1, 2)
    return CellResult(
        key=f"{group}/{head}/{seed}",
        group=group,
        head=head,
        seed=seed,
        train_rows=3200,
        mae=wrong / len(LABELS),
        baseline_mae=1.0,
        seconds=100,
        samples_per_second=50,
        epochs=2,
        code=code,
        rows=list(range(len(LABELS))),
        labels=LABELS.tolist(),
        predicted=predicted.tolist(),
        scores=[float(value) for value in predicted],
    )


def test_a_head_is_lower_or_higher_only_where_the_interval_leaves_out_zero() -> None:
    heads = {"cumulative-link": 40, "coral": 81, "corn": 160, "cross-entropy": 80}
    task = compare("text", [a_cell(head, seed, wrong) for head, wrong in heads.items() for seed in (13, 14)])
    assert task is not None
    assert {head.head: head.verdict for head in task.heads} == {
        "cumulative-link": "lower",
        "coral": "not told apart",
        "corn": "higher",
        "cross-entropy": None,
    }
    assert task.heads[0].change is not None and task.heads[0].change.change == pytest.approx(-0.5)


def test_a_head_that_one_seed_alone_makes_better_is_not_told_apart() -> None:
    of_corn = dict(zip((13, 14, 15, 16, 17), (5, 80, 80, 80, 80), strict=True))
    task = compare("text", [a_cell("corn", seed, wrong) for seed, wrong in of_corn.items()] + [
        a_cell("cross-entropy", seed, 80) for seed in of_corn
    ])  # fmt: skip
    assert task is not None and task.heads[0].change is not None
    assert task.heads[0].change.change < -0.15
    assert task.heads[0].verdict == "not told apart"


def test_an_interval_covers_a_change_that_is_not_there_about_as_often_as_it_says() -> None:
    draw = np.random.default_rng(3)
    held = 0
    for _ in range(40):
        of_seed = draw.normal(0.8, 0.05, (2, 5, 1))
        before, after = np.abs(draw.normal(of_seed, 0.5, (2, 5, 300)))
        change = paired_change(before, after)
        held += change.low <= 0 <= change.high
    assert held >= 34


def test_heads_are_compared_over_the_seeds_that_both_have() -> None:
    task = compare("text", [a_cell("corn", 13, 40), a_cell("corn", 14, 300), a_cell("cross-entropy", 13, 80)])
    assert task is not None and task.heads[0].change is not None
    assert task.heads[0].change.change == pytest.approx(-0.5)
    assert task.heads[0].mae == pytest.approx(170 / 400)


def test_a_head_without_a_seed_in_common_has_no_verdict() -> None:
    task = compare("text", [a_cell("corn", 14, 40), a_cell("cross-entropy", 13, 80)])
    assert task is not None and task.heads[0].verdict is None


def test_cells_that_were_judged_on_other_rows_are_not_compared() -> None:
    other = a_cell("corn", 13, 40).model_copy(update={"rows": list(range(1, 401))})
    with pytest.raises(ValueError, match="same test rows"):
        compare("text", [other, a_cell("cross-entropy", 13, 80)])


def test_a_cell_is_kept_under_its_spec_and_data_but_not_under_their_addresses(tmp_path: Path) -> None:
    data = {"processed": "1", "baseModel": "2"}
    elsewhere = REQUEST | {"model": {"name": "m", "base": "upload:c"}, "dataset": REQUEST["dataset"] | {"source": "upload:d"}}
    at = cell_hash(REQUEST, data)
    assert cell_hash(elsewhere, data) == at
    assert cell_hash(REQUEST, data | {"processed": "3"}) != at
    assert cell_hash(REQUEST | {"train": {"head": "corn", "seed": 14}}, data) != at
    store = CellStore(tmp_path / "cells")
    assert store.read(at) is None
    store.write(at, a_cell("corn", 13, 5))
    assert store.read(at) == a_cell("corn", 13, 5)


def test_the_report_says_what_is_missing_and_that_code_was_mixed(tmp_path: Path) -> None:
    results = [a_cell("corn", 13, 40), a_cell("cross-entropy", 13, 80, code="b"), a_cell("corn", 13, 9, group="text-all-rows")]
    page = write_report(results, ["a", "b", "c", "d"], tmp_path / "docs/evaluation.md").read_text()
    assert "- **text**, answered by the median class: corn has a lower MAE than cross-entropy." in page
    assert "3 of 4 cells are measured. They come from 2 versions of the training code." in page
    assert "## All rows of all sources" in page
    assert "## Image" not in page
    ElementTree.parse(tmp_path / "docs/evaluation-text.svg")


def test_a_report_of_nothing_says_so(tmp_path: Path) -> None:
    assert "Nothing has been measured yet." in write_report([], ["a"], tmp_path / "evaluation.md").read_text()


def test_a_spec_that_breaks_the_contract_is_refused() -> None:
    with pytest.raises(ValidationError):
        resolve(REQUEST, source="upload:none", base="upload:none")
