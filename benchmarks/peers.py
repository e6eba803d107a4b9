"""Other people's libraries as candidates, used as their users would. They need the extra `bench`."""

import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from spacy.training import Example as SpacyExample
from thinc.api import fix_random_seed

from benchmarks.candidates import Answer, Candidate, Judge, OneNumber, by_probability
from pipeline.domain import Label, PreparedMessage
from pipeline.judging import Example

SEED = 20261122
_BATCH = 32
_PREFIX = "__label__"
_BOW = {
    "@architectures": "spacy.TextCatBOW.v3",
    "exclusive_classes": True,
    "ngram_size": 2,
    "length": 262144,
    "no_output_layer": False,
}
_TOK2VEC = {
    "@architectures": "spacy.Tok2Vec.v2",
    "embed": {
        "@architectures": "spacy.MultiHashEmbed.v2",
        "width": 64,
        "rows": [2000, 2000, 500, 1000, 500],
        "attrs": ["NORM", "LOWER", "PREFIX", "SUFFIX", "SHAPE"],
        "include_static_vectors": False,
    },
    "encode": {
        "@architectures": "spacy.MaxoutWindowEncoder.v2",
        "width": 64,
        "window_size": 1,
        "maxout_pieces": 3,
        "depth": 2,
    },
}
_ENSEMBLE = {"@architectures": "spacy.TextCatEnsemble.v2", "linear_model": _BOW, "tok2vec": _TOK2VEC}


def peer_candidates() -> list[Candidate]:
    """VADER, fastText and spaCy's two text categorisers."""
    return [
        OneNumber(name="VADER sentiment", number=displeasure),
        FastText(),
        SpacyCategoriser(name="spaCy textcat, bag of words", model=_BOW, settings=(5, 10, 20)),
        SpacyCategoriser(name="spaCy textcat, ensemble", model=_ENSEMBLE, settings=(3, 6, 12), slow=True),
    ]


def displeasure(message: PreparedMessage) -> float:
    """How negative VADER finds the message."""
    return -float(_vader().polarity_scores(message.text)["compound"])


@cache
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415  # an extra

    return SentimentIntensityAnalyzer()


@dataclass(frozen=True, kw_only=True)
class FastText:
    """Facebook's classifier with words, pairs of words and character n-grams; one thread, or it would not repeat."""

    name: str = "fastText"
    knob: str = "epochs"
    settings: tuple[float, ...] = (10, 25, 60)
    slow: bool = False

    def fit(self, examples: Sequence[Example], setting: float) -> Judge:
        """Write what fastText reads, train on it."""
        import fasttext  # noqa: PLC0415  # an extra

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "train.txt"
            lines = [f"{_PREFIX}{row.label.value} {_one_line(message)}" for row, message in examples]
            file.write_text("\n".join(lines) + "\n", encoding="utf-8")
            model = fasttext.train_supervised(
                str(file), epoch=int(setting), lr=0.5, dim=50, wordNgrams=2, minn=2, maxn=5, bucket=200_000,
                loss="softmax", thread=1, seed=SEED, verbose=0,
            )  # fmt: skip
        return lambda prepared: by_probability(_fasttext_probabilities(model, prepared))


def _one_line(message: PreparedMessage) -> str:
    return " ".join(message.text.casefold().split())


def _fasttext_probabilities(model: Any, prepared: Sequence[PreparedMessage]) -> np.ndarray:
    found, chances = model.predict([_one_line(message) for message in prepared], k=len(Label))
    rows = [dict(zip(names, values, strict=True)) for names, values in zip(found, chances, strict=True)]
    return np.array([[row.get(f"{_PREFIX}{label.value}", 0.0) for label in Label] for row in rows])


@dataclass(frozen=True, kw_only=True)
class SpacyCategoriser:
    """`spacy.blank("en")` with a text categoriser of the architecture `model`; the labels exclude each other."""

    name: str
    model: dict[str, Any]
    settings: tuple[float, ...]
    knob: str = "epochs"
    slow: bool = False

    def fit(self, examples: Sequence[Example], setting: float) -> Judge:
        """Train by spaCy's own loop: shuffled batches, dropout 0.2."""
        fix_random_seed(SEED)
        nlp = spacy.blank("en")
        nlp.add_pipe("textcat", config={"model": self.model})
        lessons = [
            SpacyExample.from_dict(
                nlp.make_doc(message.text), {"cats": {label.value: float(label is row.label) for label in Label}}
            )
            for row, message in examples
        ]
        optimiser = nlp.initialize(lambda: lessons)
        draw = random.Random(SEED)
        for _ in range(int(setting)):
            draw.shuffle(lessons)
            for start in range(0, len(lessons), _BATCH):
                nlp.update(lessons[start : start + _BATCH], sgd=optimiser, drop=0.2)

        def judge(prepared: Sequence[PreparedMessage]) -> Answer:
            docs = nlp.pipe([message.text for message in prepared], batch_size=128)
            return by_probability(np.array([[doc.cats[label.value] for label in Label] for doc in docs]))

        return judge
