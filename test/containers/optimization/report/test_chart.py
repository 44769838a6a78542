import itertools
import re
from xml.etree import ElementTree

from spotforge_optimization.report.chart import Chart, Series, bars, heat_map, plot

EVIL = '<script>alert("x")</script>'


def parsed(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(str(chart.svg))


def test_a_drawing_says_what_it_shows_to_those_who_hear_it() -> None:
    root = parsed(plot("Loss", "By step.", [Series("a", 1, [(0, 1), (1, 2)])], x="step", y="loss"))
    title, about = root.find("title"), root.find("desc")
    assert title is not None and about is not None
    assert root.attrib["role"] == "img" and root.attrib["aria-labelledby"] == f"{title.attrib['id']} {about.attrib['id']}"
    assert (title.text, about.text) == ("Loss", "By step.")


def test_every_text_is_escaped() -> None:
    series = [Series(EVIL, 1, [(0, 1), (1, 2)], marks=True, names=[EVIL, EVIL])]
    for chart in (
        plot(EVIL, EVIL, series, x=EVIL, y=EVIL),
        bars(EVIL, EVIL, [(EVIL, 1.0)], x=EVIL, y=EVIL),
        heat_map(EVIL, EVIL, [[1]], [EVIL], x=EVIL, y=EVIL),
    ):
        assert "<script" not in chart.svg
        assert parsed(chart).find("title") is not None


def test_points_that_are_not_finite_are_left_out() -> None:
    root = parsed(plot("t", "d", [Series("a", 1, [(0, 1), (1, float("nan")), (2, float("inf"))], marks=True)], x="x", y="y"))
    assert len(root.findall("circle")) == 1


def test_colours_are_the_pages_and_none_of_the_drawings() -> None:
    svg = str(plot("t", "d", [Series("a", 1, [(0, 1), (1, 2)], marks=True)], x="x", y="y").svg)
    assert not re.search(r"#[0-9a-f]{3,6}|style=|rgb\(", svg)


def test_names_of_points_in_one_place_do_not_overlap() -> None:
    series = [Series("a", 1, [(1, 1), (1, 1), (1, 1.001)], line=False, marks=True, names=["one", "two", "three"])]
    texts = [
        each for each in parsed(plot("t", "d", series, x="x", y="y")).findall("text") if each.text in ("one", "two", "three")
    ]
    heights = sorted(float(each.attrib["y"]) for each in texts)
    assert all(lower - upper >= 14 for upper, lower in itertools.pairwise(heights))


def test_a_heat_map_of_many_classes_names_some_of_them_and_a_bar_chart_of_many_bars_too() -> None:
    names = [str(number) for number in range(64)]
    cells = parsed(heat_map("t", "d", [[1] * 64] * 64, names, x="predicted", y="label"))
    assert len(cells.findall("rect")) == 64 * 64 and len(cells.findall("text")) < 40
    assert len(parsed(bars("t", "d", [(name, 1.0) for name in names], x="x", y="y")).findall("text")) < 30


def test_a_chart_without_points_is_still_a_chart() -> None:
    assert parsed(plot("t", "d", [Series("a", 1, [])], x="x", y="y")).find("title") is not None
    assert parsed(bars("t", "d", [], x="x", y="y")).find("title") is not None
