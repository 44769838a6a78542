"""`report.html` and `report.json`: the last outputs of benchmark, written before a gate rejects.

At the end of the stage's work, when everything is measured and before GateRejected is raised:

    write_report(context, Judged(labels, fp32_logits, int8_logits, summary, latencies, rejected=sentence_or_none))
"""

from typing import TYPE_CHECKING

from spotforge_optimization.report.experiment_page import experiment_page
from spotforge_optimization.report.gather import gather
from spotforge_optimization.report.judged import Judged
from spotforge_optimization.report.report_data import DATA, PAGE

if TYPE_CHECKING:
    from spotforge_runtime.context import StageContext


def write_report(context: "StageContext", judged: Judged) -> None:
    """Writes both as outputs of the attempt."""
    data = gather(context, judged)
    context.outputs.write_json(DATA, data)
    context.outputs.write_bytes(PAGE, experiment_page(data).encode())
