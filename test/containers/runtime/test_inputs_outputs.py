"""What a stage reads of earlier ones, and what it leaves."""

from __future__ import annotations

import contextlib
import json
import signal
from pathlib import Path

import pytest
from containers.stage_rig import StageRig, a_spec, an_id
from spotforge_runtime import execution
from spotforge_runtime.context import StageContext
from spotforge_runtime.contracts.models import ExportSummary, ParitySummary
from spotforge_runtime.documents import to_json
from spotforge_runtime.errors import ContractBroken, Infrastructure, Interrupted
from spotforge_runtime.interruption import SPOT_NOTICE_SIGNAL, UNHEARD_AFTER_SECONDS, Interruption
from spotforge_runtime.outputs import uri_of_output
from spotforge_runtime.s3_uri import parse_uri
from spotforge_runtime.spot_notice import SpotNotice

SUMMARY = {"opset": 17, "bytes": 1, "sha256": "0" * 64, "inputs": ["ids"], "outputs": ["logits"]}


def exported(rig: StageRig, spec: dict[str, object]) -> str:
    outputs: dict[str, Path | bytes] = {"model/a.json": b"{}", "model/b/c.txt": b"text", "other": b"x"}
    return rig.earlier_stage("export", spec=spec, outputs=outputs, summary=SUMMARY)


def good_work(context: StageContext) -> ParitySummary:
    context.outputs.write_json("report.json", {"rows": 1})
    return ParitySummary(rows=1, elements=2, mismatches=0, max_abs=0.0, max_ratio=0.0)


def test_a_stage_reads_outputs_summaries_and_folders(rig: StageRig) -> None:
    spec = a_spec()
    at = rig.a_stage("parity", spec=spec, inputs={"export": exported(rig, spec)})
    inputs = at.context().inputs

    assert inputs.summary("export", ExportSummary).opset == 17
    assert inputs.download("export", "other").read_bytes() == b"x"
    folder = inputs.download_folder("export", "model/", at.scratch / "model")
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*")) == ["a.json", "b/c.txt"]
    assert [given.stage for given in inputs.read] == ["export"]


def test_what_is_not_there_is_named_with_what_is(rig: StageRig) -> None:
    spec = a_spec()
    inputs = rig.a_stage("parity", spec=spec, inputs={"export": exported(rig, spec)}).context().inputs
    with pytest.raises(ContractBroken, match=r"no output 'model.onnx'; it wrote model/a.json, model/b/c.txt, other"):
        inputs.download("export", "model.onnx")
    with pytest.raises(ContractBroken, match="no output below 'int8/'"):
        inputs.download_folder("export", "int8/")
    with pytest.raises(ContractBroken, match=r"no manifest of train \(given: export\)"):
        inputs.manifest("train")


def test_an_input_of_another_experiment_or_a_broken_one_is_refused(rig: StageRig) -> None:
    theirs = exported(rig, a_spec())
    with pytest.raises(ContractBroken, match="belongs to exp_"):
        rig.a_stage("parity", inputs={"export": theirs}).context().inputs.manifest("export")
    rig.storage.put(b"{}", "rig-experiments", key := an_id())
    with pytest.raises(ContractBroken, match="manifest of export is not valid"):
        rig.a_stage("parity", inputs={"export": f"s3://rig-experiments/{key}"}).context().inputs.manifest("export")


def test_a_summary_of_a_failed_or_broken_attempt_is_refused(rig: StageRig) -> None:
    spec = a_spec()
    uri = exported(rig, spec)
    inputs = rig.a_stage("parity", spec=spec, inputs={"export": uri}).context().inputs
    with pytest.raises(ContractBroken, match="result of export is not valid"):
        inputs.summary("export", ParitySummary)
    result = json.loads(rig.read(uri.replace("manifest", "result")) or b"")
    for key in ("manifest", "summary"):
        del result[key]
    error = {"name": "Stage.Failed", "message": "m", "where": None, "remedy": None}
    result |= {"outcome": "failed", "exitCode": 1, "error": error, "diagnostics": []}
    rig.storage.put(to_json(result), *parse_uri(uri.replace("manifest", "result")), once=False)
    with pytest.raises(ContractBroken, match="did not succeed"):
        inputs.summary("export", ExportSummary)


def test_outputs_lie_in_the_attempts_folder_unless_told_otherwise(rig: StageRig, tmp_path: Path) -> None:
    at = rig.a_stage("parity")
    outputs = at.context().outputs
    (tmp_path / "file").write_bytes(b"content")
    here = outputs.write("file", tmp_path / "file")
    key = an_id()
    there = outputs.write_bytes("elsewhere", b"x", bucket="rig-datasets", key=key)

    assert (here.bucket, here.key, here.bytes) == ("rig-experiments", at.identity.prefix + "file", 7)
    assert uri_of_output(there) == f"s3://rig-datasets/{key}"
    assert [output.name for output in outputs.written] == ["file", "elsewhere"]
    with pytest.raises(ContractBroken, match="two outputs named 'file'"):
        outputs.write_bytes("file", b"y")
    with pytest.raises(ContractBroken, match="two outputs named 'file'"):
        outputs.refer(here)


