import re
from html.parser import HTMLParser
from typing import Any

import pytest
from containers.optimization.report.a_report import a_report, a_spec
from spotforge_optimization.report.experiment_page import SECTIONS, experiment_page

FETCHING = {"src", "href", "srcset", "data", "poster", "action", "xlink:href"}


class Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_asks_for_nothing_and_runs_nothing() -> None:
    elements = Elements(experiment_page(a_report())).found
    assert {tag for tag, _ in elements}.isdisjoint({"script", "link", "img", "iframe", "object", "embed"})
    asked = [value for _, attributes in elements for name, value in attributes.items() if name in FETCHING]
    assert asked and all(value and value.startswith("#") for value in asked)
    assert not [name for _, attributes in elements for name in attributes if name.startswith("on") or name == "style"]
    policies = [attributes["content"] for tag, attributes in elements if attributes.get("http-equiv")]
    assert policies and (policies[0] or "").startswith("default-src 'none'; style-src 'sha256-")


def test_the_page_is_the_same_whenever_it_is_made() -> None:
    assert experiment_page(a_report()) == experiment_page(a_report())


def test_ids_are_unique_and_every_reference_finds_its_own() -> None:
    elements = Elements(experiment_page(a_report())).found
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    labels = [name for _, attributes in elements for name in (attributes.get("aria-labelledby") or "").split()]
    assert set(labels) <= set(ids)


def test_the_headline_says_what_was_reached_and_what_is_preferred() -> None:
    page = experiment_page(a_report())
    for said in ("0.634", "median class 1.210", "47.6 %", ">passed<", "<b>INT8</b>", "1.61 times as fast"):
        assert said in page


def test_a_rejected_experiment_says_so_at_the_top() -> None:
    headline = a_report().model_dump(by_alias=True)["headline"] | {"rejected": "INT8 failed: delta 0.3", "verdict": "failed"}
    page = experiment_page(a_report(headline=headline))
    assert "<b>Rejected.</b> INT8 failed: delta 0.3" in page and "nothing was released" in page


@pytest.mark.parametrize("section", [name for name, _ in SECTIONS])
def test_a_section_without_data_says_why_instead_of_vanishing(section: str) -> None:
    page = experiment_page(a_report(**{section: None, "missing": {section: "Nobody left it."}}))
    part = re.search(rf'<section id="{section}".*?</section>', page, re.DOTALL)
    assert part is not None and "Missing: Nobody left it." in part[0]


def test_a_report_of_nothing_is_still_a_page() -> None:
    page = experiment_page(a_report(**{name: None for name, _ in SECTIONS}))
    assert page.count("Missing: it was not recorded.") == len(SECTIONS)


def test_what_users_wrote_is_shown_and_not_obeyed() -> None:
    subject: dict[str, Any] = a_report().model_dump(by_alias=True)["subject"] | {"name": "<script>alert(1)</script>"}
    spec = a_spec() | {"model": {"name": "<img src=x onerror=alert(1)>"}}
    page = experiment_page(a_report(subject=subject | {"spec": spec}))
    assert "<script" not in page and "<img" not in page and "&lt;script&gt;" in page


def test_the_trend_of_parity_says_why_there_is_none() -> None:
    parity = a_report().model_dump(by_alias=True)["parity"] | {"trend": [], "notes": ["The weights of step 0 have expired."]}
    page = experiment_page(a_report(parity=parity))
    assert "No trend over training: The weights of step 0 have expired." in page


def test_timings_too_noisy_to_rank_are_called_so() -> None:
    timings = a_report().model_dump(by_alias=True)["timings"] | {"conclusive": False, "latencies": []}
    page = experiment_page(a_report(timings=timings))
    assert "Too noisy to rank" in page and "the benchmark gave no latencies" in page
