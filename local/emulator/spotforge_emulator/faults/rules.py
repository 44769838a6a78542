"""One class for each kind of rule. The fields are the keys of the control routes' bodies, in camelCase there."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le, MinLen

from spotforge_emulator.faults.operations import operation_names
from spotforge_emulator.faults.pattern import matches


def camel_case(name: str) -> str:
    """`detail_type` → `detailType`."""
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)


BORDER = {"extra": "forbid", "strict": True, "alias_generator": camel_case}

Pattern = Annotated[str, MinLen(1)]
Count = Annotated[int, Ge(1)]
Seconds = Annotated[float, Gt(0)]

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html; the first two may be tried again.
ENTRY_CODES = (
    "InternalFailure",
    "ThrottlingException",
    "AccessDeniedException",
    "InvalidAccountIdException",
    "InvalidArgument",
    "MalformedDetail",
    "RedactionFailure",
    "NotAuthorizedForSourceException",
    "NotAuthorizedForDetailTypeException",
)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Holds for `count` times, once when nothing is said, or for `seconds` of real time."""

    __pydantic_config__: ClassVar[dict[str, Any]] = BORDER

    count: Count | None = None
    seconds: Seconds | None = None

    def __post_init__(self) -> None:
        if self.count is not None and self.seconds is not None:
            raise ValueError("either count or seconds is expected, not both")


@dataclass(frozen=True, kw_only=True)
class RefusedCalls(Rule):
    """`services/refuse`."""

    service: Literal["s3", "dynamodb", "events", "states", "batch", "lambda"]
    operations: tuple[str, ...] = ()
    status: Annotated[int, Ge(400), Le(599)] | None = None
    code: Pattern | None = None
    # PutEvents alone: the call is answered with 200, and only entries that match are refused.
    partial: bool = False
    source: Pattern = "*"
    detail_type: Pattern = "*"

    def __post_init__(self) -> None:
        super().__post_init__()
        if unknown := sorted(set(self.operations) - operation_names(self.service)):
            raise ValueError(f"operations: {self.service} has no {', '.join(unknown)}")
        if self.partial:
            if (self.service, self.operations) != ("events", ("PutEvents",)):
                raise ValueError("partial: only the operation PutEvents of the service events fails in part")
            if self.status is not None:
                raise ValueError("status: a call that fails in part is answered with 200")
            if self.code is not None and self.code not in ENTRY_CODES:
                raise ValueError(f"code: an entry of PutEvents fails with {', '.join(ENTRY_CODES)}")
        elif (self.source, self.detail_type) != ("*", "*"):
            raise ValueError("source, detailType: only with partial, which looks at single entries")

    def names(self, operation: str | None) -> bool:
        return not self.operations or operation in self.operations


@dataclass(frozen=True, kw_only=True)
class FailingFunctions(Rule):
    """`functions/fail`."""

    function_name_pattern: Pattern
    how: Literal["throttle", "throw"] = "throttle"


@dataclass(frozen=True, kw_only=True)
class EventRule(Rule):
    source: Pattern = "*"
    detail_type: Pattern = "*"

    def picks(self, source: str, detail_type: str) -> bool:
        return matches(self.source, source) and matches(self.detail_type, detail_type)


class LostEvents(EventRule):
    """`events/drop`."""


class DoubledEvents(EventRule):
    """`events/double`."""


@dataclass(frozen=True, kw_only=True)
class PausedSchedules:
    """`schedules/pause`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = BORDER

    rule_name_pattern: Pattern
    seconds: Seconds
    count: ClassVar[None] = None


@dataclass(frozen=True, kw_only=True)
class FiredSchedules:
    """`schedules/fire`: done at once, so no rule stays."""

    __pydantic_config__: ClassVar[dict[str, Any]] = BORDER

    rule_name_pattern: Pattern
