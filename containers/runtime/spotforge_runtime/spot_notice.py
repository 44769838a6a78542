"""The two-minute notice of a spot host, at the instance metadata service (IMDSv2)."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

TOKEN_PATH = "/latest/api/token"  # noqa: S105 - a path, not a secret
NOTICE_PATH = "/latest/meta-data/spot/instance-action"
TOKEN_SECONDS = 21_600
ANSWER_SECONDS = 1.0


class SpotNotice:
    """Asks for the notice. A host without metadata service, or that is no spot host, has none."""

    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        self._host = parts.hostname or "169.254.169.254"
        self._port = parts.port or 80
        self._prefix = parts.path.rstrip("/")
        self._token: str | None = None

    def given(self) -> bool:
        """True once the host is marked for interruption. Never raises; takes 2 s at most."""
        try:
            status = self._ask_notice()
            if status == 401:  # the token expired
                self._token = None
                status = self._ask_notice()
        except (OSError, http.client.HTTPException):
            return False
        return status == 200

    def _ask_notice(self) -> int:
        if self._token is None:
            headers = {"X-aws-ec2-metadata-token-ttl-seconds": str(TOKEN_SECONDS)}
            status, body = self._request("PUT", TOKEN_PATH, headers)
            if status != 200:
                return status
            self._token = body.strip()
        return self._request("GET", NOTICE_PATH, {"X-aws-ec2-metadata-token": self._token})[0]

    def _request(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=ANSWER_SECONDS)
        try:
            connection.request(method, self._prefix + path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read(4096).decode("utf-8", "replace")
        finally:
            connection.close()
