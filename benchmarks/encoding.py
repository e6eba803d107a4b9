"""Frozen sentence encoders: a folder of transformers weights -> one vector a text, kept between runs.

They need the extra `encoder`. A text is embedded once for all runs: vectors are kept in `data/interim`, by the SHA-256
of the text, one file an encoder.
"""

import hashlib
import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.candidates import Regression
from benchmarks.kept import Kept
from pipeline.domain import PreparedMessage

MAX_TOKENS = 256
_BATCH = 32


class Encoder:
    """The mean over the tokens' last hidden states, of length 1, as sentence-transformers pools them."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415  # an extra

        self._tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=True)
        self._network = AutoModel.from_pretrained(folder).eval()

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of shape (texts, width), in bfloat16 where the processor has it."""
        import torch  # noqa: PLC0415  # an extra

        ids = self._tokenizer(list(texts), truncation=True, max_length=MAX_TOKENS)["input_ids"]
        order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
        vectors = np.empty((len(ids), self._network.config.hidden_size), dtype=np.float32)
        for start in track(range(0, len(order), _BATCH), "Encoding", transient=True):
            part = order[start : start + _BATCH]
            batch = self._tokenizer.pad({"input_ids": [ids[number] for number in part]}, return_tensors="pt")
            with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
                hidden = self._network(**batch).last_hidden_state.float()
            mask = batch["attention_mask"].unsqueeze(-1)
            pooled = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
            vectors[part] = torch.nn.functional.normalize(pooled, dim=1).numpy()
        return vectors


class OnnxEncoder:
    """The same vectors from onnxruntime: 32-bit, one thread, a text at a time so that nothing is padded."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime  # noqa: PLC0415  # loaded with torch, an extra, which writes the graph
        from transformers import AutoTokenizer  # noqa: PLC0415  # an extra

        self._tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=True)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(_graph(folder), options, providers=["CPUExecutionProvider"])

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of shape (texts, width)."""
        ids = self._tokenizer(list(texts), truncation=True, max_length=MAX_TOKENS)["input_ids"]
        return np.array([self._session.run(None, {"input_ids": np.array([row])})[0][0] for row in ids])


def _graph(folder: Path) -> bytes:
    import torch  # noqa: PLC0415  # an extra
    from transformers import AutoModel  # noqa: PLC0415  # an extra

    network = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
            hidden = self.network(input_ids=input_ids).last_hidden_state
            return torch.nn.functional.normalize(hidden.mean(dim=1), dim=1)

    written, names = io.BytesIO(), {"input_ids": {0: "texts", 1: "tokens"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's advice to use the newer exporter, and about constants while tracing
        torch.onnx.export(
            Pooled(),
            (torch.tensor([[0, 1, 2, 3]]),),
            written,
            input_names=["input_ids"],
            dynamic_axes=names,
            dynamo=False,
        )
    return written.getvalue()


class Embeddings(Kept):
    """The vectors of an encoder, kept in `folder` from run to run."""

    def __init__(self, encoder: Path, folder: Path) -> None:
        self.name = encoder.name if encoder.name != "model" else encoder.parent.name
        self._encoder = Encoder(encoder)
        weights = hashlib.sha256((encoder / "model.safetensors").read_bytes()).hexdigest()
        self._file = folder / f"embeddings-{weights[:12]}.npz"
        self._known = self._read()

    def of(self, texts: Sequence[str]) -> np.ndarray:
        """One row a text; new texts are embedded and kept."""
        if not self.keeps:
            return self._encoder.embed(texts)
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if new:
            self._known |= dict(zip(new, self._encoder.embed(list(new.values())), strict=True))
            np.savez(self._file, keys=np.array(list(self._known)), vectors=np.array(list(self._known.values())))
        return np.array([self._known[key] for key in keys])

    def _read(self) -> dict[str, np.ndarray]:
        if not self._file.is_file():
            return {}
        with np.load(self._file) as kept:
            return dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))


class Vectors(TransformerMixin, BaseEstimator):
    """Prepared messages -> their vectors."""

    def __init__(self, embeddings: Embeddings) -> None:
        self.embeddings = embeddings

    def fit(self, messages: Sequence[PreparedMessage], y: Any = None) -> "Vectors":  # noqa: ARG002  # scikit-learn
        """Learn nothing."""
        self.fitted_ = True
        return self

    def transform(self, messages: Sequence[PreparedMessage]) -> np.ndarray:
        """One row a message."""
        return self.embeddings.of([message.text for message in messages])


def frozen_encoder(embeddings: Embeddings) -> Regression:
    """Scaled vectors into a logistic regression: SetFit without the fine-tuning."""
    return Regression(
        name=f"frozen {embeddings.name} + logistic regression",
        features=lambda: make_pipeline(Vectors(embeddings), StandardScaler()),
        settings=(0.0003, 0.003, 0.03),
    )
