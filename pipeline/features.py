"""scikit-learn transformers over PreparedMessage. Their import path is part of the model format.

Channel and length are left out on purpose: both are shortcuts that do not carry over (docs/figures.md).
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion
from sklearn.utils.sparsefuncs_fast import inplace_csr_row_normalize_l2

from pipeline.domain import CueKind, PreparedMessage

_FOR_THE_MODEL = tuple(kind for kind in CueKind if kind not in {CueKind.REPRESENTATIVE, CueKind.EXCLUSION_FLAG})

_WORDS_KEPT = 30_000
"""Words whose n-grams are kept: some 10 MB, of hostile words some 25 MB."""

_LONGEST_KEPT = 32
"""Letters of a word whose n-grams are kept: beyond that it is a link or a prank, hardly met twice."""


class Texts(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[misc, call-arg]  # scikit-learn has no types
    """Prepared messages -> their texts in lower case."""

    def fit(self, messages: Iterable[PreparedMessage], y: Any = None) -> Self:  # noqa: ARG002  # scikit-learn's contract
        """Learn nothing."""
        self.fitted_ = True
        return self

    def transform(self, messages: Iterable[PreparedMessage]) -> list[str]:
        """One text a message."""
        return [message.text.casefold() for message in messages]


class WordGrams(TfidfVectorizer):  # type: ignore[misc]  # scikit-learn has no types
    """`TfidfVectorizer(lowercase=False, sublinear_tf=True)`: the same matrix without a check of it at every step."""

    def __init__(
        self,
        *,
        token_pattern: str = r"(?u)\b\w\w+\b",  # noqa: S107  # not a password
        ngram_range: tuple[int, int] = (1, 1),
        min_df: int = 1,
    ) -> None:
        super().__init__(
            lowercase=False, sublinear_tf=True, token_pattern=token_pattern, ngram_range=ngram_range, min_df=min_df
        )

    def transform(self, raw_documents: Iterable[str]) -> csr_matrix:
        """A row a text, of length 1."""
        return _weighed(CountVectorizer.transform(self, raw_documents), self.idf_)


class CharacterGrams(TfidfVectorizer):  # type: ignore[misc]  # as above
    """`TfidfVectorizer(analyzer="char_wb", lowercase=False, sublinear_tf=True)`: the same matrix, several times faster.

    These n-grams never reach across white space, so those of a word are looked up once and kept for the next time.
    """

    def __init__(self, *, ngram_range: tuple[int, int] = (2, 5), min_df: int = 1) -> None:
        super().__init__(analyzer="char_wb", lowercase=False, sublinear_tf=True, ngram_range=ngram_range, min_df=min_df)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if name != "_columns"}

    def fit_transform(self, raw_documents: Iterable[str], y: Any = None) -> csr_matrix:
        """Learn the n-grams; forget those of words met before."""
        self.__dict__.pop("_columns", None)
        learned: csr_matrix = super().fit_transform(raw_documents, y)
        return learned

    def fit(self, raw_documents: Iterable[str], y: Any = None) -> Self:
        """Learn the n-grams."""
        self.fit_transform(raw_documents, y)
        return self

    def transform(self, raw_documents: Iterable[str]) -> csr_matrix:
        """A row a text, of length 1."""
        rows = [b"".join(map(self._columns_of, text.split())) for text in raw_documents]
        return _weighed(_counted(rows, len(self.vocabulary_)), self.idf_)

    def _columns_of(self, word: str) -> bytes:
        """The columns of a word's n-grams, one after the other as 32-bit numbers."""
        look_up: Callable[[str], bytes] = self._columns if len(word) <= _LONGEST_KEPT else self._columns.__wrapped__
        return look_up(word)

    @cached_property
    def _columns(self) -> Any:
        analyse, vocabulary = self.build_analyzer(), self.vocabulary_

        @lru_cache(_WORDS_KEPT)
        def columns(word: str) -> bytes:
            return np.array([vocabulary[gram] for gram in analyse(word) if gram in vocabulary], np.int32).tobytes()

        return columns


def _counted(rows: Sequence[bytes], width: int) -> csr_matrix:
    """How often each column stands in each row, columns in order."""
    sizes = [len(row) // np.int32().itemsize for row in rows]
    places = np.repeat(np.arange(len(rows)) * width, sizes) + np.frombuffer(b"".join(rows), np.int32)
    places.sort()
    firsts = np.flatnonzero(np.diff(places, prepend=-1))
    times = np.diff(firsts, append=len(places)).astype(np.float64)
    row, column = np.divmod(places[firsts], width)
    ends = np.searchsorted(row, np.arange(len(rows) + 1)).astype(np.int32)
    return csr_matrix((times, column.astype(np.int32), ends), shape=(len(rows), width))


def _weighed(counts: csr_matrix, idf: np.ndarray) -> csr_matrix:
    """Sublinear TF-IDF with rows of length 1: the arithmetic of scikit-learn's `TfidfTransformer`, digit by digit."""
    counts.data = (np.log(counts.data) + 1) * idf[counts.indices]
    inplace_csr_row_normalize_l2(counts)
    return counts


class SideBySide(FeatureUnion, auto_wrap_output_keys=None):  # type: ignore[misc, call-arg]  # as above
    """A `FeatureUnion` of sparse matrices without what it takes to spread work over processes."""

    def transform(self, messages: Iterable[PreparedMessage]) -> csr_matrix:
        """The same matrix."""
        return csr_matrix(hstack([through(part, messages) for _, part in self.transformer_list], format="csr"))


def through(part: Any, messages: Iterable[PreparedMessage]) -> Any:
    """What the steps of a fitted `Pipeline`, or a transformer by itself, make of messages, one after the other."""
    made: Any = messages
    for _, step in getattr(part, "steps", [("", part)]):
        made = step.transform(made)
    return made


class CueCounts(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[misc, call-arg]  # scikit-learn has no types
    """Prepared messages -> a row a message: 1 where a cue of the kind was found, 0.5 more where two or more."""

    def fit(self, messages: Iterable[PreparedMessage], y: Any = None) -> Self:  # noqa: ARG002  # scikit-learn's contract
        """Fix the order of the columns."""
        self.kinds_ = _FOR_THE_MODEL
        return self

    def transform(self, messages: Iterable[PreparedMessage]) -> csr_matrix:
        """A sparse matrix of shape (messages, cue kinds)."""
        return csr_matrix(np.array([self._row(message) for message in messages], dtype=np.float64))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:  # noqa: ARG002  # as above
        """The cue kinds."""
        return np.array([f"cue:{kind}" for kind in self.kinds_], dtype=object)

    def _row(self, message: PreparedMessage) -> list[float]:
        found = [cue.kind for cue in message.cues]
        return [min(found.count(kind), 1) + 0.5 * (found.count(kind) > 1) for kind in self.kinds_]
