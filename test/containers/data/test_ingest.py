import time
from pathlib import Path

import pytest
from containers.stage_rig import StageRig, a_spec


@pytest.fixture(scope="module")
def sources(rig: StageRig, tiny_dataset: Path, tiny_base_model: Path) -> dict[str, str]:
    return {"dataset": rig.an_upload(tiny_dataset), "base": rig.an_upload(tiny_base_model)}


def test_ingest_and_prepare_run_as_jobs(rig: StageRig, sources: dict[str, str]) -> None:
    spec = a_spec({"dataset": {"source": sources["dataset"]}, "model": {"base": sources["base"]}})
    t = time.time()
    ingested = rig.a_stage("ingest", spec=spec).process("spotforge_data.ingest")
    print(ingested.log, time.time() - t, ingested.result)
    t = time.time()
    prepared = rig.a_stage("prepare", spec=spec, inputs={"ingest": ingested}).process("spotforge_data.prepare")
    print(prepared.log, time.time() - t, prepared.result)
    assert prepared.exit_code == 0
