"""Random base models of several families, small enough to build in a test."""

from __future__ import annotations

from pathlib import Path

import torch
from containers.tiny_data import vocabulary, write_base_model
from transformers import DistilBertConfig, DistilBertModel, GPT2Config, GPT2Model, RobertaConfig, RobertaModel

FAMILIES = ("bert", "distilbert", "roberta")


def write_base(family: str, folder: Path) -> Path:
    """A Hugging Face directory of that family with hidden size 32, two layers and the tiny tokenizer."""
    write_base_model(folder)
    torch.manual_seed(5)
    words = len(vocabulary())
    if family == "distilbert":
        DistilBertModel(DistilBertConfig(vocab_size=words, dim=32, n_layers=2, n_heads=2, hidden_dim=64)).save_pretrained(folder)
    elif family == "roberta":
        configuration = RobertaConfig(
            vocab_size=words,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=66,
            pad_token_id=0,
        )
        RobertaModel(configuration).save_pretrained(folder)
    elif family == "gpt2":
        GPT2Model(GPT2Config(vocab_size=words, n_embd=32, n_layer=2, n_head=2, pad_token_id=0)).save_pretrained(folder)
    return folder


def a_batch() -> dict[str, torch.Tensor]:
    ids = torch.tensor([[2, 7, 9, 12, 3], [2, 8, 3, 0, 0]])
    return {"input_ids": ids, "attention_mask": (ids != 0).long()}
