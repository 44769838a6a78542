"""The base model of the image task: a vision transformer of 0.1 million seeded random weights.

No package of the registries carries a small pretrained one as a Hugging Face folder. This one learns the task from nothing in
about a minute on two cores, so that what is compared is the heads and not what a base model happened to know.
"""

import json
from pathlib import Path

PIECE_PIXELS = 32
PATCH_PIXELS = 4  # the narrowest blurs differ within two or three pixels
SEED = 11
# To -1 … 1, as most vision transformers are trained; the pieces have that size already.
PREPROCESSOR = {
    "image_processor_type": "ViTImageProcessor",
    "do_resize": True,
    "size": {"height": PIECE_PIXELS, "width": PIECE_PIXELS},
    "resample": 2,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
}


def write_blur_base_model(to: Path) -> None:
    """`config.json`, `model.safetensors` and `preprocessor_config.json`. Without dropout: the model is too small to overfit."""
    import torch
    from transformers import ViTConfig, ViTModel

    torch.manual_seed(SEED)
    configuration = ViTConfig(
        image_size=PIECE_PIXELS,
        patch_size=PATCH_PIXELS,
        hidden_size=64,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=128,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    ViTModel(configuration, add_pooling_layer=False).save_pretrained(to, safe_serialization=True)
    (to / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR, indent=2) + "\n", encoding="utf-8")
