"""Rollback: can the version before the newest be had back, and how long does that take?"""

import time

from spotforge_runtime.contracts import names
from spotforge_runtime.contracts.models import BundleAnswers, RehearsalFigures, RollbackFigures
from spotforge_runtime.rehearsal import RehearsalContext

from spotforge_optimization.rehearse_bundle import ReleasedBundle, ask, hold_against_record, take_bundle


def work(context: RehearsalContext) -> RehearsalFigures:
    """The newest first, which is what is in use; then, as if somebody had just decided it, the one before."""
    given = context.environment.given
    newest = answer(context, given(names.ENV_NEWEST_BUNDLE), "newest")
    decided = time.monotonic()
    previous = answer(context, given(names.ENV_PREVIOUS_BUNDLE), "previous")
    first_right_answer = time.monotonic() - decided
    return RehearsalFigures(
        rollback=RollbackFigures(newest=newest, previous=previous, seconds_to_first_right_answer=round(first_right_answer, 3))
    )


def answer(context: RehearsalContext, uri: str, name: str) -> BundleAnswers:
    """GateRejected when the bundle's models do not answer as they did when it was released."""
    return answers_of(take_bundle(context, uri, context.scratch / name))


def answers_of(bundle: ReleasedBundle) -> BundleAnswers:
    """GateRejected when the bundle's models do not answer as they did when it was released."""
    started = time.monotonic()
    held = hold_against_record(bundle, ask(bundle.folder, bundle.threads))
    scored = time.monotonic() - started
    document = bundle.document
    return BundleAnswers(
        bundle_uri=bundle.uri,
        bundle_sha256=document.bundle_sha256,
        tenant=document.tenant,
        name=document.name,
        version=document.version,
        bytes=bundle.bytes,
        rows=document.parity.rows,
        fp32_max_abs=held.fp32_max_abs,
        int8_mean_abs_score_delta=held.int8_mean_abs_score_delta,
        download_seconds=round(bundle.download_seconds, 3),
        verify_seconds=round(bundle.verify_seconds, 3),
        score_seconds=round(scored, 3),
    )
