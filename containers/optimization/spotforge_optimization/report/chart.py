"""Charts as SVG text.

Colours are classes of the page, so that one drawing serves a light screen, a dark one and paper. Each drawing has a title and
a description for those who hear it, and each mark a title that shows its numbers.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from spotforge_optimization.report.axis import Axis, axis, named

WIDTH, HEIGHT = 520, 270  # about what a column of the page has: letters keep their size
LEFT, RIGHT, TOP, BOTTOM = 72, 18, 14, 48
LABEL_GAP = 15  # between the lines of two labels
LETTER = 6.4  # width of one, about
Point = tuple[float, float]


@dataclass(frozen=True)
class Series:
    """`colour` is a number of the page's palette, 0 neutral. `ranges` are (x, low, high), drawn as bars behind the marks."""

    label: str
    colour: int
    points: Sequence[Point]
    line: bool = True
    marks: bool = False
    dashed: bool = False
    ranges: Sequence[tuple[float, float, float]] = ()
    names: Sequence[str] = field(default=())  # of the points, written beside them


@dataclass(frozen=True)
class Chart:
    """`key` says which colour is what: (colour, dashed, label)."""

    title: str
    description: str
    svg: Markup
    key: tuple[tuple[int, bool, str], ...]


def plot(
    title: str,
    description: str,
    series: Sequence[Series],
    *,
    x: str,
    y: str,
    x_from_zero: bool = True,
    y_from_zero: bool = True,
) -> Chart:
    """Lines and marks over two axes with the labels `x` and `y`. Points that are not finite are left out."""
    drawn = [_finite(each) for each in series]
    points = [point for each in drawn for point in each.points]
    ends = [end for each in drawn for _, low, high in each.ranges for end in (low, high)]
    across = axis(x, [px for px, _ in points], LEFT, WIDTH - LEFT - RIGHT, from_zero=x_from_zero, most=7)
    up = axis(
        y, [*(py for _, py in points), *ends], HEIGHT - BOTTOM, HEIGHT - TOP - BOTTOM, from_zero=y_from_zero, upwards=True, most=5
    )
    parts = [*_grid(across, up), *(part for each in drawn for part in _series(each, across, up)), *_names(drawn, across, up)]
    key = tuple((each.colour, each.dashed, each.label) for each in series)
    return Chart(title, description, _svg(title, description, parts, WIDTH, HEIGHT), key)


def bars(title: str, description: str, values: Sequence[tuple[str, float]], *, x: str, y: str) -> Chart:
    """One bar a value, its number above it where there is room."""
    up = axis(y, [value for _, value in values], HEIGHT - BOTTOM, HEIGHT - TOP - BOTTOM, from_zero=True, upwards=True, most=5)
    slot = (WIDTH - LEFT - RIGHT) / max(len(values), 1)
    parts = [*_ticks_up(up), _axis_label(x)]
    every = math.ceil(len(values) / 20)
    for number, (name, value) in enumerate(values):
        left, top = LEFT + slot * (number + 0.14), up.at(value)
        middle = round(LEFT + slot * (number + 0.5), 1)
        height = HEIGHT - BOTTOM - top
        parts.append(
            f'<rect class="bar" x="{left:.1f}" y="{top}" width="{slot * 0.72:.1f}" height="{height:.1f}">'
            f"<title>{escape(name)}: {value:g}</title></rect>"
        )
        if slot > 34:
            # At the very top the number stands in the bar.
            inside = top < TOP + 14
            parts.append(
                f'<text class="{"value in" if inside else "value"}" x="{middle}" y="{top + 14 if inside else top - 5:.1f}" '
                f'text-anchor="middle">{value:g}</text>'
            )
        if number % every == 0:
            parts.append(f'<text x="{middle}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{escape(name)}</text>')
    return Chart(title, description, _svg(title, description, parts, WIDTH, HEIGHT), ())


def heat_map(title: str, description: str, matrix: Sequence[Sequence[int]], names: Sequence[str], *, x: str, y: str) -> Chart:
    """Counts as squares, each as strong as its share of its row; the first row lies at the bottom, so that the diagonal rises."""
    size = len(matrix)
    side = min(56.0, 380.0 / size)
    width, height = LEFT + side * size + RIGHT, TOP + side * size + BOTTOM
    parts: list[str] = []
    every = math.ceil(size / 16)
    for row, counts in enumerate(matrix):
        total = sum(counts) or 1
        top = round(TOP + side * (size - 1 - row), 1)
        for column, count in enumerate(counts):
            left, share = round(LEFT + side * column, 1), count / total
            parts.append(
                f'<rect class="cell" x="{left}" y="{top}" width="{side - 1:.1f}" height="{side - 1:.1f}" '
                f'fill-opacity="{share:.3f}"><title>{escape(y)} {escape(names[row])}, {escape(x)} {escape(names[column])}: '
                f"{count} rows, {share:.0%}</title></rect>"
            )
            if side >= 30:
                tone = "strong" if share > 0.6 else "value"
                middle = f'x="{left + side / 2:.1f}" y="{top + side / 2 + 4:.1f}"'
                parts.append(f'<text class="{tone}" {middle} text-anchor="middle">{count}</text>')
        if row % every == 0:
            parts.append(f'<text x="{LEFT - 8}" y="{top + side / 2 + 4:.1f}" text-anchor="end">{escape(names[row])}</text>')
            under = round(LEFT + side * (row + 0.5), 1)
            parts.append(f'<text x="{under}" y="{height - BOTTOM + 18:.1f}" text-anchor="middle">{escape(names[row])}</text>')
    centre = LEFT + side * size / 2
    parts.append(f'<text x="{centre:.1f}" y="{height - 8:.1f}" text-anchor="middle" class="axis">{escape(x)}</text>')
    parts.append(_upright(y, TOP + side * size / 2))
    return Chart(title, description, _svg(title, description, parts, width, height), ())


