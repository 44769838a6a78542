"""MiniStack logs a service's state that it could not write and goes on; the next start would then miss what the user deployed."""

import logging


class SaveFailures(logging.Handler):
    """Collects what MiniStack's persistence reports as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())

    def sentence(self, state: object) -> str:
        """One sentence for the user."""
        first = self.messages[0].removeprefix("Persistence: ")
        return f"The state in {state} is incomplete ({first}): make room or correct its permissions, then deploy again."


def watch_saving() -> SaveFailures:
    """From here on."""
    failures = SaveFailures()
    logging.getLogger("persistence").addHandler(failures)
    return failures
