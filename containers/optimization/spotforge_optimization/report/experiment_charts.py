"""The drawings of an experiment's page, one function a drawing."""

from collections.abc import Sequence

from spotforge_optimization.report.chart import Chart, Series, bars, heat_map, plot
from spotforge_optimization.report.report_data import Calibration, Candidate, Confusion, CutpointsAt, Parity

COLOURS = {"fp32": 1, "int8": 2}
MARKED_POINTS = 24  # more of them would cover their line
NAMES = {"fp32": "FP32", "int8": "INT8"}


def confusion_chart(found: Confusion, labels: Sequence[str]) -> Chart:
    return heat_map(
        "Labels against predictions",
        "Test rows by label and predicted class; each square is as strong as its share of the rows of its label.",
        found.matrix,
        labels,
        x="predicted",
        y="label",
    )


def distance_chart(found: Confusion) -> Chart:
    last = max((distance for distance, count in enumerate(found.by_distance) if count), default=0)
    return bars(
        "Rows by distance",
        "How many test rows lie how many classes from their label.",
        [(str(distance), float(count)) for distance, count in enumerate(found.by_distance[: max(last + 1, 4)])],
        x="|predicted − label| (classes)",
        y="test rows",
    )


def reliability_chart(found: Sequence[Calibration]) -> Chart:
    series = [Series("perfect", 0, [(0.0, 0.0), (1.0, 1.0)], dashed=True)]
    series += [
        Series(NAMES[each.model], COLOURS[each.model], [(one.predicted, one.observed) for one in each.bins], marks=True)
        for each in found
    ]
    return plot(
        "Reliability of P(y > k)",
        "For each tenth of the predicted probability, how often the label did lie above the threshold; on the diagonal is right.",
        series,
        x="predicted P(y > k)",
        y="observed share",
    )


def score_chart(found: Calibration, classes: int) -> Chart:
    return plot(
        "Expected score by label",
        "The mean expected score of the test rows of each label, with the range from the 10th to the 90th percentile.",
        [
            Series("label itself", 0, [(0.0, 0.0), (classes - 1.0, classes - 1.0)], dashed=True),
            Series(
                f"{NAMES[found.model]}: mean, 10–90 %",
                COLOURS[found.model],
                [(float(each.label), each.mean) for each in found.scores],
                line=False,
                marks=True,
                ranges=[(float(each.label), each.low, each.high) for each in found.scores],
            ),
        ],
        x="label (class)",
        y="expected score (classes)",
    )


def cutpoint_chart(found: Sequence[CutpointsAt], labels: Sequence[str]) -> Chart:
    count = len(found[-1].cutpoints)
    return plot(
        "Cutpoints over training",
        "Where the border between each class and the next lies on the latent axis, at each logged step.",
        [
            Series(
                f"{labels[k]} | {labels[k + 1]}",
                1 + k % 6,
                [(each.step, each.cutpoints[k]) for each in found if k < len(each.cutpoints)],
                marks=len(found) <= MARKED_POINTS,
            )
            for k in range(count)
        ],
        x="step",
        y="latent score",
        x_from_zero=len(found) > 1,
        y_from_zero=False,
    )


def parity_trend_chart(found: Parity) -> Chart:
    return plot(
        "Largest difference over training",
        "The largest |ONNX − PyTorch| over all logits, at each step whose weights were kept.",
        [Series("max |Δ logit|", 1, [(each.step, each.max_abs) for each in found.trend if each.max_abs is not None], marks=True)],
        x="step",
        y="max |Δ logit|",
    )


def tournament_chart(found: Sequence[Candidate]) -> Chart:
    measured = [each for each in found if each.latency_ms is not None and each.score_delta is not None]
    groups = (
        ("on the front", 1, [each for each in measured if each.on_front and not each.chosen]),
        ("dominated", 0, [each for each in measured if not each.on_front and not each.chosen]),
        ("chosen", 2, [each for each in measured if each.chosen]),
    )
    front = sorted((each.latency_ms or 0.0, each.score_delta or 0.0) for each in measured if each.on_front)
    return plot(
        "Fidelity against latency",
        "Each candidate by its median latency and its mean score delta on validation; lower and further left is better.",
        [
            Series("Pareto front", 0, front, dashed=True),
            *(
                Series(
                    label,
                    colour,
                    [(each.latency_ms or 0.0, each.score_delta or 0.0) for each in group],
                    line=False,
                    marks=True,
                    names=[each.name for each in group],
                )
                for label, colour, group in groups
                if group
            ),
        ],
        x="median latency, batch 8 (ms)",
        y="mean |Δ score| / (K − 1)",
    )