def _finite(series: Series) -> Series:
    names = series.names or [""] * len(series.points)
    kept = [(p, name) for p, name in zip(series.points, names, strict=True) if all(map(math.isfinite, p))]
    return Series(
        series.label,
        series.colour,
        [point for point, _ in kept],
        series.line,
        series.marks,
        series.dashed,
        [each for each in series.ranges if all(map(math.isfinite, each))],
        [name for _, name in kept] if series.names else (),
    )


def _svg(title: str, description: str, parts: Sequence[str], width: float, height: float) -> Markup:
    name = re.sub(r"[^a-z0-9]+", "-", title.lower())
    body = "".join(f"{part}\n" for part in parts)
    return Markup(  # noqa: S704 - every text in it is escaped above
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-labelledby="title-{name} about-{name}">\n<title id="title-{name}">{escape(title)}</title>'
        f'<desc id="about-{name}">{escape(description)}</desc>\n{body}</svg>'
    )


def _grid(across: Axis, up: Axis) -> list[str]:
    bottom = HEIGHT - BOTTOM
    ticks = [f'<text x="{across.at(tick)}" y="{bottom + 18}" text-anchor="middle">{named(tick)}</text>' for tick in across.ticks]
    return [*_ticks_up(up), *ticks, _axis_label(across.label)]


def _ticks_up(up: Axis) -> list[str]:
    parts = [_upright(up.label, (TOP + HEIGHT - BOTTOM) / 2)]
    for tick in up.ticks:
        y = up.at(tick)
        parts.append(f'<path class="grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{named(tick)}</text>')
    return parts


def _axis_label(label: str) -> str:
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    return f'<text x="{middle:g}" y="{HEIGHT - 8}" text-anchor="middle" class="axis">{escape(label)}</text>'


def _upright(label: str, middle: float) -> str:
    return f'<text class="axis" transform="translate(14 {middle:.1f}) rotate(-90)" text-anchor="middle">{escape(label)}</text>'


def _series(series: Series, across: Axis, up: Axis) -> list[str]:
    parts = [
        f'<path class="range c{series.colour}" d="M{across.at(x)} {up.at(low)}V{up.at(high)}"/>' for x, low, high in series.ranges
    ]
    places = [(across.at(x), up.at(y)) for x, y in series.points]
    dashed = " dashed" if series.dashed else ""
    if series.line and len(places) > 1:
        path = "L".join(f"{x} {y}" for x, y in places)
        parts.append(f'<path class="line c{series.colour}{dashed}" d="M{path}"/>')
    if series.marks or (series.line and len(places) == 1):
        for number, ((x, y), (value_x, value_y)) in enumerate(zip(places, series.points, strict=True)):
            name = series.names[number] if series.names else series.label
            parts.append(
                f'<circle class="mark c{series.colour}" cx="{x}" cy="{y}" r="4">'
                f"<title>{escape(name)}: {escape(across.label)} {value_x:.4g}, {escape(up.label)} {value_y:.4g}</title></circle>"
            )
    return parts


def _names(series: Sequence[Series], across: Axis, up: Axis) -> list[str]:
    """Beside their points, left of them in the right part of the drawing, and moved down where two would overlap."""
    placed: list[tuple[float, float, float]] = []
    parts = []
    wanted = [
        (up.at(y), across.at(x), name) for each in series for (x, y), name in zip(each.points, each.names, strict=False) if name
    ]
    for y, x, name in sorted(wanted):
        width = LETTER * len(name)
        leftwards = x + 9 + width > WIDTH - 4
        left = x - 9 - width if leftwards else x + 9
        line = y + 4
        while any(
            left < other_right and other_left < left + width and abs(line - other) < LABEL_GAP
            for other_left, other_right, other in placed
        ):
            line += 2
        placed.append((left, left + width, line))
        anchor = ' text-anchor="end"' if leftwards else ""
        parts.append(f'<text x="{x - 9 if leftwards else x + 9:.1f}" y="{line:.1f}"{anchor}>{escape(name)}</text>')
    return parts
