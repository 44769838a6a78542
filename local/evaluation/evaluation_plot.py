"""The picture of a task: each seed's MAE by head, and the interval of its change against cross-entropy. Light and dark."""

from html import escape

from head_comparison import TaskFigures

WIDTH, LEFT, PANEL, GAP = 760, 130, 270, 60
TOP, ROW, BOTTOM = 44, 40, 46
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .quiet { fill: #59636e; font-size: 12px }
  line { stroke: #d1d9e0 }
  .mean, .interval { stroke: #0969da; stroke-width: 3 }
  circle { fill: #0969da; fill-opacity: 0.55 }
  .zero { stroke: #59636e; stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .quiet { fill: #9198a1 } line { stroke: #3d444d }
    .mean, .interval { stroke: #4493f8 } circle { fill: #4493f8 } .zero { stroke: #9198a1 }
  }
""".strip()


def evaluation_svg(task: TaskFigures) -> str:
    """Left: MAE in classes, one dot a seed, a stroke at the mean. Right: change against cross-entropy with its 95 % interval."""
    height = TOP + ROW * len(task.heads) + BOTTOM
    foot = height - BOTTOM
    maes = [mae for head in task.heads for mae in head.maes]
    margin = (max(maes) - min(maes)) * 0.15 or 0.01
    mae_at = _scale(min(maes) - margin, max(maes) + margin, LEFT)
    changes = [change for head in task.heads if (change := head.change)]
    reach = 1.1 * max([0.01, *(abs(end) for change in changes for end in (change.low, change.high))])
    change_at = _scale(-reach, reach, LEFT + PANEL + GAP)
    middle = change_at(0)
    parts = [
        f'<text x="{LEFT}" y="20">MAE on test, classes (one dot a seed)</text>',
        f'<text x="{LEFT + PANEL + GAP}" y="20">change against cross-entropy, 95 %</text>',
        f'<line class="zero" x1="{middle}" x2="{middle}" y1="{TOP - 8}" y2="{foot}"/>',
    ]
    for at, value in ((mae_at, min(maes)), (mae_at, max(maes))):
        parts.append(f'<text class="quiet" x="{at(value)}" y="{foot + 22}" text-anchor="middle">{value:.3f}</text>')
    for value in (-reach / 1.1, 0.0, reach / 1.1):
        parts.append(f'<text class="quiet" x="{change_at(value)}" y="{foot + 22}" text-anchor="middle">{value:+.1%}</text>')
    for number, head in enumerate(task.heads):
        y = TOP + ROW * number + ROW / 2
        parts.append(f'<text x="{LEFT - 14}" y="{y + 4}" text-anchor="end">{escape(head.head)}</text>')
        parts.append(f'<line x1="{LEFT}" x2="{LEFT + PANEL}" y1="{y}" y2="{y}"/>')
        for seed, mae in zip(head.seeds, head.maes, strict=True):
            parts.append(f'<circle cx="{mae_at(mae)}" cy="{y}" r="4"><title>seed {seed}: {mae:.4f}</title></circle>')
        mean = mae_at(head.mae)
        parts.append(f'<line class="mean" x1="{mean}" x2="{mean}" y1="{y - 10}" y2="{y + 10}"/>')
        if head.change:
            low, high, change = change_at(head.change.low), change_at(head.change.high), change_at(head.change.change)
            parts.append(f'<line class="interval" x1="{low}" x2="{high}" y1="{y}" y2="{y}"/>')
            parts.append(f'<circle cx="{change}" cy="{y}" r="5" style="fill-opacity: 1"/>')
    title = f"{task.group}: MAE of the heads on {task.test_rows} test rows"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def _scale(low: float, high: float, left: float):  # type: ignore[no-untyped-def]
    return lambda value: round(left + PANEL * (value - low) / (high - low), 1)
