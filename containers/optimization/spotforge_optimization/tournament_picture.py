"""`tournament.svg`: the candidates by latency and fidelity, as the report draws them, in a file of its own."""

from collections.abc import Mapping
from importlib import resources
from typing import Any

from spotforge_optimization.report import stage_sections
from spotforge_optimization.report.experiment_charts import tournament_chart

NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'
BACKGROUND = "svg { background: var(--card); }"


def tournament_svg(document: Mapping[str, Any]) -> str:
    """Of `tournament.json`. The report's own style sheet goes in, so that the drawing is as readable on dark as on light."""
    drawing = str(tournament_chart(stage_sections.candidates(document)).svg)
    style = resources.files("spotforge_optimization.report").joinpath("templates/page.css").read_text(encoding="utf-8")
    opening, end, rest = drawing.partition(">")
    named = opening if NAMESPACE in opening else opening.replace("<svg", f"<svg {NAMESPACE}", 1)
    return f"{named}{end}<style><![CDATA[{style}{BACKGROUND}]]></style>{rest}"
