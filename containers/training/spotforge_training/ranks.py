"""The processes that share one training, one for each GPU: which of them this is, and how they agree."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import numpy as np
import torch
from accelerate import PartialState  # type: ignore[import-untyped]
from numpy.typing import NDArray
from spotforge_runtime.environment import StageEnvironment
from torch import distributed

Value = TypeVar("Value")

# The hang limit ends a run that stands still, and tells where it stood. torch would wait ten minutes, which is less than the
# first process may need to fetch a checkpoint, and say only that a collective timed out.
LONGEST_WAIT = timedelta(days=2)


class Ranks:
    """All of them run the same code and reach each method in the same order; alone, every method is its argument.

    What they tell each other here goes through memory of the host, also where gradients go from GPU to GPU."""

    def __init__(self, index: int = 0, count: int = 1) -> None:
        self.index = index
        self.count = count

    @property
    def first(self) -> bool:
        """Whether this is the one that reports, writes and publishes."""
        return self.index == 0

    def any(self, flag: bool) -> bool:
        """Whether it holds for one of them."""
        return flag if self.count == 1 else self.sum(float(flag)) > 0

    def sum(self, value: float) -> float:
        return value if self.count == 1 else float(self.sum_array(np.asarray([value]))[0])

    def sum_array(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Element by element, the same bits in each of them."""
        if self.count == 1:
            return values
        tensor = torch.from_numpy(values.copy())
        distributed.all_reduce(tensor)
        summed: NDArray[np.floating] = tensor.numpy()
        return summed

    def by_first(self, make: Callable[[], Value]) -> Value:
        """What the first one makes, in each of them; meanwhile the others wait."""
        if self.count == 1:
            return make()
        made = [make() if self.first else None]
        distributed.broadcast_object_list(made, src=0, device=torch.device("cpu"))
        value: Value = made[0]  # type: ignore[assignment]
        return value

    def wait(self) -> None:
        """Until all of them have come here."""
        self.any(False)

    def leave(self) -> None:
        """The rest is for each to do on its own. Everything was said: nobody waits for an answer any more."""
        if self.count > 1:
            distributed.destroy_process_group()


ALONE = Ranks()


def join_ranks(environment: StageEnvironment) -> Ranks:
    """The others of this attempt, once all are there: by NCCL between GPUs, by Gloo where torch finds none."""
    if environment.processes == 1:
        return ALONE
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(environment.rank)
    distributed.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo", timeout=LONGEST_WAIT)
    state = PartialState(cpu=not cuda)  # what the Trainer takes its device from
    if not cuda:
        state.device = torch.device("cpu")  # not cpu:0, which torch.load does not know
    return Ranks(environment.rank, environment.processes)
