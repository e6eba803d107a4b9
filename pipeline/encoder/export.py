"""A trained network -> what serves: fewer word pieces, matrices of small integers, ONNX."""

import json
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from pipeline.encode import Encoder
from pipeline.encoder.integers import in_integers
from pipeline.encoder.network import Network


def exported(network: Network, tokenizer: Any, texts: Iterable[str], *, pieces: int) -> Encoder:
    """The network as an `Encoder` that knows the `pieces` word pieces needed most: those of `texts` first, then the
    commonest of the pretrained vocabulary (which is sorted by frequency).
    """
    kept = _kept_pieces(tokenizer, texts, pieces)
    _prune(network, kept)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        _write(network, plain)
        return Encoder(bytes(in_integers(plain).SerializeToString()), _pruned_tokenizer(tokenizer, kept))


def _write(network: Network, path: Path) -> None:
    """By tracing: the newer exporter needs one package more and gives the same graph."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's advice to use the newer exporter, and about constants while tracing
        torch.onnx.export(
            _WithoutMask(network.float().eval()),
            (torch.tensor([[0, 1, 2, 3]]),),
            path,
            input_names=["input_ids"],
            output_names=["logits"],
            dynamic_axes={"input_ids": {0: "messages", 1: "tokens"}},
            dynamo=False,
        )


class _WithoutMask(nn.Module):
    """A single message needs no padding and so no mask."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network(input_ids, torch.ones_like(input_ids))
        return logits


def _kept_pieces(tokenizer: Any, texts: Iterable[str], pieces: int) -> list[int]:
    used = Counter(i for ids in tokenizer(list(texts))["input_ids"] for i in ids)
    single = [i for piece, i in tokenizer.get_vocab().items() if len(piece.removeprefix("##")) == 1]
    wanted = [*tokenizer.all_special_ids, *single, *(i for i, _ in used.most_common()), *range(len(tokenizer))]
    return sorted(list(dict.fromkeys(wanted))[:pieces])


def _prune(network: Network, kept: list[int]) -> None:
    embeddings = network.transformer.embeddings
    old = embeddings.word_embeddings
    embeddings.word_embeddings = nn.Embedding.from_pretrained(old.weight[kept].detach().clone(), padding_idx=None)


def _pruned_tokenizer(tokenizer: Any, kept: list[int]) -> str:
    file = json.loads(tokenizer.backend_tokenizer.to_str())
    number = {old: new for new, old in enumerate(kept)}
    file["model"]["vocab"] = {piece: number[i] for piece, i in file["model"]["vocab"].items() if i in number}
    file["added_tokens"] = [
        {**token, "id": number[token["id"]]} for token in file["added_tokens"] if token["id"] in number
    ]
    file["padding"] = file["truncation"] = None
    return json.dumps(_renumbered(file, number), ensure_ascii=False)


def _renumbered(file: dict[str, Any], number: dict[int, int]) -> dict[str, Any]:
    """The special tokens that the post-processor adds, by their new numbers."""
    processor = file["post_processor"]
    for name in ("sep", "cls"):
        if name in processor:
            processor[name][1] = number[processor[name][1]]
    for token in processor.get("special_tokens", {}).values():
        token["ids"] = [number[i] for i in token["ids"]]
    return file
