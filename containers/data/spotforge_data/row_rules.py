"""Which rows can be learned from, and why the others cannot. One row at a time: the rule that everything else follows."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from spotforge_data.raw_batch import RawRow

LONGEST_TEXT = 20_000
LONGEST_DETAIL = 80
# Values that went through float32 differ from the spec's by less.
TOLERANCE = 1e-6

TEXT_EMPTY = "text-empty"
TEXT_TOO_LONG = "text-too-long"
TEXT_NOT_A_STRING = "text-not-a-string"
LABEL_MISSING = "label-missing"
LABEL_NOT_A_NUMBER = "label-not-a-number"
LABEL_NOT_IN_VALUES = "label-not-in-values"
GROUP_MISSING = "group-missing"

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Row:
    """A row to learn from. `content` is a text or the path of a picture, `label` a class index from 0 to K - 1."""

    row: int
    content: str
    label: int
    group: str


@dataclass(frozen=True)
class Refusal:
    """Why a row cannot be used. The detail never quotes a text."""

    reason: str
    detail: str


RefuseContent = Callable[[Any], Refusal | None]


def check_row(raw: RawRow, values: Sequence[float], refuse_content: RefuseContent) -> Row | Refusal:
    """The row, or the first reason against it: content, then label, then group. `values` are the K label values, ascending."""
    refusal = refuse_content(raw.content)
    if refusal is not None:
        return refusal
    label = class_index(raw.label, values)
    if isinstance(label, Refusal):
        return label
    group = _group(raw.group)
    if group is None:
        return Refusal(GROUP_MISSING, f"the group is {kind_of(raw.group)}")
    return Row(raw.row, raw.content, label, group)


def class_index(label: Any, values: Sequence[float]) -> int | Refusal:
    """The index of a label among the ordered values."""
    if label is None or (isinstance(label, str) and not label.strip()):
        return Refusal(LABEL_MISSING, "the label is missing")
    number = _number(label)
    if number is None:
        return Refusal(LABEL_NOT_A_NUMBER, f"the label is {kind_of(label)}")
    at = bisect_left(values, number)
    near = min((i for i in (at - 1, at) if 0 <= i < len(values)), key=lambda i: abs(values[i] - number))
    if abs(values[near] - number) > TOLERANCE * max(1.0, abs(number)):
        return Refusal(LABEL_NOT_IN_VALUES, f"the label is {number:g}")
    return near


def refuse_text(text: Any) -> Refusal | None:
    """The reason against a text; None when it can be used."""
    if text is None:
        return Refusal(TEXT_EMPTY, "the text is missing")
    if not isinstance(text, str):
        return Refusal(TEXT_NOT_A_STRING, f"the text is {kind_of(text)}")
    if not text.strip():
        return Refusal(TEXT_EMPTY, f"the text has {len(text)} characters, all of them blank")
    if len(text) > LONGEST_TEXT:
        return Refusal(TEXT_TOO_LONG, f"the text has {len(text)} characters; the limit is {LONGEST_TEXT}")
    if not _encodable(text):
        return Refusal(TEXT_NOT_A_STRING, "the text holds half a character (a lone surrogate)")
    return None


def _number(label: Any) -> float | None:
    """The finite number a label says, written as text or not; None when it says none."""
    if isinstance(label, str):
        text = label.strip()
        number = float(text) if _NUMBER.fullmatch(text) else math.nan
    elif isinstance(label, (int, float, Decimal)) and not isinstance(label, bool):
        try:
            number = float(label)
        except OverflowError:
            number = math.inf
    else:
        return None
    return number if math.isfinite(number) else None


def _group(group: Any) -> str | None:
    if isinstance(group, (int, float)) and not isinstance(group, bool):
        return str(group) if math.isfinite(group) else None
    return group if isinstance(group, str) and group.strip() and _encodable(group) else None


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def kind_of(value: Any) -> str:
    """What a value is, without saying what it holds."""
    if isinstance(value, str):
        return f"text of {len(value)} characters" if value.strip() else "blank"
    if isinstance(value, float):
        return f"{value:g}"
    return "missing" if value is None else f"of type {type(value).__name__}"
