import io
import json
from pathlib import Path
from typing import Any

import pytest
from containers.optimization.report.a_report import a_report, a_spec
from spotforge_optimization.report.compare import main
from spotforge_optimization.report.comparison import figures, not_comparable, spec_fields
from spotforge_optimization.report.comparison_page import comparison_page
from spotforge_optimization.report.report_data import ReportData


def another(*, mae: float = 0.7, **train: Any) -> ReportData:
    document = a_report().model_dump(by_alias=True)
    subject = document["subject"] | {"name": "other", "spec": a_spec(**train)}
    return a_report(subject=subject, headline=document["headline"] | {"mae": mae})


def test_the_best_of_each_figure_is_marked_and_a_tie_is_not() -> None:
    found = {each.name: each for each in figures([a_report(), another(mae=0.7), another(mae=0.634)])}
    assert found["MAE on test"].values == (0.634, 0.7, 0.634) and found["MAE on test"].best == (0, 2)
    assert found["FP32 MAE"].best == ()


def test_a_report_without_a_figure_neither_wins_nor_hides_it() -> None:
    found = {each.name: each for each in figures([a_report(), a_report(headline=None)])}
    assert found["MAE on test"].values == (0.634, None) and found["MAE on test"].best == ()
    assert "MAE on test" not in {each.name for each in figures([a_report(headline=None)] * 2)}


def test_fields_that_differ_come_first_also_when_only_one_has_them() -> None:
    fields = spec_fields([a_report(), another(head="coral", maxRows=500)])
    assert [(each.path, each.values) for each in fields if each.differs] == [
        ("train.head", ("cumulative-link", "coral")),
        ("train.maxRows", (None, 500)),
    ]
    assert [each.differs for each in fields] == sorted((each.differs for each in fields), reverse=True)


def test_errors_on_other_test_rows_are_said_not_to_compare() -> None:
    assert not_comparable([a_report(), another()]) == []
    lineage = a_report().model_dump(by_alias=True)["lineage"] | {"hashes": {"dataset (tree hash)": "e" * 64}}
    assert not_comparable([a_report(), a_report(lineage=lineage)]) == ["their datasets are not known to be the same"]
    assert len(not_comparable([a_report(), a_report(lineage=None)])) == 1
    document = a_report().model_dump(by_alias=True)["subject"]
    split = a_spec() | {"dataset": {"split": {"seed": 7}}}
    both = a_report(subject=document | {"labelValues": [1, 2], "spec": split})
    assert len(not_comparable([a_report(), both])) == 2


def test_the_page_lays_all_of_them_over_each_other() -> None:
    page = comparison_page([a_report(), another(head="coral"), a_report(curves=None, tournament=None)])
    for said in ("3 experiments compared", "B other", "the curves of C", "B static-minmax", "Pareto front of all", "★"):
        assert said in page
    assert '<tr class="differs"><th scope="row">train.head' in page


def test_a_comparison_of_many_without_any_data_is_still_a_page() -> None:
    empty = a_report(curves=None, tournament=None, headline=None, timings=None, calibration=None)
    page = comparison_page([empty] * 8)
    assert "no report has a tournament" in page and "their specs are the same" in page


def test_the_command_writes_the_page_and_prints_the_figures(tmp_path: Path) -> None:
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for file, data in zip(files, (a_report(), another()), strict=True):
        file.write_text(data.model_dump_json(by_alias=True))
    out, printed = tmp_path / "page.html", io.StringIO()
    assert main(["--out", str(out), *map(str, files)], printed, io.StringIO()) == 0
    document = json.loads(printed.getvalue())
    assert [each["letter"] for each in document["experiments"]] == ["A", "B"]
    assert document["figures"][0]["best"] == ["A"] and "2 experiments compared" in out.read_text()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        ("{}", "no report that this version reads"),
        ('{"schemaVersion": 2}', "no report that this version"),
    ],
)
def test_the_command_refuses_what_is_no_report(tmp_path: Path, content: str | None, says: str) -> None:
    file = tmp_path / "a.json"
    if content is not None:
        file.write_text(content)
    errors = io.StringIO()
    assert main(["--out", str(tmp_path / "page.html"), str(file)], io.StringIO(), errors) == 64
    assert says in errors.getvalue() and "report.json" in errors.getvalue()
