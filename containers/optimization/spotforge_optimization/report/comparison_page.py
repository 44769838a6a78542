"""Several experiments side by side, for a person."""

from collections.abc import Sequence

from spotforge_optimization.pareto import pareto_front
from spotforge_optimization.report.chart import Chart, Series, plot
from spotforge_optimization.report.comparison import figures, letter, not_comparable, spec_fields
from spotforge_optimization.report.curve_charts import points
from spotforge_optimization.report.page import render
from spotforge_optimization.report.report_data import ReportData

COLOURS = 6  # then they begin anew, dashed


def comparison_page(reports: Sequence[ReportData]) -> str:
    """In the order given; the first one is called A."""
    letters = [letter(number) for number in range(len(reports))]
    return render(
        "comparison.html.jinja",
        experiments=list(zip(letters, reports, strict=True)),
        figures=figures(reports),
        fields=spec_fields(reports),
        warnings=not_comparable(reports),
        curves=[
            _overlaid(reports, "Training loss", "loss", "loss (nats)"),
            _overlaid(reports, "Validation loss", "validationLoss", "loss (nats)"),
            _overlaid(reports, "Validation MAE", "validationMae", "MAE (classes)"),
        ],
        without_curves=[letter(number) for number, data in enumerate(reports) if not data.curves],
        pareto=_pareto(reports),
    )


def _label(number: int, data: ReportData) -> str:
    return f"{letter(number)} {data.subject.name}"


def _overlaid(reports: Sequence[ReportData], title: str, name: str, y: str) -> Chart:
    return plot(
        title,
        "One line an experiment, over its own steps.",
        [
            Series(
                _label(number, data),
                1 + number % COLOURS,
                points(data.curves or [], name),
                marks=name != "loss",
                dashed=number >= COLOURS,
            )
            for number, data in enumerate(reports)
        ],
        x="step",
        y=y,
    )


def _pareto(reports: Sequence[ReportData]) -> Chart | None:
    """Every candidate of every experiment by what it costs and how far from the label its expected score lies."""
    entries = [
        (number, each.name, each.latency_ms, each.mae)
        for number, data in enumerate(reports)
        for each in data.tournament or ()
        if each.latency_ms is not None and each.mae is not None
    ]
    if not entries:
        return None
    costs = [(latency, mae) for _, _, latency, mae in entries]
    front = sorted(cost for cost, on_front in zip(costs, pareto_front(costs), strict=True) if on_front)
    series = [Series("Pareto front of all", 0, front, dashed=True)]
    for number, data in enumerate(reports):
        own = [(name, (latency, mae)) for of, name, latency, mae in entries if of == number]
        series.append(
            Series(
                _label(number, data),
                1 + number % COLOURS,
                [point for _, point in own],
                line=False,
                marks=True,
                names=[f"{letter(number)} {name}" for name, _ in own],
            )
        )
    return plot(
        "Error against latency",
        "Each candidate of each tournament, on its own validation rows and machine; lower and further left is better.",
        series,
        x="median latency, batch 8 (ms)",
        y="MAE of the score (classes)",
        y_from_zero=False,
    )
