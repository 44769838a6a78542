from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from containers.training.tiny_bases import FAMILIES, a_batch, write_base
from spotforge_runtime.errors import InvalidInput
from spotforge_training.base_model import attach_head, fold_head, load_base_model
from spotforge_training.cumulative_link_head import CumulativeLinkHead
from spotforge_training.final_linear import final_linear
from spotforge_training.frozen_layers import freeze_lower_layers
from spotforge_training.modality import modality_of
from spotforge_training.model_folder import save_stock_model
from spotforge_training.text_examples import load_tokenizer
from transformers import AutoModelForSequenceClassification

COUNTS = [10, 40, 30, 15, 5]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_published_model_is_a_stock_one_with_the_same_logits(family: str, tmp_path: Path) -> None:
    base = write_base(family, tmp_path / "base")
    model = load_base_model(base, classes=5).eval()
    head = attach_head(model, COUNTS)
    assert isinstance(head, CumulativeLinkHead)
    with torch.no_grad():  # as if trained: a score of some size, cutpoints moved
        head.latent.normal_(std=1.0)
        head.cutpoints.gaps.normal_()
        expected = model(**a_batch()).logits
    cutpoints = save_stock_model(model, modality_of("text-ordinal", base, 32), tmp_path / "model")

    published = AutoModelForSequenceClassification.from_pretrained(tmp_path / "model", local_files_only=True).eval()
    with torch.no_grad():
        logits = published(**a_batch()).logits
    assert published.num_labels == 4
    assert torch.allclose(logits, expected, atol=1e-6)
    assert cutpoints == sorted(cutpoints)
    assert not any(isinstance(module, CumulativeLinkHead) for module in published.modules())
    assert {file.name for file in (tmp_path / "model").iterdir()} >= {"config.json", "model.safetensors", "tokenizer.json"}


@pytest.mark.parametrize(
    ("family", "place"),
    [("bert", "classifier"), ("distilbert", "classifier"), ("roberta", "classifier.out_proj"), ("gpt2", "score")],
)
def test_the_last_linear_layer_is_found_wherever_a_family_keeps_it(family: str, place: str, tmp_path: Path) -> None:
    assert final_linear(load_base_model(write_base(family, tmp_path), classes=5)) == place


def test_a_model_with_two_candidates_for_its_last_layer_is_refused(tmp_path: Path) -> None:
    model = load_base_model(write_base("bert", tmp_path), classes=5)
    model.second = torch.nn.Linear(32, 4)
    with pytest.raises(InvalidInput, match="has 2 layers that could be its last one: classifier, second"):
        attach_head(model, COUNTS)


def test_a_model_without_a_linear_last_layer_is_refused(tmp_path: Path) -> None:
    model = load_base_model(write_base("bert", tmp_path), classes=5)
    model.classifier = torch.nn.Identity()
    with pytest.raises(InvalidInput, match="has 0 layers"):
        attach_head(model, COUNTS)


def test_a_base_model_fine_tuned_for_another_number_of_labels_gets_a_fresh_head(tmp_path: Path) -> None:
    base = write_base("bert", tmp_path / "base")
    AutoModelForSequenceClassification.from_pretrained(base, num_labels=9).save_pretrained(tmp_path / "tuned")
    assert final_linear(load_base_model(tmp_path / "tuned", classes=5)) == "classifier"


def test_weights_that_are_not_safetensors_are_refused(tmp_path: Path) -> None:
    base = write_base("bert", tmp_path)
    torch.save({}, base / "pytorch_model.bin")
    (base / "model.safetensors").unlink()
    with pytest.raises(InvalidInput, match="could not be loaded"):
        load_base_model(base, classes=5)


def test_code_in_the_base_model_is_never_run(tmp_path: Path) -> None:
    base = write_base("bert", tmp_path)
    (base / "evil.py").write_text("raise SystemExit('ran')\n")
    configuration = json.loads((base / "config.json").read_text())
    configuration |= {"model_type": "evil", "auto_map": {"AutoModelForSequenceClassification": "evil.Evil"}}
    (base / "config.json").write_text(json.dumps(configuration))
    with pytest.raises(InvalidInput, match="could not be loaded"):
        load_base_model(base, classes=5)


def test_a_base_model_without_tokenizer_is_refused(tmp_path: Path) -> None:
    base = write_base("bert", tmp_path)
    (base / "tokenizer.json").unlink()
    with pytest.raises(InvalidInput, match=r"has no tokenizer\.json"):
        load_tokenizer(base)


def test_a_torn_tokenizer_is_refused(tmp_path: Path) -> None:
    base = write_base("bert", tmp_path)
    (base / "tokenizer.json").write_text("{")
    with pytest.raises(InvalidInput, match="tokenizer could not be loaded"):
        load_tokenizer(base)


def test_a_tokenizer_without_padding_token_is_refused(tmp_path: Path) -> None:
    base = write_base("bert", tmp_path)
    tokenizer = load_tokenizer(base)
    tokenizer.pad_token = None
    tokenizer.save_pretrained(base)
    with pytest.raises(InvalidInput, match="no padding token"):
        load_tokenizer(base)


def test_two_classes_make_a_model_of_one_logit(tmp_path: Path) -> None:
    model = load_base_model(write_base("bert", tmp_path), classes=2).eval()
    attach_head(model, [3, 1])
    with torch.no_grad():
        expected = model(**a_batch()).logits
    assert expected.shape == (2, 1)
    fold_head(model)
    with torch.no_grad():
        assert torch.allclose(model(**a_batch()).logits, expected, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_frozen_layers_are_the_lower_ones_and_the_embeddings(family: str, tmp_path: Path) -> None:
    model = load_base_model(write_base(family, tmp_path), classes=5)
    attach_head(model, COUNTS)
    freeze_lower_layers(model, 1)
    trained = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    assert not any("embeddings" in name or "layer.0." in name for name in trained)
    assert any("layer.1." in name for name in trained)
    assert any("latent" in name for name in trained)


def test_freezing_every_layer_leaves_what_lies_above_them(tmp_path: Path) -> None:
    model = load_base_model(write_base("bert", tmp_path), classes=5)
    freeze_lower_layers(model, 2)
    trained = {name.split(".")[1] for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert trained == {"pooler", "weight", "bias"}


def test_freezing_nothing_trains_everything(tmp_path: Path) -> None:
    model = load_base_model(write_base("bert", tmp_path), classes=5)
    freeze_lower_layers(model, 0)
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_more_frozen_layers_than_there_are_is_refused(tmp_path: Path) -> None:
    model = load_base_model(write_base("bert", tmp_path), classes=5)
    with pytest.raises(InvalidInput, match="frozenLayers is 3, but the encoder of the base model has 2 layers"):
        freeze_lower_layers(model, 3)
