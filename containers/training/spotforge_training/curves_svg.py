"""curves.svg: loss and MAE over the steps of a run, readable on a light and on a dark page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from spotforge_training.training_metrics import Line

WIDTH, HEIGHT = 860, 340
PANEL_WIDTH, PANEL_HEIGHT = 330, 210
TOP, BOTTOM_GAP = 72, 44
# Both hues keep a contrast of at least 3 : 1 on white and on near-black.
TRAINING, VALIDATION, NEUTRAL = "#3b82c4", "#d9622b", "#808890"
Point = tuple[float, float]


@dataclass(frozen=True)
class Curve:
    label: str
    colour: str
    points: Sequence[Point]
    dots: bool = False
    dashed: bool = False


def curves_svg(lines: Sequence[Line], *, title: str, baseline_mae: float) -> str:
    """An SVG document of two panels: training and validation loss; validation MAE against the median-class baseline."""
    steps = max([line["step"] for line in lines], default=1.0)
    loss = [
        Curve("training", TRAINING, _points(lines, "loss")),
        Curve("validation", VALIDATION, _points(lines, "validationLoss"), dots=True),
    ]
    mae = [
        Curve("validation", VALIDATION, _points(lines, "validationMae"), dots=True),
        Curve("median class", NEUTRAL, [(0.0, baseline_mae), (steps, baseline_mae)], dashed=True),
    ]
    body = _panel(70, "Loss (nats)", loss, steps) + _panel(70 + PANEL_WIDTH + 90, "Mean absolute error (classes)", mae, steps)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label={quoteattr(title)} font-family="system-ui, sans-serif" font-size="12" fill="{NEUTRAL}">\n'
        f'<text x="70" y="24" font-size="15" font-weight="600">{escape(title)}</text>\n{body}</svg>\n'
    )


def _points(lines: Sequence[Line], name: str) -> list[Point]:
    return [(line["step"], line[name]) for line in lines if name in line]


def _panel(left: int, heading: str, curves: Sequence[Curve], steps: float) -> str:
    ticks = nice_ticks(0.0, max([y for curve in curves for _, y in curve.points if math.isfinite(y)], default=1.0))
    bottom = TOP + PANEL_HEIGHT

    def at(point: Point) -> tuple[float, float]:
        x, y = point
        return round(left + PANEL_WIDTH * x / steps, 1), round(bottom - PANEL_HEIGHT * min(y, ticks[-1]) / ticks[-1], 1)

    parts = [f'<text x="{left}" y="{TOP - 26}" font-weight="600">{heading}</text>']
    key = left
    for curve in curves:
        dash = ' stroke-dasharray="4 3"' if curve.dashed else ""
        parts.append(f'<path d="M{key} {TOP - 14}h18" stroke="{curve.colour}" stroke-width="2"{dash}/>')
        parts.append(f'<text x="{key + 23}" y="{TOP - 10}">{curve.label}</text>')
        key += 45 + 7 * len(curve.label)
    for tick in ticks:
        y = at((0, tick))[1]
        parts.append(f'<path d="M{left} {y}h{PANEL_WIDTH}" stroke="{NEUTRAL}" stroke-opacity=".25"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{tick:g}</text>')
    for tick in nice_ticks(0.0, steps):
        if tick <= steps:
            x = at((tick, 0))[0]
            parts.append(f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>')
    parts.append(f'<text x="{left + PANEL_WIDTH / 2:g}" y="{bottom + BOTTOM_GAP - 6}" text-anchor="middle">step</text>')
    for curve in curves:
        places = [at(point) for point in curve.points if math.isfinite(point[1])]
        if len(places) > 1:
            path = "L".join(f"{x} {y}" for x, y in places)
            dash = ' stroke-dasharray="4 3"' if curve.dashed else ""
            parts.append(
                f'<path d="M{path}" fill="none" stroke="{curve.colour}" stroke-width="1.8" stroke-linejoin="round"{dash}/>'
            )
        if curve.dots:
            parts.extend(f'<circle cx="{x}" cy="{y}" r="3.2" fill="{curve.colour}"/>' for x, y in places)
    return "".join(f"{part}\n" for part in parts)


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from `low` to at least `high`, at most `most` + 1 of them.

    >>> nice_ticks(0.0, 1.9)
    [0.0, 0.5, 1.0, 1.5, 2.0]
    """
    span = max(high - low, 1e-9)
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor * most >= span)
    return [round(low + i * step, 10) for i in range(math.ceil(span / step - 1e-9) + 1)]
