"""A rehearsal leaves one finding, whatever happens in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from containers.rehearsal_rig import a_context, rehearsal_variables, run
from containers.stage_rig import StageRig, a_spec
from spotforge_runtime.contracts import names
from spotforge_runtime.contracts.models import RehearsalFigures
from spotforge_runtime.errors import ContractBroken, GateRejected
from spotforge_runtime.rehearsal import RehearsalContext, rehearse
from spotforge_runtime.rehearsal_environment import environment_of_upgrade, read_rehearsal_environment


def passes(_context: RehearsalContext) -> RehearsalFigures:
    return RehearsalFigures()


def test_what_passed_is_stored_with_who_it_was_and_what_it_ran_on(rig: StageRig) -> None:
    found = run(rig, "restore", passes, IMAGE_DIGEST="sha256:abc")
    assert found.exit_code == 0
    assert found.finding["rehearsal"] == "restore"
    assert (found.finding["outcome"], found.finding["error"]) == ("passed", None)
    assert (found.finding["gitSha"], found.finding["imageDigest"]) == ("0" * 40, "sha256:abc")
    assert found.finding["startedAt"] <= found.finding["endedAt"]


def test_a_failure_says_what_happened_where_and_what_to_do_and_ends_with_its_code(rig: StageRig) -> None:
    def fails(_context: RehearsalContext) -> RehearsalFigures:
        raise GateRejected("x" * 3000, where="here", remedy="do that")

    found = run(rig, "rollback", fails)
    assert found.exit_code == names.EXIT_GATE_REJECTED
    assert found.error == {"message": "x" * 2000, "where": "here", "remedy": "do that"}
    assert found.finding["figures"] is None


def test_an_import_that_fails_is_a_finding_too(rig: StageRig) -> None:
    found = run(rig, "upgrade", "spotforge_no_such_module")
    assert "spotforge_no_such_module" in found.error["message"]


def test_a_finding_is_written_once(rig: StageRig) -> None:
    context = a_context(rig)
    assert rehearse("restore", lambda: passes, context) == 0
    with pytest.raises(ContractBroken, match="written once"):
        rehearse("restore", lambda: passes, context)


def test_the_spec_of_an_experiment_is_read_as_a_stage_reads_it(rig: StageRig) -> None:
    spec = a_spec({"train": {"threads": 2}})
    rig.a_stage("train", spec=spec)
    assert a_context(rig).as_stage(spec["experimentId"], "train").spec.train.threads == 2


@pytest.mark.parametrize("name", [names.ENV_REHEARSAL_ID, names.ENV_RELEASES_BUCKET])
def test_a_variable_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(ContractBroken, match=name):
        read_rehearsal_environment({**rehearsal_variables(), name: ""})


def test_a_variable_of_another_rehearsal_may_be_missing_until_it_is_asked_for() -> None:
    environment = read_rehearsal_environment(rehearsal_variables(UPGRADE_VERSION=""))
    assert environment.chosen(names.ENV_UPGRADE_VERSION) is None
    with pytest.raises(ContractBroken, match=names.ENV_NEWEST_BUNDLE):
        environment.given(names.ENV_NEWEST_BUNDLE)


def test_code_that_nobody_released_gets_no_credentials_and_finds_the_overlay_first() -> None:
    given = {"PATH": "/bin", "PYTHONPATH": "/opt", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "secret", "AWS_ENDPOINT_URL": "http://x"}
    assert environment_of_upgrade(variables=given) == {"PATH": "/bin", "PYTHONPATH": "/opt"}
    assert environment_of_upgrade(Path("/overlay"), given)["PYTHONPATH"] == "/overlay:/opt"
    assert environment_of_upgrade(Path("/overlay"), {})["PYTHONPATH"] == "/overlay"
