"""transformers' Trainer with an ordinal loss, a learning rate of its own for the head, and an order that survives a resume."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from accelerate.data_loader import prepare_data_loader  # type: ignore[import-untyped]
from numpy.typing import NDArray
from spotforge_runtime.ordinal_decoding import Head, absolute_errors
from torch import Tensor, nn
from torch.utils.data import DataLoader, Sampler
from transformers import PreTrainedModel, PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from spotforge_training.base_model import head_of
from spotforge_training.batch_loss import batch_loss
from spotforge_training.divergence import DivergenceGuard
from spotforge_training.examples import Collate, Examples
from spotforge_training.layerwise_rates import layerwise_factors
from spotforge_training.length_groups import LengthGroups
from spotforge_training.ordinal_head import HEADS
from spotforge_training.prediction import predict_logits
from spotforge_training.ranks import ALONE, Ranks


class OrdinalRegressionTrainer(Trainer):
    """Trains a model whose last linear layer is a `HeadLayer`.

    - loss: the head's, a micro-batch's share of the whole batch's mean;
    - optimiser: AdamW, the head at its own multiple of the learning rate and without decay (decay would pull cutpoints
      together and a latent score to nothing), lower layers slower when `layerwise_decay` is below 1;
    - order: batches of like lengths, a function of seed and epoch;
    - evaluation: in the split's own order, by median decoding, and without touching a random state.

    Of several processes each takes its share of every batch; their gradients are summed to those of the whole batch.
    """

    def __init__(
        self,
        *,
        model: PreTrainedModel,
        args: TrainingArguments,
        train_examples: Examples,
        collate: Collate,
        guard: DivergenceGuard,
        callbacks: list[TrainerCallback],
        head: Head = "cumulative-link",
        class_weights: Sequence[float] | None = None,
        layerwise_decay: float = 1.0,
        ranks: Ranks = ALONE,
    ) -> None:
        self._head = HEADS[head]
        self._weights = None if class_weights is None else torch.tensor(class_weights)
        self._layerwise_decay = layerwise_decay
        self._ranks = ranks
        self._guard = guard
        self._examples = train_examples
        self._ordinal_model = model
        super().__init__(
            model=model,
            args=args,
            data_collator=collate,
            train_dataset=train_examples,
            compute_loss_func=self._loss,
            callbacks=[guard, *callbacks],
        )
        self.remove_callback(PrinterCallback)  # progress and metrics.jsonl tell the same, once
        # The rows of a batch go to the loss, never into the model's own forward.
        self.model_accepts_loss_kwargs = False

    def _loss(self, outputs: Any, labels: Tensor, num_items_in_batch: Tensor | int | None = None) -> Tensor:
        return batch_loss(self._head.losses(outputs.logits, labels), labels, num_items_in_batch, self._weights)

    def training_step(self, model: nn.Module, inputs: dict[str, Any], num_items_in_batch: Any = None) -> Tensor:
        loss: Tensor = super().training_step(model, inputs, num_items_in_batch)
        self._guard.loss += float(loss) / self._ranks.count  # the Trainer scales it up, because gradients are averaged
        return loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """With the head's thresholds beside every loss, so that their way can be followed between evaluations."""
        thresholds = head_of(self._ordinal_model)[1].thresholds() if "loss" in logs else []
        super().log({**logs, "cutpoints": thresholds} if thresholds else logs, start_time)  # type: ignore[dict-item]

    def create_optimizer(self) -> torch.optim.Optimizer:
        if self.optimizer is None:
            cls, options = self.get_optimizer_cls_and_kwargs(self.args)
            self.optimizer = cls(self._parameter_groups(), **options)
        return self.optimizer

    def _parameter_groups(self) -> list[dict[str, Any]]:
        """First those that decay, then the others, each from the fastest to the slowest, and last the head."""
        _, head = head_of(self._ordinal_model)
        of_head = {id(parameter) for parameter in head.parameters()}
        decayed = set(self.get_decay_parameter_names(self._ordinal_model))
        factors = layerwise_factors(self._ordinal_model, self._layerwise_decay)
        rest = [(n, p) for n, p in self._ordinal_model.named_parameters() if p.requires_grad and id(p) not in of_head]
        groups: list[dict[str, Any]] = [
            {
                "params": [p for n, p in rest if (n in decayed) == decays and factors[n] == factor],
                "weight_decay": self.args.weight_decay if decays else 0.0,
                "lr": self.args.learning_rate * factor,
            }
            for decays in (True, False)
            for factor in sorted(set(factors.values()), reverse=True)
        ]
        groups.append(
            {
                "params": list(head.parameters()),
                "weight_decay": 0.0,
                "lr": self.args.learning_rate * self._head.learning_rate_factor,
            }
        )
        return [group for group in groups if group["params"]]

    def _get_train_sampler(self, _train_dataset: Any = None) -> Sampler[int]:
        batch = self._ranks.count * self.args.train_batch_size * self.args.gradient_accumulation_steps
        return LengthGroups(self._examples.lengths, batch, self.args.seed, self._ranks)

    def get_train_dataloader(self) -> DataLoader[Any]:
        if self._ranks.count == 1:
            return super().get_train_dataloader()
        loader: DataLoader[Any] = DataLoader(
            self.train_dataset,  # type: ignore[arg-type]
            batch_size=self.args.train_batch_size,
            sampler=self._get_train_sampler(),
            collate_fn=self.data_collator,
            pin_memory=self.args.dataloader_pin_memory,
        )
        # As the Trainer does it, but not told of the other processes: the sampler has dealt the examples out already, while
        # the Trainer would deal out whole micro-batches and fill the last one up with examples of the first.
        alone: DataLoader[Any] = prepare_data_loader(loader, num_processes=1, process_index=0)
        return alone

    def logits_of(self, examples: Examples, after_batch: Callable[[int], None] = lambda _rows: None) -> NDArray[np.float32]:
        """Shape (N, K-1), in the examples' order."""
        return predict_logits(self._ordinal_model, examples, self.data_collator, ranks=self._ranks, after_batch=after_batch)

    def figures_of(self, logits: NDArray[np.float32], labels: NDArray[np.int32]) -> dict[str, float]:
        """Mean loss in nats, all classes alike, and MAE in classes."""
        losses = self._head.losses(torch.from_numpy(logits), torch.from_numpy(labels.astype(np.int64)))
        return {"loss": float(losses.mean()), "mae": float(absolute_errors(logits, labels, self._head.name).mean())}
