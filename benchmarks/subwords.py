"""Candidates over one pass of a Rust tokeniser: n-grams of subwords, and the mean of static vectors.

Tokeniser and vectors are read from the wheel of wordllama (extra `bench`): its own loader asks a hub for them.
"""

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from tokenizers import Tokenizer

from benchmarks.candidates import Candidate, Regression
from pipeline.domain import PreparedMessage
from pipeline.features import Texts

_TOKENISER = "tokenizers/l2_supercat_tokenizer_config.json"
_WEIGHTS = "weights/l2_supercat_256.safetensors"


def subword_candidates() -> list[Candidate]:
    """Subword n-grams, and static vectors with the strong regularisation that new authors ask for."""
    return [
        Regression(name="subword n-grams + logistic regression", features=_subword_grams, settings=(0.3, 1.0, 3.0)),
        Regression(
            name="static vectors + logistic regression",
            features=lambda: make_pipeline(StaticVectors(), StandardScaler()),
            settings=(0.0003, 0.003, 0.03),
        ),
    ]


def subwords(text: str) -> list[str]:
    """The tokeniser's pieces of a text, in order."""
    return list(_tokeniser().encode(text, add_special_tokens=False).tokens)


class StaticVectors(TransformerMixin, BaseEstimator):
    """Prepared messages -> the mean of their subwords' vectors, of length 1, shape (messages, 256)."""

    def fit(self, messages: Sequence[PreparedMessage], y: Any = None) -> "StaticVectors":  # noqa: ARG002  # scikit-learn
        """Learn nothing."""
        self.fitted_ = True
        return self

    def transform(self, messages: Sequence[PreparedMessage]) -> np.ndarray:
        """One row a message; zeros where it has no subword."""
        table = _vectors()
        texts = [message.text for message in messages]
        found = _tokeniser().encode_batch_fast(texts, add_special_tokens=False)
        means = np.array([_mean(table, piece.ids) for piece in found])
        return means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)


def _mean(table: np.ndarray, ids: list[int]) -> np.ndarray:
    return table[ids].mean(axis=0) if ids else np.zeros(table.shape[1], dtype=np.float32)


def _subword_grams() -> Pipeline:
    counted = TfidfVectorizer(analyzer=_grams, min_df=2, sublinear_tf=True)
    return Pipeline([("texts", Texts()), ("tfidf", counted)])


def _grams(text: str) -> list[str]:
    """One to three subwords in a row."""
    pieces = subwords(text)
    return [" ".join(pieces[at : at + size]) for size in (1, 2, 3) for at in range(len(pieces) - size + 1)]


@cache
def _tokeniser() -> Tokenizer:
    return Tokenizer.from_file(str(_wheel() / _TOKENISER))


@cache
def _vectors() -> np.ndarray:
    (table,) = load_file(_wheel() / _WEIGHTS).values()
    return table.astype(np.float32)


def _wheel() -> Path:
    found = find_spec("wordllama")
    if found is None or found.origin is None:
        raise SystemExit("wordllama is not installed: `make bench-models` installs it.")
    return Path(found.origin).parent
