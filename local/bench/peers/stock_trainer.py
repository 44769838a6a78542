"""The peer of `npm run bench:training`: a stock classifier, trained as transformers' documentation shows it.

What the two sides do not share has the library's default: learning rate, schedule, optimiser, order of the rows, padding
to the longest of a batch, and cross-entropy over K classes.
"""

import argparse
import json
import sys
from pathlib import Path

import polars as pl
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainingArguments, set_seed


def examples(file: Path, tokenizer, max_length: int) -> list[dict]:  # type: ignore[no-untyped-def,type-arg]
    table = pl.read_parquet(file)
    encoded = tokenizer(table["text"].to_list(), truncation=True, max_length=max_length)
    return [
        {**{name: values[row] for name, values in encoded.items()}, "labels": label}
        for row, label in enumerate(table["label"].to_list())
    ]


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("base", "train", "test", "scratch", "result"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name in ("classes", "epochs", "batch-size", "max-length", "seed", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = parser.parse_args(arguments)

    torch.set_num_threads(given.threads)
    set_seed(given.seed)
    tokenizer = AutoTokenizer.from_pretrained(given.base, local_files_only=True)
    model = AutoModelForSequenceClassification.from_pretrained(given.base, num_labels=given.classes, local_files_only=True)
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(given.scratch),
            num_train_epochs=given.epochs,
            per_device_train_batch_size=given.batch_size,
            seed=given.seed,
            report_to=[],
            disable_tqdm=True,
        ),
        train_dataset=examples(given.train, tokenizer, given.max_length),  # type: ignore[arg-type]
        processing_class=tokenizer,
    )
    trained = trainer.train()
    predicted = trainer.predict(examples(given.test, tokenizer, given.max_length))  # type: ignore[arg-type]
    answer = {
        "samplesPerSecond": trained.metrics["train_samples_per_second"],
        "logits": predicted.predictions.tolist(),
        "labels": predicted.label_ids.tolist(),
    }
    given.result.write_text(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1:])
