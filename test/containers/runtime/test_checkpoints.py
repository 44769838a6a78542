"""A checkpoint is there entirely or not at all, wherever its commit was cut off."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from containers.stage_rig import Attempt, StageRig, a_spec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spotforge_runtime.checkpoints import CheckpointName, CheckpointStore
from spotforge_runtime.errors import ContractBroken, Infrastructure, StageError
from spotforge_runtime.patience import Patience
from spotforge_runtime.storage import ObjectStore

BUCKET = "rig-checkpoints"


def an_attempt(rig: StageRig, spec: dict[str, Any] | None = None, *, run: int = 1, attempt: int = 1) -> Attempt:
    return rig.a_stage("train", spec=spec or a_spec(), run=run, attempt=attempt)


def write_state(folder: Path, content: str) -> Path:
    """Two files that only fit together when both say the same."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("model.bin", "nested/optimizer.bin"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(content)
    return folder


def commit(attempt: Attempt, step: int, *, store: CheckpointStore | None = None, content: str | None = None) -> CheckpointStore:
    store = store or CheckpointStore(attempt.context())
    folder = write_state(attempt.scratch / "state", content or f"{attempt.identity.label} step {step}")
    store.commit(folder, step=step, epoch=step / 10)
    store.wait()
    return store


def restored_content(attempt: Attempt) -> str | None:
    found = CheckpointStore(attempt.context()).newest(attempt.scratch / "restored")
    if found is None:
        return None
    contents = {path.read_text() for path in found.folder.rglob("*") if path.is_file()}
    assert len(contents) == 1
    return contents.pop()


def keys(rig: StageRig, attempt: Attempt) -> list[str]:
    listed = rig.storage.list(BUCKET, attempt.identity.experiment_id + "/")
    return [item.key.partition("/")[2] for item in listed]


def test_a_new_experiment_has_no_checkpoint(rig: StageRig, tmp_path: Path) -> None:
    assert CheckpointStore(an_attempt(rig).context()).newest(tmp_path / "to") is None


def test_the_next_attempt_and_the_next_run_go_on_from_the_newest(rig: StageRig) -> None:
    first = an_attempt(rig)
    commit(first, 9)
    commit(first, 10)
    second = an_attempt(rig, first.spec, attempt=2)
    assert restored_content(second) == "r1-1 step 10"
    commit(second, 10)
    third = an_attempt(rig, first.spec, run=2)
    assert restored_content(third) == "r1-2 step 10"

    found = CheckpointStore(third.context()).newest(third.scratch / "again")
    assert found is not None
    assert (found.step, found.run, found.attempt, found.epoch) == (10, 1, 2, 1.0)


def test_a_commit_goes_on_while_the_folder_changes(rig: StageRig) -> None:
    attempt = an_attempt(rig)
    store = CheckpointStore(attempt.context())
    folder = write_state(attempt.scratch / "state", "as it was")
    pending = store.commit(folder, step=1, epoch=0)
    write_state(folder, "as it is now")
    pending.wait()

    assert pending.done
    assert restored_content(attempt) == "as it was"


