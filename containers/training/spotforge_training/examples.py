"""What trainer and prediction ask of examples, whatever they are made of: texts, images."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from torch import Tensor

# One example as the model's inputs, and its class index under "labels".
Example = dict[str, Any]
Collate = Callable[[list[Example]], dict[str, Tensor]]


class Examples(Protocol):
    """`lengths[i]` is what example i costs a batch in padding: tokens of a text; the same for all where nothing is padded."""

    @property
    def lengths(self) -> Sequence[int]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Example: ...
