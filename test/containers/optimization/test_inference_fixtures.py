"""What the inference server's tests hold its answers against is what Python answers today."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fixtures.inference import make_fixtures as fixtures

RELATIVE = 1e-6  # processors differ in the last bits of float32


def recorded(name: str) -> Any:
    return json.loads((fixtures.HERE / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["expected-tokens.json", "expected-pictures.json"])
def test_tokens_and_pixels_are_recorded_to_the_bit(name: str) -> None:
    assert json.loads(json.dumps(fixtures.EXPECTED[name]())) == recorded(name)


@pytest.mark.parametrize("name", ["expected-scores.json", "expected-decoding.json"])
def test_scores_are_those_that_score_answers(name: str) -> None:
    assert_alike(json.loads(json.dumps(fixtures.EXPECTED[name]())), recorded(name))


def assert_alike(now: Any, then: Any) -> None:
    if isinstance(then, dict):
        assert now.keys() == then.keys()
        for key in then:
            assert_alike(now[key], then[key])
    elif isinstance(then, list):
        assert len(now) == len(then)
        for one, other in zip(now, then, strict=True):
            assert_alike(one, other)
    elif isinstance(then, float):
        assert now == pytest.approx(then, rel=RELATIVE, abs=RELATIVE)
    else:
        assert now == then


def test_the_bundles_hold_by_their_own_hashes() -> None:
    from spotforge_optimization.bundle_folder import read_bundle

    assert [read_bundle(fixtures.HERE / name).task for name in ("text", "image", "faulty")] == [
        "text-ordinal",
        "image-ordinal",
        "text-ordinal",
    ]
