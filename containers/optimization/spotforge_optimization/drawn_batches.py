"""What timings run on: batches drawn from the real rows, so that their lengths mix as they do in the data."""

from collections.abc import Sequence

import numpy as np

from spotforge_optimization.encoding import Batch, Examples, Ids

DRAWS = 24  # batches a size; rounds go through them again and again


def draw_batches(examples: Examples, rows: Ids, size: int, *, seed: int, draws: int = DRAWS) -> list[Batch]:
    """Batches of `size` rows each, drawn without replacement within a batch where there are as many. The same seed draws the
    same."""
    source = np.random.default_rng([seed, size])
    return [examples.batch(source.choice(rows, size, replace=len(rows) < size)) for _ in range(draws)]


def of_round(batches: Sequence[Batch], number: int) -> Batch:
    return batches[number % len(batches)]
