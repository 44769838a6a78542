"""Loss and MAE over the steps: of one experiment's report, or of several laid over each other."""

from collections.abc import Mapping, Sequence

from spotforge_optimization.report.chart import Chart, Point, Series, plot

Line = Mapping[str, float | None]


def points(lines: Sequence[Line], name: str) -> list[Point]:
    """(step, value) of the lines that have a finite value of that name."""
    return [(float(line["step"] or 0), value) for line in lines if (value := line.get(name)) is not None]


def loss_chart(lines: Sequence[Line]) -> Chart:
    return plot(
        "Loss over training",
        "Training loss at each logged step and validation loss at each evaluation.",
        [
            Series("training", 1, points(lines, "loss")),
            Series("validation", 2, points(lines, "validationLoss"), marks=True),
        ],
        x="step",
        y="loss (nats)",
    )


def mae_chart(lines: Sequence[Line], baseline: float | None) -> Chart:
    last = max((point[0] for point in points(lines, "validationMae")), default=1.0)
    series = [Series("validation", 2, points(lines, "validationMae"), marks=True)]
    if baseline is not None:
        series.append(Series("median class, on test", 0, [(0.0, baseline), (last, baseline)], dashed=True))
    return plot(
        "Mean absolute error over training",
        "Validation MAE at each evaluation, against the MAE of always answering the median class.",
        series,
        x="step",
        y="MAE (classes)",
    )