def test_work_in_this_process_ends_like_a_job(rig: StageRig) -> None:
    ended = rig.a_stage("parity").work(good_work)
    assert (ended.exit_code, ended.summary["rows"]) == (0, 1)
    assert ended.output("report.json")["bytes"] > 0
    assert ended.progress[-1]["fraction"] == 1


def test_a_summary_of_another_stage_or_no_summary_breaks_the_contract(rig: StageRig) -> None:
    ended = rig.a_stage("quantize").work(good_work)
    assert (ended.exit_code, ended.error["name"]) == (1, "Stage.ContractBroken")
    ended = rig.a_stage("parity").work(lambda context: {"rows": 1})  # type: ignore[arg-type,return-value]
    assert "expected its summary model" in ended.error["message"]


def test_a_number_that_json_cannot_say_breaks_the_contract(rig: StageRig) -> None:
    def work(context: StageContext) -> ParitySummary:
        return good_work(context).model_copy(update={"max_abs": float("nan")})

    ended = rig.a_stage("parity").work(work)
    assert ended.error["name"] == "Stage.ContractBroken"
    with pytest.raises(ContractBroken):
        to_json({"a": object()})


def test_what_breaks_while_the_host_goes_away_is_an_interruption(rig: StageRig) -> None:
    at = rig.a_stage("parity")

    def work(context: StageContext) -> ParitySummary:
        context.interruption.request("The host goes away.")
        raise OSError("a subprocess was killed")

    ended = at.work(work)
    assert (ended.exit_code, ended.error["name"]) == (75, "Stage.Interrupted")


def test_a_result_that_cannot_be_stored_is_an_infrastructure_error(rig: StageRig, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise Infrastructure("refused for 120 s")

    monkeypatch.setattr(execution, "write_result", refuse)
    assert rig.a_stage("parity").work(good_work).exit_code == 74


def test_a_spec_that_is_broken_or_of_another_experiment_is_refused(rig: StageRig) -> None:
    at = rig.a_stage("parity")
    key = f"experiments/{at.identity.experiment_id}/spec.json"
    rig.s3.put_object(Bucket="rig-experiments", Key=key, Body=b"{}")
    assert "The spec is not valid" in at.work(good_work).error["message"]
    at = rig.a_stage("parity")
    key = f"experiments/{at.identity.experiment_id}/spec.json"
    rig.s3.put_object(Bucket="rig-experiments", Key=key, Body=to_json(a_spec()))
    assert "The spec belongs to" in at.work(good_work).error["message"]


def test_an_interruption_raises_until_there_is_something_to_save() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, SPOT_NOTICE_SIGNAL)}
    try:
        interruption = Interruption()
        interruption.check()
        interruption.listen()
        with pytest.raises(Interrupted, match="spot host is reclaimed"):
            signal.raise_signal(SPOT_NOTICE_SIGNAL)
        signal.raise_signal(signal.SIGTERM)  # known already
        assert interruption.reason == "The spot host is reclaimed in two minutes."

        deferred = Interruption()
        deferred.listen()
        deferred.defer()
        signal.raise_signal(signal.SIGTERM)
        assert deferred.requested
        with pytest.raises(Interrupted, match="SIGTERM"):
            deferred.check()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_an_interruption_whose_error_was_dropped_raises_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("spotforge_runtime.interruption.time.monotonic", lambda: now)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, SPOT_NOTICE_SIGNAL)}
    try:
        Interruption().listen()
        with contextlib.suppress(Interrupted):  # as Python does in a finaliser
            signal.raise_signal(SPOT_NOTICE_SIGNAL)
        signal.raise_signal(SPOT_NOTICE_SIGNAL)  # the parent says it twice a second: the first may still be on its way
        now += UNHEARD_AFTER_SECONDS + 1
        with pytest.raises(Interrupted):
            signal.raise_signal(SPOT_NOTICE_SIGNAL)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_no_metadata_service_is_no_notice() -> None:
    assert not SpotNotice("http://127.0.0.1:9").given()


def test_what_is_no_uri_is_refused() -> None:
    assert parse_uri("s3://bucket/a/b") == ("bucket", "a/b")
    for wrong in ("http://bucket/key", "s3:///key", "bucket/key"):
        with pytest.raises(ContractBroken):
            parse_uri(wrong)