def test_a_file_system_without_hard_links_gets_copies(rig: StageRig, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    attempt = an_attempt(rig)
    commit(attempt, 1)
    assert restored_content(attempt) == "r1-1 step 1"


def test_the_newest_three_are_kept(rig: StageRig) -> None:
    attempt = an_attempt(rig)
    store = CheckpointStore(attempt.context())
    rig.s3.put_object(Bucket=BUCKET, Key=f"{attempt.identity.experiment_id}/1-r1-9/model.bin", Body=b"torn long ago")
    for step in (2, 4, 6, 8):
        commit(attempt, step, store=store)

    assert {key.partition("/")[0] for key in keys(rig, attempt)} == {"4-r1-1", "6-r1-1", "8-r1-1"}
    assert store.committed == 4


def test_a_step_is_committed_once(rig: StageRig) -> None:
    attempt = an_attempt(rig)
    store = commit(attempt, 5, content="first")
    commit(attempt, 5, store=store, content="second")

    assert restored_content(attempt) == "first"
    assert store.committed == 1


def test_a_failed_commit_is_told_at_the_next_one(rig: StageRig) -> None:
    attempt = an_attempt(rig)
    store = CheckpointStore(attempt.context())
    object.__setattr__(attempt.environment, "checkpoints_bucket", "no-such-bucket")
    broken = CheckpointStore(attempt.context())
    folder = write_state(attempt.scratch / "state", "x")
    broken.commit(folder, step=1, epoch=0)
    with pytest.raises(Exception, match="no-such-bucket"):
        broken.commit(folder, step=2, epoch=0)
    store.wait()


@pytest.mark.parametrize(
    "damage",
    [
        "committed-missing",
        "committed-not-json",
        "committed-of-another",
        "file-missing",
        "file-of-other-size",
        "file-of-other-content",
    ],
)
def test_a_torn_checkpoint_is_passed_over_and_reported(rig: StageRig, damage: str) -> None:
    attempt = an_attempt(rig)
    store = commit(attempt, 1)
    commit(attempt, 2, store=store)
    folder = f"{attempt.identity.experiment_id}/2-r1-1/"
    model = rig.s3.get_object(Bucket=BUCKET, Key=folder + "model.bin")["Body"].read()
    if damage == "committed-missing":
        rig.s3.delete_object(Bucket=BUCKET, Key=folder + "COMMITTED")
    elif damage == "committed-not-json":
        rig.s3.put_object(Bucket=BUCKET, Key=folder + "COMMITTED", Body=b"{")
    elif damage == "committed-of-another":
        other = rig.s3.get_object(Bucket=BUCKET, Key=folder.replace("/2-", "/1-") + "COMMITTED")["Body"].read()
        rig.s3.put_object(Bucket=BUCKET, Key=folder + "COMMITTED", Body=other)
    elif damage == "file-missing":
        rig.s3.delete_object(Bucket=BUCKET, Key=folder + "model.bin")
    elif damage == "file-of-other-size":
        rig.s3.put_object(Bucket=BUCKET, Key=folder + "model.bin", Body=model[:-1])
    else:
        rig.s3.put_object(Bucket=BUCKET, Key=folder + "model.bin", Body=model[::-1])

    again = an_attempt(rig, attempt.spec, attempt=2)
    context = again.context()
    found = CheckpointStore(context).newest(again.scratch / "restored")

    assert found is not None and found.step == 1
    assert (found.folder / "model.bin").read_text() == "r1-1 step 1"
    assert "2-r1-1" in context.progress.state.message


def test_a_checkpoint_of_another_thread_count_is_refused(rig: StageRig) -> None:
    attempt = an_attempt(rig)
    commit(attempt, 1)
    changed = {**attempt.spec, "train": {**attempt.spec["train"], "threads": 2}}
    again = an_attempt(rig, changed, attempt=2)
    with pytest.raises(ContractBroken, match="1 threads in float32; the spec says 2 threads"):
        CheckpointStore(again.context()).newest(again.scratch / "restored")


def test_names_that_are_no_checkpoints_are_none() -> None:
    assert CheckpointName.parse("12-r3-4") == CheckpointName(12, 3, 4)
    assert [CheckpointName.parse(name) for name in ("", "12", "012-r1-1", "1-r0-1", "1-r1-1x", "-1-r1-1")] == [None] * 6


class Crash(BaseException):
    """The process is gone."""


class CrashingClient:
    """An S3 client whose process dies at its n-th call, before or after the call took effect."""

    def __init__(self, client: Any, at: int, *, after: bool) -> None:
        self._client = client
        self._left = at
        self._after = after

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._client, name)

        def call(**arguments: Any) -> Any:
            self._left -= 1
            if self._left < 0 or (self._left == 0 and not self._after):
                raise Crash
            answer = function(**arguments)
            if self._left == 0:
                raise Crash
            return answer

        return call


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=st.integers(0, 4), crash_at=st.integers(1, 12), after=st.booleans(), same_step=st.booleans())
def test_a_crash_at_any_call_of_a_commit_leaves_the_old_or_the_new_checkpoint_whole(
    rig: StageRig, before: int, crash_at: int, after: bool, same_step: bool
) -> None:
    attempt = an_attempt(rig)
    store = CheckpointStore(attempt.context())
    for step in range(1, before + 1):
        commit(attempt, step, store=store)

    dying = an_attempt(rig, attempt.spec, attempt=2)
    context = dying.context()
    crashing: Any = CrashingClient(rig.s3, crash_at, after=after)
    object.__setattr__(context, "storage", ObjectStore(crashing))
    dying_step = max(1, before) if same_step else before + 1
    folder = write_state(dying.scratch / "state", "new")
    crashed = False
    doomed = CheckpointStore(context)
    try:
        doomed.commit(folder, step=dying_step, epoch=0)
        doomed.wait()
    except Crash:
        crashed = True

    content = restored_content(an_attempt(rig, attempt.spec, attempt=3))
    old = f"r1-1 step {before}" if before else None
    assert content in {old, "new"}
    if not crashed:
        assert content == "new"
    # Going on after the crash works, and what it commits is what the next one restores.
    survivor = an_attempt(rig, attempt.spec, attempt=4)
    commit(survivor, dying_step + 1)
    assert restored_content(an_attempt(rig, attempt.spec, attempt=5)) == f"r1-4 step {dying_step + 1}"


