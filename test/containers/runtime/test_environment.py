"""The variables of an attempt."""

from __future__ import annotations

from pathlib import Path

import pytest
from spotforge_runtime.environment import environment_of_child, read_environment
from spotforge_runtime.errors import ContractBroken

VARIABLES = {
    "EXPERIMENT_ID": "exp_00000000000000000000000000",
    "RUN": "2",
    "STAGE": "bundle",
    "ATTEMPT": "3",
    "TASK_TOKEN": "secret",
    "INPUTS": '{"train": "s3://b/manifest.json"}',
    "MICRO_BATCH_DIVISOR": "4",
    "MODEL_VERSION": "7",
    "DATASETS_BUCKET": "d",
    "EXPERIMENTS_BUCKET": "e",
    "CHECKPOINTS_BUCKET": "c",
    "RELEASES_BUCKET": "r",
    "EVENT_BUS": "bus",
    "HANG_LIMIT_SECONDS": "90",
}


def test_everything_is_read_and_the_token_is_not_kept() -> None:
    environment = read_environment(VARIABLES)
    assert environment.attempt.prefix == "experiments/exp_00000000000000000000000000/bundle/r2-3/"
    assert environment.inputs == {"train": "s3://b/manifest.json"}
    assert (environment.micro_batch_divisor, environment.model_version, environment.hang_limit_seconds) == (4, 7, 90)
    assert (environment.git_sha, environment.image_digest) == ("unknown", "unknown")
    assert "secret" not in repr(environment)
    assert "TASK_TOKEN" not in environment_of_child(VARIABLES)
    assert environment_of_child(VARIABLES)["RUN"] == "2"


def test_what_may_be_left_out_has_a_default() -> None:
    left_out = ("INPUTS", "MICRO_BATCH_DIVISOR", "MODEL_VERSION", "HANG_LIMIT_SECONDS")
    environment = read_environment({name: value for name, value in VARIABLES.items() if name not in left_out})
    assert (environment.inputs, environment.micro_batch_divisor) == ({}, 1)
    assert (environment.model_version, environment.hang_limit_seconds) == (None, None)


def test_a_server_counts_where_the_image_carries_it(tmp_path: Path) -> None:
    program = tmp_path / "spotforge-inference"
    named = {**VARIABLES, "SPOTFORGE_INFERENCE_BINARY": str(program)}
    assert read_environment(VARIABLES).inference_server is None
    assert read_environment(named).inference_server is None
    program.touch()
    assert read_environment(named).inference_server == program


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EXPERIMENT_ID", ""),
        ("STAGE", "dance"),
        ("RUN", "0"),
        ("ATTEMPT", "one"),
        ("MICRO_BATCH_DIVISOR", "-1"),
        ("MODEL_VERSION", "1.5"),
        ("INPUTS", "[]"),
        ("INPUTS", "{"),
        ("INPUTS", '{"train": 1}'),
        ("HANG_LIMIT_SECONDS", "soon"),
        ("HANG_LIMIT_SECONDS", "inf"),
        ("EVENT_BUS", ""),
    ],
)
def test_a_variable_that_is_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(ContractBroken, match=name) as caught:
        read_environment({**VARIABLES, name: value})
    assert caught.value.where == name
