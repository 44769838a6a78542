"""Names by pattern."""

import re


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text fits; `*` stands for any text."""
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), text, re.DOTALL) is not None
