"""The whole stage, against a real local S3."""

from __future__ import annotations

from containers.prepared import Prepared
from containers.stage_rig import StageRig


def test_trains_a_model_far_better_than_the_median_class(rig: StageRig, prepared: Prepared) -> None:
    ended = rig.a_stage("train", spec=prepared.spec, inputs=prepared.inputs).work("spotforge_training.training_run")
    print(ended.result, ended.manifest)
    assert ended.summary["mae"] < 0.6 * ended.summary["baselineMae"]
