"""Templates to self-contained pages: nothing is asked from anywhere, and nothing on the page can run."""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from spotforge_optimization.report.axis import named

TEMPLATES = "spotforge_optimization.report"


def render(template: str, **values: Any) -> str:
    """The page of a template, with the style and the policy that admits this style and nothing else."""
    style = files(TEMPLATES).joinpath("templates", "page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return _environment().get_template(template).render(style=Markup(style), policy=policy, **values)  # noqa: S704 - our file


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "decimals": decimals,
        "percent": percent,
        "size": size,
        "duration": duration,
        "scientific": scientific,
        "named": named,
    }
    return environment


def decimals(value: float | None, places: int = 3) -> str:
    return "–" if value is None else f"{value:.{places}f}"


def percent(value: float | None, places: int = 1) -> str:
    return "–" if value is None else f"{100 * value:.{places}f} %"


def scientific(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.2e}"


def size(value: float | None) -> str:
    """Of bytes, in powers of 1000.

    >>> size(950), size(22_700_000), size(None)
    ('950 B', '22.7 MB', '–')
    """
    if value is None:
        return "–"
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


def duration(seconds: float) -> str:
    """
    >>> duration(9.24), duration(75), duration(7260)
    ('9.2 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
