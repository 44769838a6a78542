"""docs/evaluation.md: what the cells that are kept say, and what they do not."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cell_results import CellResult
from evaluation_plot import evaluation_svg
from head_comparison import BASELINE, Change, HeadFigures, TaskFigures, compare
from spotforge_optimization.cpu import read_cpu

COMPARED = ("text", "image")
APART = "text-all-rows"
ABOUT = {
    "text": "Sentiment ratings of sentences, seven classes; snippets of one document lie in one split.",
    "image": (
        "How blurred is a piece of 32 × 32 pixels: six widths of a Gaussian, 0 to 2.8 pixels, on real pictures that come with\n"
        "packages; all pieces of one picture lie in one split. Chosen because grades are an order by construction, near ones\n"
        "can be confused and far ones cannot, and no picture has to be labelled. Pieces without detail are left out: plain sky\n"
        "looks the same at every grade. The base model is a vision transformer of 0.1 million random weights, which learns the\n"
        "task from nothing."
    ),
}
METHOD = """
Every cell is one run of the train stage by the argv of its job. Texts have the recipe that the API gives a spec which names
nothing but head and seed; pictures, whose base model knows nothing yet, more epochs at a higher rate, chosen on validation with
one head and one seed. A seed decides which rows are trained on, how the head starts, their order and dropout; the test rows are
the same in all cells of a task and picked nothing.

All heads answer by the median class, cross-entropy too. *Change* is the relative change of the MAE against cross-entropy over the
same seeds, with the 95 % interval of a paired bootstrap that draws both seeds and test rows anew: where it holds 0, another seed
or other rows could have turned the answer round. *Spread* is the standard deviation over seeds. Rows of one document, and
pieces of one picture, are not independent, so that the true intervals are a little wider.
""".strip()


def write_report(results: Sequence[CellResult], planned: Sequence[str], to: Path) -> Path:
    """The page and, beside it, one picture a task."""
    to.parent.mkdir(parents=True, exist_ok=True)
    tasks = [task for group in COMPARED if (task := compare(group, results))]
    lines = [
        "# The four heads, compared",
        "",
        "Written by `npm run evaluate`. It reports what was measured; no line of it is edited by hand.",
        "",
        *_findings(tasks),
        "",
        "## How",
        "",
        METHOD,
        "",
        f"Measured on {read_cpu().model}, one thread a cell. {_kept(results, planned)}",
    ]
    for task in tasks:
        picture = to.with_name(f"{to.stem}-{task.group}.svg")
        picture.write_text(evaluation_svg(task))
        lines += ["", f"## {task.group.capitalize()}", "", ABOUT[task.group], "", *_table(task), "", _picture(task, picture.name)]
    lines += _apart(results)
    to.write_text("\n".join(lines) + "\n")
    return to


def _findings(tasks: Sequence[TaskFigures]) -> list[str]:
    if not tasks:
        return ["Nothing has been measured yet."]
    return [_finding(task) for task in tasks]


def _finding(task: TaskFigures) -> str:
    compared = _compared({head.head: head.change for head in task.heads})
    by_score = _compared({head.head: head.score_change for head in task.heads})
    best = min(task.heads, key=lambda head: head.mae)
    return (
        f"- **{task.group}**, answered by the median class: {compared}. Lowest mean: {best.head}, {best.mae:.4f} classes, "
        f"against {task.baseline_mae:.4f} of the training median. Answered by the expected score: {by_score}."
    )


def _compared(changes: Mapping[str, Change | None]) -> str:
    said = {verdict: [head for head, change in changes.items() if change and change.verdict == verdict] for verdict in VERDICTS}
    clauses = [_clause(heads, *VERDICTS[verdict]) for verdict, heads in said.items() if heads]
    return "; ".join(clauses) if clauses else "no ordinal head shares a seed with cross-entropy yet"


def _clause(heads: Sequence[str], of_one: str, of_several: str, rest: str) -> str:
    named = heads[0] if len(heads) == 1 else f"{', '.join(heads[:-1])} and {heads[-1]}"
    return f"{named} {of_one if len(heads) == 1 else of_several} {rest}"


VERDICTS = {
    "lower": ("has", "have", "a lower MAE than cross-entropy"),
    "not told apart": ("cannot", "cannot", "be told apart from cross-entropy"),
    "higher": ("has", "have", "a higher MAE than cross-entropy"),
}


def _table(task: TaskFigures) -> list[str]:
    return [
        f"{task.train_rows} training rows, {task.test_rows} test rows; MAE of the median class {task.baseline_mae:.4f}.",
        "",
        "| head | seeds | MAE | spread | change (95 % interval) | MAE of the expected score | change | exact |",
        "| --- | ---: | ---: | ---: | --- | ---: | --- | ---: |",
        *(_row(head) for head in task.heads),
    ]


def _row(head: HeadFigures) -> str:
    return (
        f"| {head.head} | {len(head.seeds)} | {head.mae:.4f} | {head.spread:.4f} | {_change(head, head.change)} "
        f"| {head.score_mae:.4f} | {_change(head, head.score_change)} | {head.exact:.1%} |"
    )


def _change(head: HeadFigures, change: Change | None) -> str:
    if change is not None:
        return f"{change.change:+.1%} ({change.low:+.1%} to {change.high:+.1%}), {change.verdict}"
    return "—" if head.head == BASELINE else "no seed in common yet"


def _picture(task: TaskFigures, name: str) -> str:
    return f"![MAE of the heads by seed, and their change against cross-entropy, on the {task.group} task]({name})"


def _apart(results: Sequence[CellResult]) -> list[str]:
    cells = [result for result in results if result.group == APART]
    if not cells:
        return []
    lines = [
        "",
        "## All rows of all sources",
        "",
        "One run, with every training row instead of a draw; it enters no comparison.",
        "",
    ]
    lines += ["| head | training rows | MAE | median class |", "| --- | ---: | ---: | ---: |"]
    for cell in cells:
        lines.append(f"| {cell.head} | {cell.train_rows} | {cell.mae:.4f} | {cell.baseline_mae:.4f} |")
    return lines


def _kept(results: Sequence[CellResult], planned: Sequence[str]) -> str:
    versions = len({result.code for result in results})
    mixed = f" They come from {versions} versions of the training code." if versions > 1 else ""
    return f"{len(results)} of {len(planned)} cells are measured.{mixed}"
