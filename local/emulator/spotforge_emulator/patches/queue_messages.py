"""Messages that AWS itself puts into a queue. Stock builds them by hand in five places, without message attributes."""

from typing import Any

from ministack.services import sqs

from spotforge_emulator.private_name import private


class NoQueueError(Exception):
    """Nobody has the queue of this ARN."""


def send(queue_arn: str, body: str, attributes: dict[str, tuple[str, str]]) -> None:
    """Puts a message; `attributes` maps names to (data type, text). Raises NoQueueError."""
    queue = private(sqs, "_queue_by_arn")(queue_arn)
    if queue is None:
        raise NoQueueError(queue_arn)
    described: dict[str, Any] = {name: {"DataType": kind, "StringValue": text} for name, (kind, text) in attributes.items()}
    # The queue's owner has checked the sender already: as owner it is called without a policy of its own.
    private(sqs, "_act_send_message")(
        {"QueueUrl": queue["url"], "MessageBody": body, "MessageAttributes": described}, queue["url"]
    )