def test_the_commit_document_lists_every_file_with_its_hash(rig: StageRig) -> None:
    attempt = an_attempt(rig)
    commit(attempt, 3)
    document = json.loads(rig.read(f"s3://{BUCKET}/{attempt.identity.experiment_id}/3-r1-1/COMMITTED") or b"")

    assert [file["path"] for file in document["files"]] == ["model.bin", "nested/optimizer.bin"]
    assert (document["step"], document["threads"], document["precision"]) == (3, 1, "float32")


def test_damaged_checkpoints_of_later_steps_do_not_push_out_what_is_written_after_them(rig: StageRig) -> None:
    first = an_attempt(rig)
    store = CheckpointStore(first.context())
    for step in (70, 80, 90):
        commit(first, step, store=store)
        key = f"{first.identity.experiment_id}/{step}-r1-1/model.bin"
        rig.s3.put_object(Bucket=BUCKET, Key=key, Body=b"not what was committed")

    second = an_attempt(rig, first.spec, attempt=2)
    store = CheckpointStore(second.context())
    assert store.newest(second.scratch / "restored") is None
    assert store.torn == [f"{step}-r1-1: model.bin has 22 bytes instead of 12" for step in (90, 80, 70)]
    for step in (10, 20):
        commit(second, step, store=store)

    assert restored_content(an_attempt(rig, first.spec, attempt=3)) == "r1-2 step 20"


def test_a_commit_that_failed_is_told_as_soon_as_somebody_asks(rig: StageRig) -> None:
    attempt = an_attempt(rig)
    object.__setattr__(attempt.environment, "checkpoints_bucket", "no-such-bucket")
    store = CheckpointStore(attempt.context())
    assert not store.under_way()
    pending = store.commit(write_state(attempt.scratch / "state", "x"), step=1, epoch=0)
    with pytest.raises(StageError, match="no-such-bucket"):
        pending.wait()
    with pytest.raises(StageError, match="no-such-bucket"):
        store.under_way()


def test_a_commit_waits_for_s3_off_the_training_thread(rig: StageRig) -> None:
    attempt, allowed = an_attempt(rig), threading.Event()

    class Held:
        def __getattr__(self, name: str) -> Any:
            allowed.wait(60)
            return getattr(rig.s3, name)

    held: Any = Held()
    context = attempt.context()
    object.__setattr__(context, "storage", ObjectStore(held))
    store = CheckpointStore(context)
    pending = store.commit(write_state(attempt.scratch / "state", "x"), step=1, epoch=0)
    assert store.under_way() and not pending.done

    # A notice comes now: its checkpoint waits for the one under way, and both are there in the end.
    threading.Timer(0.2, allowed.set).start()
    store.commit(write_state(attempt.scratch / "state", "y"), step=2, epoch=0)
    assert pending.done
    store.wait()
    assert restored_content(attempt) == "y"
    assert store.committed == 2


@pytest.mark.parametrize(("seconds", "survives"), [(30, True), (130, False)])
def test_s3_may_refuse_for_half_a_minute_in_the_middle_of_a_commit_but_not_for_two(
    rig: StageRig, seconds: float, survives: bool
) -> None:
    clock = [0.0]

    class Refusing:
        def __getattr__(self, name: str) -> Any:
            def call(**arguments: Any) -> Any:
                if arguments.get("Key", "").endswith("optimizer.bin") and clock[0] < seconds:
                    raise EndpointConnectionError(endpoint_url="http://s3")
                return getattr(rig.s3, name)(**arguments)

            return call

    def sleep(pause: float) -> None:
        clock[0] += pause

    refusing: Any = Refusing()
    attempt = an_attempt(rig)
    context = attempt.context()
    object.__setattr__(context, "storage", ObjectStore(refusing, patience=Patience(clock=lambda: clock[0], sleep=sleep)))
    store = CheckpointStore(context)
    pending = store.commit(write_state(attempt.scratch / "state", "x"), step=1, epoch=0)
    if survives:
        pending.wait()
        assert restored_content(attempt) == "x"
    else:
        with pytest.raises(Infrastructure, match="refused for 120 s"):
            pending.wait()
