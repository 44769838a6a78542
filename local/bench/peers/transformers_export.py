"""Exports a model folder by the exporter inside transformers 5: run by the Python of `.venv-exporters`, never imported here.

As its documentation shows it, but that the weights are written into `model.onnx` itself: its own `save_pretrained` puts them into
a file beside it.
"""

import argparse
import sys
from pathlib import Path

import onnx_ir
import torch
from transformers import AutoConfig, AutoModelForImageClassification, AutoModelForSequenceClassification
from transformers.exporters import OnnxConfig, OnnxExporter

ROWS, TOKENS = 2, 16


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", choices=("text-ordinal", "image-ordinal"), required=True)
    parser.add_argument("--opset", type=int, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args(arguments)

    torch.manual_seed(0)
    config = AutoConfig.from_pretrained(given.model, local_files_only=True)
    if given.task == "text-ordinal":
        auto = AutoModelForSequenceClassification
        inputs = {
            "input_ids": torch.randint(5, 50, (ROWS, TOKENS)),
            "attention_mask": torch.ones((ROWS, TOKENS), dtype=torch.int64),
        }
        if getattr(config, "type_vocab_size", 0) > 1:
            inputs["token_type_ids"] = torch.zeros((ROWS, TOKENS), dtype=torch.int64)
    else:
        auto = AutoModelForImageClassification
        inputs = {"pixel_values": torch.rand(ROWS, 3, config.image_size, config.image_size)}
    model = auto.from_pretrained(given.model, local_files_only=True).eval()
    exported = OnnxExporter().export(model, inputs, config=OnnxConfig(opset_version=given.opset, dynamic=True))
    onnx_ir.save(exported.program, str(given.output / "model.onnx"))


if __name__ == "__main__":
    main(sys.argv[1:])
