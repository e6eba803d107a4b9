"""Fine-tune the top layers of an encoder of texts that stay the same: what the lower layers say is worked out once.

With the lower layers frozen their output for a text never changes, so an epoch costs only the layers above them. For
the transformers whose encoder takes hidden states and a mask, as those of BERT and MPNet do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import track
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from transformers import AutoModel, AutoTokenizer

_MAX_TOKENS = 128
_NEVER = -1e4
_WARM_UP = 0.1


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to learn. The head learns ten times as fast as the layers."""

    frozen_layers: int = 9
    epochs: int = 3
    learning_rate: float = 4e-5
    batch: int = 16
    label_smoothing: float = 0.1
    dropout: float = 0.1
    weight_decay: float = 0.01
    seeds: tuple[int, ...] = (1,)


@dataclass(frozen=True, kw_only=True)
class LowerLayers:
    """The output of the lower layers: one tensor of shape (tokens, width) a text."""

    folder: Path
    count: int
    hidden: Sequence[torch.Tensor] = field(repr=False)

    @classmethod
    def of(cls, folder: Path, texts: Sequence[str], count: int) -> "LowerLayers":
        """Run `count` layers of the encoder in `folder` over `texts`."""
        tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=True)
        network = AutoModel.from_pretrained(folder).eval()
        network.encoder.layer = network.encoder.layer[:count]
        ids = tokenizer(list(texts), truncation=True, max_length=_MAX_TOKENS)["input_ids"]
        order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
        hidden: list[Any] = [None] * len(ids)
        for start in track(range(0, len(order), 32), "Lower layers", transient=True):
            part = order[start : start + 32]
            batch = tokenizer.pad({"input_ids": [ids[number] for number in part]}, return_tensors="pt")
            with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
                states = network(**batch).last_hidden_state.bfloat16()
            for state, number in zip(states, part, strict=True):
                hidden[number] = state[: len(ids[number])].clone()
        return cls(folder=folder, count=count, hidden=hidden)

    def batch(self, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Hidden states of shape (rows, tokens, width), padded, and the mask of shape (rows, tokens)."""
        parts = [self.hidden[int(row)].float() for row in rows]
        states = nn.utils.rnn.pad_sequence(parts, batch_first=True)
        lengths = torch.tensor([len(part) for part in parts])
        return states, (torch.arange(states.shape[1]) < lengths[:, None]).float()

    def lengths(self, rows: np.ndarray) -> np.ndarray:
        """Tokens of each row."""
        return np.array([len(self.hidden[int(row)]) for row in rows])


class _UpperLayers(nn.Module):
    """The layers above, mean pooling and a linear head over two classes."""

    def __init__(self, lower: LowerLayers, dropout: float) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(lower.folder).encoder
        self.encoder.layer = self.encoder.layer[lower.count :]
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(self.encoder.config.hidden_size, 2)

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits of shape (rows, 2)."""
        hidden = self.encoder(states, attention_mask=((1 - mask) * _NEVER)[:, None, None, :])[0]
        pooled = (hidden * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
        logits: torch.Tensor = self.head(self.dropout(pooled).float())
        return logits


@dataclass(frozen=True, kw_only=True)
class FineTuned:
    """The top layers, tuned on the rows to learn from; the mean over the seeds of the recipe."""

    name: str
    lower: LowerLayers
    positive: np.ndarray = field(repr=False)
    recipe: Recipe
    settings: tuple[float, ...] = (float("nan"),)

    def said(self, learn: np.ndarray, judge: np.ndarray, setting: float) -> np.ndarray:  # noqa: ARG002  # the recipe
        """The probability that each row of `judge` is positive."""
        return np.asarray(np.mean([self._one(learn, judge, seed) for seed in self.recipe.seeds], axis=0))

    def _one(self, learn: np.ndarray, judge: np.ndarray, seed: int) -> np.ndarray:
        recipe = self.recipe
        torch.manual_seed(seed)
        draw = np.random.default_rng(seed)
        network = _UpperLayers(self.lower, recipe.dropout).train()
        steps = recipe.epochs * -(-len(learn) // recipe.batch)
        optimiser = torch.optim.AdamW(_groups(network, recipe), weight_decay=recipe.weight_decay, fused=True)
        rates = LambdaLR(optimiser, lambda step: min((step + 1) / (_WARM_UP * steps), max(0.0, 1 - step / (steps + 1))))
        loss_of = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
        for epoch in range(recipe.epochs):
            batches = self._batches(learn, draw)
            for rows in track(batches, f"Seed {seed}, round {epoch + 1} of {recipe.epochs}", transient=True):
                states, mask = self.lower.batch(rows)
                with torch.autocast("cpu", dtype=torch.bfloat16):
                    logits = network(states, mask)
                loss = loss_of(logits.float(), torch.tensor(self.positive[rows], dtype=torch.long))
                optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimiser.step()
                rates.step()
        return self._probabilities(network.eval(), judge)

    def _batches(self, rows: np.ndarray, draw: np.random.Generator) -> list[np.ndarray]:
        """Rows of like length together, batches in random order."""
        noisy = self.lower.lengths(rows) * draw.uniform(0.8, 1.25, len(rows))
        ordered = rows[np.argsort(noisy)]
        batches = [ordered[start : start + self.recipe.batch] for start in range(0, len(rows), self.recipe.batch)]
        draw.shuffle(batches)
        return batches

    def _probabilities(self, network: _UpperLayers, rows: np.ndarray) -> np.ndarray:
        result = np.empty(len(rows))
        order = np.argsort(self.lower.lengths(rows))
        for start in range(0, len(rows), 64):
            part = order[start : start + 64]
            states, mask = self.lower.batch(rows[part])
            with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
                result[part] = network(states, mask).double().softmax(dim=1)[:, 1].numpy()
        return result


def _groups(network: _UpperLayers, recipe: Recipe) -> list[dict[str, Any]]:
    layers = [parameter for layer in network.encoder.layer for parameter in layer.parameters()]
    return [
        {"params": list(network.head.parameters()), "lr": recipe.learning_rate * 10},
        {"params": layers, "lr": recipe.learning_rate},
    ]
