"""`report.html`: one experiment, for a person."""

from spotforge_optimization.report import curve_charts, experiment_charts
from spotforge_optimization.report.axis import named
from spotforge_optimization.report.chart import Chart
from spotforge_optimization.report.page import render
from spotforge_optimization.report.report_data import ReportData

SECTIONS = (
    ("headline", "Result"),
    ("curves", "Loss curves"),
    ("confusion", "Confusion by distance"),
    ("calibration", "Calibration"),
    ("cutpoints", "Cutpoints over training"),
    ("parity", "Parity of ONNX and PyTorch"),
    ("tournament", "Quantisation tournament"),
    ("timings", "Timings"),
    ("lineage", "Lineage"),
)


def experiment_page(data: ReportData) -> str:
    """A section whose data are missing says so, and why."""
    labels = [named(value) for value in data.subject.label_values]
    return render(
        "experiment.html.jinja",
        data=data,
        sections=SECTIONS,
        labels=labels,
        charts=_charts(data, labels),
        names=experiment_charts.NAMES,
    )


def _charts(data: ReportData, labels: list[str]) -> dict[str, list[Chart]]:
    charts: dict[str, list[Chart]] = {}
    if data.curves:
        baseline = data.headline.baseline_mae if data.headline else None
        charts["curves"] = [curve_charts.loss_chart(data.curves), curve_charts.mae_chart(data.curves, baseline)]
    if data.confusion:
        charts["confusion"] = [
            experiment_charts.distance_chart(data.confusion),
            experiment_charts.confusion_chart(data.confusion, labels),
        ]
    if data.calibration:
        shipped = next(each for each in data.calibration if not data.headline or each.model == data.headline.preferred)
        charts["calibration"] = [
            experiment_charts.reliability_chart(data.calibration),
            experiment_charts.score_chart(shipped, len(labels)),
        ]
    if data.cutpoints:
        charts["cutpoints"] = [experiment_charts.cutpoint_chart(data.cutpoints, labels)]
    if data.parity and len(data.parity.trend) > 1:
        charts["parity"] = [experiment_charts.parity_trend_chart(data.parity)]
    if data.tournament:
        charts["tournament"] = [experiment_charts.tournament_chart(data.tournament)]
    return charts
