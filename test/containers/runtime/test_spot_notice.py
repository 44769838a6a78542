"""The metadata service as it may be: right, slow, silent, gone, forgetful. Paths and answers as in
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html and
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html (documented)."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from containers.runtime.metadata_service import NOTICE, MetadataService, start_metadata_service
from spotforge_runtime import spot_notice
from spotforge_runtime.spot_notice import SpotNotice


@pytest.fixture
def metadata() -> Iterator[MetadataService]:
    with start_metadata_service() as service:
        yield service


def test_no_notice_until_there_is_one(metadata: MetadataService) -> None:
    notice = SpotNotice(metadata.endpoint)
    assert not notice.given()
    metadata.pages[NOTICE] = json.dumps({"action": "terminate", "time": "2026-11-22T08:22:00Z"})
    assert notice.given()


@pytest.mark.parametrize("action", ["stop", "hibernate", "terminate"])
def test_every_action_takes_the_host_away(metadata: MetadataService, action: str) -> None:
    metadata.pages[NOTICE] = json.dumps({"action": action, "time": "2026-11-22T08:22:00Z"})
    assert SpotNotice(metadata.endpoint).given()


def test_a_rebalance_recommendation_is_no_notice(metadata: MetadataService) -> None:
    recommended = json.dumps({"noticeTime": "2026-11-22T08:22:00Z"})
    metadata.pages["/latest/meta-data/events/recommendations/rebalance"] = recommended
    assert not SpotNotice(metadata.endpoint).given()


def test_one_token_serves_many_questions_and_an_expired_one_is_renewed(metadata: MetadataService) -> None:
    notice = SpotNotice(metadata.endpoint)
    for _ in range(3):
        assert not notice.given()
    assert metadata.tokens_granted == 1
    metadata.forget_tokens()
    metadata.pages[NOTICE] = "{}"
    assert notice.given()
    assert metadata.tokens_granted == 2


def test_a_host_without_metadata_service_has_no_notice() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert not SpotNotice(f"http://127.0.0.1:{unused.getsockname()[1]}").given()


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_a_service_that_grants_no_token_has_no_notice(metadata: MetadataService, status: int) -> None:
    metadata.pages[NOTICE] = "{}"
    metadata.token_status = status
    assert not SpotNotice(metadata.endpoint).given()


@pytest.mark.parametrize("words", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"no http at all\r\n\r\n"])
def test_a_service_that_does_not_finish_its_answer_is_not_waited_for(words: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spot_notice, "ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[socket.socket] = []

        def answer() -> None:
            connection, _ = server.accept()
            taken.append(connection)
            connection.sendall(words)

        threading.Thread(target=answer, daemon=True).start()
        started = time.monotonic()
        assert not SpotNotice(f"http://127.0.0.1:{server.getsockname()[1]}").given()
        assert time.monotonic() - started < 10
        for connection in taken:
            connection.close()
