"""When the next checkpoint is due: as soon as it is cheap, and never later than the longest interval allows.

All times are seconds of training: they count from the start of training in this attempt."""

from dataclasses import dataclass, replace

# CheckFreq (Mohan et al., FAST 2021) holds 3.5 %; what a checkpoint blocks here is a write to the local disk, no upload.
LARGEST_BLOCKED_SHARE = 0.01
# What a host that goes without notice may cost.
LONGEST_INTERVAL_SECONDS = 300.0
# More often saves less than a new host needs to start, and every checkpoint costs some ten requests to S3.
SHORTEST_INTERVAL_SECONDS = 30.0
# The first one is written before its cost is known. Early enough to be committed within 30 s of training.
FIRST_AFTER_SECONDS = 15.0
# The worst of the latest few is what the next one is expected to cost: one slow disk write is paid for, not feared for ever.
COSTS_REMEMBERED = 3


@dataclass(frozen=True)
class CheckpointCadence:
    """What checkpoints cost so far, and what follows from it. `longest_interval` is a promise: it wins over the share."""

    longest_interval: float = LONGEST_INTERVAL_SECONDS
    written: int = 0
    blocked: float = 0.0
    last_at: float = 0.0
    longest: float = 0.0
    forced: int = 0
    recent_costs: tuple[float, ...] = ()

    @property
    def affordable_at(self) -> float:
        """From when on another checkpoint, if it costs what is expected, leaves the blocked share within its bound."""
        if not self.recent_costs:
            return 0.0
        return (self.blocked + max(self.recent_costs)) / LARGEST_BLOCKED_SHARE

    def due(self, now: float, *, next_chance: float, under_way: bool) -> bool:
        """Whether to begin a checkpoint now.

        Args:
            next_chance: when this can be asked again; a longest interval that would be over by then is over now.
            under_way: the one before is still being uploaded, and another one would have to wait for it.
        """
        if max(now, next_chance) > self.last_at + self.longest_interval:
            return True
        pause = SHORTEST_INTERVAL_SECONDS if self.written else FIRST_AFTER_SECONDS
        return not under_way and now >= max(self.last_at + pause, self.affordable_at)

    def after(self, at: float, cost: float) -> "CheckpointCadence":
        """With one more checkpoint, begun at `at`, that blocked the training thread for `cost` seconds."""
        return replace(
            self,
            written=self.written + 1,
            blocked=self.blocked + cost,
            last_at=at,
            longest=self.longest_until(at),
            forced=self.forced + (at < self.affordable_at),
            recent_costs=(*self.recent_costs, cost)[-COSTS_REMEMBERED:],
        )

    def longest_until(self, end: float) -> float:
        """The longest stretch without a checkpoint of a training that lasted until `end`."""
        return max(self.longest, end - self.last_at)
