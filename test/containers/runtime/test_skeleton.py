from containers.prepared import Prepared
from containers.stage_rig import StageRig
from spotforge_runtime.context import StageContext
from spotforge_runtime.contracts.models import ExportSummary


def work(context: StageContext) -> ExportSummary:
    path = context.inputs.download("prepare", "test.parquet")
    context.inputs.download_folder("ingest", "base-model/")
    stored = context.outputs.write("copy.parquet", path)
    context.progress.report(step=1, total_steps=2, message="half", metrics={"loss": 0.5})
    return ExportSummary(opset=1, bytes=stored.bytes, sha256=stored.sha256, inputs=["a"], outputs=["b"])


def test_a_stage_reads_the_outputs_of_earlier_ones_and_leaves_manifest_and_result(rig: StageRig, prepared: Prepared) -> None:
    ended = rig.a_stage("export", spec=prepared.spec, inputs=prepared.inputs).work(work)

    assert ended.exit_code == 0, ended.result
    assert ended.summary["sha256"] == ended.output("copy.parquet")["sha256"]
    assert ended.manifest is not None
    assert [given["stage"] for given in ended.manifest["inputs"]] == ["ingest", "prepare"]
    assert ended.progress[-1]["fraction"] == 1
