"""Buckets with `enforceSSL` refuse everybody over plain http, the deploying CDK included. On the laptop nothing leaves the
loopback interface: it counts as a secure transport."""

from ministack import app

from spotforge_emulator.private_name import replace


def apply() -> None:
    def pin(source_ip: str, secure_transport: bool) -> None:
        pin_request_origin(source_ip, secure_transport or source_ip in ("127.0.0.1", "::1"))

    pin_request_origin = replace(app, "pin_request_origin", pin)
