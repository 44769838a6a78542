from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spotforge_optimization.encoding import EncodedTexts, encode, length_batches
from spotforge_optimization.onnx_session import all_logits
from spotforge_optimization.parity_run import parity_batches, sample_rows
from spotforge_optimization.tournament import evenly

TEXTS = st.lists(st.lists(st.integers(1, 99), min_size=1, max_size=20), min_size=1, max_size=60)


def encoded(ids: list[list[int]], pad_id: int = 0) -> EncodedTexts:
    return EncodedTexts(ids, [[0] * len(row) for row in ids], pad_id)


@given(TEXTS, st.integers(1, 9))
def test_batches_cover_every_row_once_and_grow_in_length(ids: list[list[int]], size: int) -> None:
    texts = encoded(ids)
    batches = list(length_batches(texts.lengths, size))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(ids)))
    assert (np.diff(texts.lengths[np.concatenate(batches)]) >= 0).all()
    assert max(len(batch) for batch in batches) <= size


@given(TEXTS)
def test_a_batch_holds_each_text_then_padding_that_the_mask_leaves_out(ids: list[list[int]]) -> None:
    batch = encoded(ids, pad_id=7).batch(range(len(ids)))
    for row, tokens in enumerate(ids):
        assert batch["input_ids"][row].tolist() == tokens + [7] * (batch["input_ids"].shape[1] - len(tokens))
        assert batch["attention_mask"][row].sum() == len(tokens)
    assert batch["input_ids"].dtype == np.int64


@given(TEXTS, st.integers(1, 8))
def test_results_come_back_in_the_order_of_the_rows(ids: list[list[int]], size: int) -> None:
    texts = encoded(ids)
    sums = all_logits(
        lambda batch: (batch["input_ids"] * batch["attention_mask"]).sum(axis=1, keepdims=True).astype(np.float32),
        texts,
        list(length_batches(texts.lengths, size)),
    )
    assert sums[:, 0].tolist() == [sum(row) for row in ids]


@given(TEXTS, st.integers(1, 64))
def test_the_parity_sample_is_one_batch_and_the_rest_follow(ids: list[list[int]], count: int) -> None:
    texts = encoded(ids)
    sample = sample_rows(texts, count)
    batches = parity_batches(texts, sample)
    assert batches[0].tolist() == sample.tolist()
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(ids)))
    lengths = texts.lengths[sample]
    assert lengths[0] == texts.lengths.min()
    assert count == 1 or lengths[-1] == texts.lengths.max()


@given(st.integers(1, 500), st.integers(1, 500))
def test_rows_chosen_evenly_are_distinct_and_at_most_as_many_as_asked(rows: int, most: int) -> None:
    chosen = evenly(rows, most)
    assert len(chosen) == min(rows, most) == len(set(chosen.tolist()))
    assert chosen.min() >= 0 and chosen.max() < rows


def test_texts_are_encoded_as_transformers_does_it(tiny_base_model: Path) -> None:
    from transformers import PreTrainedTokenizerFast

    texts = ["the film was great", "bad " * 40, "unseen words zzz!", ""]
    reference = PreTrainedTokenizerFast.from_pretrained(tiny_base_model)(texts, truncation=True, max_length=16)
    found = encode(texts, tiny_base_model / "tokenizer.json", max_length=16, pad_id=0)
    assert [list(ids) for ids in found.ids] == reference["input_ids"]


def test_no_rows_at_all_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        all_logits(lambda batch: np.zeros((1, 1), dtype=np.float32), encoded([]), [])


def test_a_text_longer_than_the_given_length_is_cut() -> None:
    assert encoded([[1, 2, 3]]).batch([0], 2)["input_ids"].tolist() == [[1, 2]]
