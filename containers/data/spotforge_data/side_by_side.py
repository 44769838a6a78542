"""Work on many files whose time is mostly waiting for S3: some at once."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Of the client's sixteen connections: the progress of the stage needs some.
AT_ONCE = 12


def side_by_side(items: Iterable[T], do: Callable[[T], R]) -> list[R]:
    """What `do` answers for each, in the order of the items. Of several that fail the first one's exception is raised, and what
    has not begun by then is not begun.

    >>> side_by_side([3, 1, 2], str)
    ['3', '1', '2']
    """
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="file") as pool:
        return list(pool.map(do, items))
