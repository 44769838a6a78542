from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from spotforge_training.length_groups import LengthGroups, length_grouped_order
from spotforge_training.ranks import Ranks

lengths = st.lists(st.integers(1, 128), min_size=1, max_size=300)


@given(lengths, st.integers(1, 20), st.integers(0, 5), st.integers(0, 3))
def test_every_example_comes_exactly_once_an_epoch(lengths: list[int], batch: int, seed: int, epoch: int) -> None:
    order = length_grouped_order(lengths, batch, seed, epoch)
    assert sorted(order) == list(range(len(lengths)))


@given(lengths, st.integers(1, 20), st.integers(0, 5))
def test_the_longest_full_batch_comes_first_so_that_memory_runs_out_at_once(lengths: list[int], batch: int, seed: int) -> None:
    order = length_grouped_order(lengths, batch, seed, epoch=0)
    full = len(order) // batch * batch
    if full:
        assert max(lengths[i] for i in order[:batch]) == max(lengths[i] for i in order[:full])


def test_batches_hold_texts_of_like_lengths() -> None:
    lengths = np.random.default_rng(1).integers(4, 120, 3200)

    def padded(order: list[int]) -> int:
        return sum(int(lengths[order[i : i + 16]].max()) * 16 for i in range(0, len(order), 16))

    assert padded(length_grouped_order(lengths.tolist(), 16, 13, 0)) < 1.05 * lengths.sum()
    assert padded(list(range(3200))) > 1.6 * lengths.sum()


def test_each_epoch_has_an_order_of_its_own_and_a_repeated_one_the_same() -> None:
    lengths = list(range(1, 65))
    assert length_grouped_order(lengths, 8, 13, 0) != length_grouped_order(lengths, 8, 13, 1)
    assert length_grouped_order(lengths, 8, 13, 1) == length_grouped_order(lengths, 8, 13, 1)
    assert length_grouped_order(lengths, 8, 14, 1) != length_grouped_order(lengths, 8, 13, 1)


def test_the_sampler_follows_the_epoch_it_is_told() -> None:
    sampler = LengthGroups([3, 1, 4, 1, 5, 9, 2, 6], batch=2, seed=3)
    sampler.set_epoch(2)
    assert len(sampler) == 8
    assert list(sampler) == length_grouped_order([3, 1, 4, 1, 5, 9, 2, 6], 2, 3, 2)


@given(lengths, st.integers(1, 8), st.integers(1, 4), st.integers(0, 5))
def test_processes_share_each_batch_equally_and_leave_over_fewer_rows_than_they_are(
    lengths: list[int], share: int, processes: int, seed: int
) -> None:
    batch = share * processes
    order = length_grouped_order(lengths, batch, seed, epoch=0)
    shares = [list(LengthGroups(lengths, batch, seed, Ranks(rank, processes))) for rank in range(processes)]
    assert {len(each) for each in shares} == {len(lengths) // processes}
    assert all(len(LengthGroups(lengths, batch, seed, Ranks(rank, processes))) == len(shares[rank]) for rank in range(processes))
    for step in range(len(order) // batch):
        together = [example for each in shares for example in each[step * share : (step + 1) * share]]
        assert sorted(together) == sorted(order[step * batch : (step + 1) * batch])
    taken = [example for each in shares for example in each]
    assert len(set(taken)) == len(taken) > len(lengths) - processes
