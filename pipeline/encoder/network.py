"""A transformer with mean pooling and a linear head over the three labels."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, AutoTokenizer

from pipeline.domain import Label

MAX_TOKENS = 192
"""Tokens of a training text; longer ones are cut (1 % of the corpus). Serving reads long messages by windows."""


class Network(nn.Module):
    """Token ids and mask of shape (messages, tokens) -> logits of shape (messages, 3), in the order of `Label`."""

    def __init__(self, transformer: Any, *, dropout: float = 0.1) -> None:
        super().__init__()
        self.transformer = transformer
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(transformer.config.hidden_size, len(Label))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Logits a message."""
        hidden = self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        pooled = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
        logits: torch.Tensor = self.head(self.dropout(pooled).float())
        return logits

    @classmethod
    def pretrained(cls, place: str, *, seed: int, layers: int | None = None) -> Self:
        """The encoder at `place` (a folder, or a name on a hub) with a head drawn by `seed`; its lower `layers`, or
        all.
        """
        transformer = AutoModel.from_pretrained(place)
        if layers is not None:
            transformer.encoder.layer = transformer.encoder.layer[:layers]
            transformer.config.num_hidden_layers = layers
        torch.manual_seed(seed)
        return cls(transformer)

    @classmethod
    def saved(cls, folder: Path) -> Self:
        """What `save` wrote."""
        network = cls(AutoModel.from_config(AutoConfig.from_pretrained(folder)))
        network.load_state_dict(torch.load(folder / "network.pt", weights_only=True))
        return network

    def save(self, folder: Path, tokenizer: Any) -> None:
        """Weights, configuration and tokeniser, to be read by `saved` and `tokenizer_of`."""
        folder.mkdir(parents=True, exist_ok=True)
        self.transformer.config.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        torch.save(self.state_dict(), folder / "network.pt")


def averaged(networks: Iterable[Network]) -> Network:
    """The first network with the mean of each weight over all, which must be of one shape."""
    first, *others = networks
    with torch.no_grad():
        for name, weight in first.named_parameters():
            weight.copy_(torch.stack([weight, *(other.get_parameter(name) for other in others)]).mean(dim=0))
    return first


def encoder_place(name: str, folder: Path) -> str:
    """The folder of the pretrained encoder called `name` where there is one, else its name on the hub."""
    own = folder / name
    return str(own) if own.is_dir() else f"sentence-transformers/{name}"


def tokenizer_of(place: str | Path) -> Any:
    """The fast tokeniser of an encoder."""
    return AutoTokenizer.from_pretrained(place, use_fast=True)
