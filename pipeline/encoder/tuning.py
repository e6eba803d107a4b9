"""Fine-tuning on soft targets: length-bucketed batches, contrast sets kept together and told apart as pairs."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from random import Random
from typing import Any, Self

import numpy as np
import torch
from rich.progress import track
from torch.nn.functional import log_softmax, softplus
from torch.optim.lr_scheduler import LambdaLR

from pipeline.encoder.augment import augmented
from pipeline.encoder.network import MAX_TOKENS, Network
from pipeline.params import EncoderParams

_WARM_UP = 0.1
_PAIR_MARGIN = 0.25
"""How far apart the targets of two messages of a scenario must be to count as a contrast."""


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """One text to learn from. `target` holds the probabilities of the three labels, `scenario` ties a contrast set."""

    text: str
    target: tuple[float, float, float]
    weight: float
    scenario: str


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How to learn: `layer_decay` is the factor from a layer's learning rate to that of the layer below it,
    `pair_weight` what the contrast between messages of a scenario weighs beside the labels.
    """

    epochs: int
    batch: int
    learning_rate: float
    layer_decay: float
    weight_decay: float
    pair_weight: float
    augment_share: float
    seed: int

    @classmethod
    def of(cls, params: EncoderParams, *, epochs: int, learning_rate: float) -> Self:
        """The schedule of params.yaml over `epochs`."""
        given = {"epochs", "learning_rate"}
        same = {field.name: getattr(params, field.name) for field in fields(cls) if field.name not in given}
        return cls(epochs=epochs, learning_rate=learning_rate, **same)


def fine_tune(network: Network, tokenizer: Any, lessons: Sequence[Lesson], schedule: Schedule, *, what: str) -> None:
    """Train `network` in place, in bfloat16 where the processor has it. The same seed gives the same order."""
    torch.manual_seed(schedule.seed)
    draw = Random(schedule.seed)  # noqa: S311  # order and slips of the keyboard, no secret
    steps = schedule.epochs * -(-len(lessons) // schedule.batch)
    optimiser = torch.optim.AdamW(_parameter_groups(network, schedule), weight_decay=schedule.weight_decay, fused=True)
    rates = LambdaLR(optimiser, lambda step: min((step + 1) / (_WARM_UP * steps), max(0.0, 1 - step / (steps + 1))))
    network.train()
    for epoch in range(schedule.epochs):
        batches = list(_batches(lessons, tokenizer, schedule, draw))
        for batch in track(batches, f"{what}, round {epoch + 1} of {schedule.epochs}"):
            loss = _loss(network, batch, schedule)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            rates.step()
    network.eval()


def probabilities(network: Network, tokenizer: Any, texts: Sequence[str], *, batch: int = 32) -> np.ndarray:
    """Uncalibrated probabilities of shape (texts, 3)."""
    network.eval()
    ids = tokenizer(list(texts), truncation=True, max_length=MAX_TOKENS)["input_ids"]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    result = np.empty((len(ids), 3))
    for start in track(range(0, len(order), batch), "Encoding", transient=True):
        part = order[start : start + batch]
        padded = tokenizer.pad({"input_ids": [ids[i] for i in part]}, return_tensors="pt")
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            logits = network(padded["input_ids"], padded["attention_mask"])
        result[part] = logits.double().softmax(dim=1).numpy()
    return result


@dataclass(frozen=True, kw_only=True)
class _Batch:
    ids: torch.Tensor
    mask: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor
    pairs: torch.Tensor
    """Row numbers of shape (pairs, 2): the first is more of a complaint than the second."""


def _loss(network: Network, batch: _Batch, schedule: Schedule) -> torch.Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = network(batch.ids, batch.mask)
    logs = log_softmax(logits, dim=1)
    loss = -((batch.targets * logs).sum(dim=1) * batch.weights).sum() / batch.weights.sum()
    if len(batch.pairs):
        odds = logs[:, 0] - torch.log1p(-logs[:, 0].exp().clamp(max=1 - 1e-6))
        loss = loss + schedule.pair_weight * softplus(odds[batch.pairs[:, 1]] - odds[batch.pairs[:, 0]]).mean()
    return loss


def _batches(lessons: Sequence[Lesson], tokenizer: Any, schedule: Schedule, draw: Random) -> Iterator[_Batch]:
    texts = [augmented(row.text, draw) if draw.random() < schedule.augment_share else row.text for row in lessons]
    ids = tokenizer(texts, truncation=True, max_length=MAX_TOKENS)["input_ids"]
    groups: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(lessons):
        groups[row.scenario].append(number)
    noisy = sorted(groups.values(), key=lambda group: max(len(ids[i]) for i in group) * draw.uniform(0.8, 1.25))
    ordered = [number for group in noisy for number in group]
    chunks = [ordered[start : start + schedule.batch] for start in range(0, len(ordered), schedule.batch)]
    draw.shuffle(chunks)
    for chunk in chunks:
        padded = tokenizer.pad({"input_ids": [ids[i] for i in chunk]}, return_tensors="pt")
        rows = [lessons[i] for i in chunk]
        yield _Batch(
            ids=padded["input_ids"],
            mask=padded["attention_mask"],
            targets=torch.tensor([row.target for row in rows], dtype=torch.float32),
            weights=torch.tensor([row.weight for row in rows], dtype=torch.float32),
            pairs=torch.tensor(_pairs(rows), dtype=torch.long).reshape(-1, 2),
        )


def _pairs(rows: Sequence[Lesson]) -> list[tuple[int, int]]:
    return [
        (i, j)
        for i, more in enumerate(rows)
        for j, less in enumerate(rows)
        if more.scenario == less.scenario and more.target[0] - less.target[0] > _PAIR_MARGIN
    ]


def _parameter_groups(network: Network, schedule: Schedule) -> list[dict[str, Any]]:
    """The head learns fastest, each layer slower than the one above it; the embeddings stay as they were."""
    for parameter in network.transformer.embeddings.parameters():
        parameter.requires_grad = False
    layers = list(network.transformer.encoder.layer)
    groups = [{"params": list(network.head.parameters()), "lr": schedule.learning_rate * 10}]
    rest = {id(p) for layer in layers for p in layer.parameters()}
    shared = [p for p in network.transformer.encoder.parameters() if id(p) not in rest]
    for depth, layer in enumerate(reversed(layers)):
        groups.append({"params": list(layer.parameters()), "lr": schedule.learning_rate * schedule.layer_decay**depth})
    if shared:
        groups.append({"params": shared, "lr": schedule.learning_rate * schedule.layer_decay ** len(layers)})
    return groups
