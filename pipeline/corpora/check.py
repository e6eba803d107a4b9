"""What is wrong with labelled data: schema, encodings, duplicates, leakage, shortcuts, personal data."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, triu
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.preprocessing import OneHotEncoder

from pipeline import metrics
from pipeline.corpora.schema import read_rows, schema_faults
from pipeline.domain import Channel, Label

NEAR = 0.5
"""Character 5-gram Jaccard from which two texts count as nearly the same."""

SHORTCUT_LIMIT = 0.60
"""AUC that length, channel or topic alone may reach before the corpus gives the label away."""

MOST, LEAST = 0.55, 0.15
"""Share of a channel that one label may have at most and at least."""

_COMMON = 60
_SEED = 20261122
_MOJIBAKE = re.compile("\u00c3[\u0080-\u00bf\u00a9\u00a8]|\u00e2\u20ac|\ufffd|[\x00-\x08\x0b\x0c\x0e-\x1f]")
_PERSONAL = {
    "an e-mail address": re.compile(
        r"\b[\w.+-]+@(?!(?:[\w-]+\.)*example\b)(?!(?:[\w-]+\.)*example\.(?:org|com|net)\b)[\w-]+\.[\w.]+", re.IGNORECASE
    ),
    "a telephone number": re.compile(
        r"(?<!\d)(?:\+44\s?|0)(?!7700\s?900)(?!1632\s?960)\d{3,4}[\s-]?\d{3}[\s-]?\d{3,4}(?!\d)"
    ),
    "a postcode": re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s\d[ABD-HJLNP-UW-Z]{2}\b"),
    "a national insurance number": re.compile(r"\b[A-CEGHJ-PR-TW-Z]{2}\s?\d{2}\s?\d{2}\s?\d{2}\s?[A-D]\b"),
}


@dataclass(kw_only=True)
class Findings:
    """What a check found. `faults` must be mended; `warnings` are for a person to judge; `shortcuts` maps what a
    model was allowed to see to its AUC.
    """

    table: pd.DataFrame
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    shortcuts: dict[str, float] = field(default_factory=dict)


def check(path: Path) -> Findings:
    """Check a JSON Lines file or a folder of them."""
    table, unreadable = read_rows(path)
    found = Findings(table=table, faults=[*unreadable, *schema_faults(table)])
    if found.faults:
        return found
    found.faults += [*_encodings(table), *_evidence(table), *_leaks(table), *_personal(table)]
    pairs = near_duplicates(table)
    found.faults += [f"{one}: nearly the same text as {other} ({share:.2f})." for one, other, share in pairs]
    found.warnings += _balance(table)
    if table["label"].nunique() > 1 and table["label"].value_counts().min() >= 20:
        found.shortcuts = shortcuts(table)
        found.warnings += [
            f"{name} alone tells complaints with AUC {value:.2f}; under {SHORTCUT_LIMIT:.2f} is wanted."
            for name, value in found.shortcuts.items()
            if value >= SHORTCUT_LIMIT
        ]
    return found


def near_duplicates(table: pd.DataFrame) -> list[tuple[str, str, float]]:
    """Pairs of places whose texts share over half of their character 5-grams, members of one scenario apart.

    Candidates share a quarter of the 5-grams that stand in few texts; each candidate is then compared in full.
    """
    counts = CountVectorizer(analyzer="char", ngram_range=(5, 5), binary=True)
    grams: csr_matrix = counts.fit_transform(table["text"].str.lower().str.replace(r"\s+", " ", regex=True) + "     ")
    rare = grams[:, np.flatnonzero(np.asarray(grams.sum(axis=0)).ravel() <= _COMMON)].astype(np.int32)
    shared = triu(rare @ rare.T, k=1).tocoo()
    sizes, rare_sizes = (np.asarray(matrix.sum(axis=1)).ravel() for matrix in (grams, rare))
    scenarios = pd.factorize(table["scenario"])[0]
    candidate = (shared.data * 4 >= np.minimum(rare_sizes[shared.row], rare_sizes[shared.col])) & (
        scenarios[shared.row] != scenarios[shared.col]
    )
    pairs = []
    for one, other in zip(shared.row[candidate], shared.col[candidate], strict=True):
        both = grams[one].multiply(grams[other]).sum()
        jaccard = both / (sizes[one] + sizes[other] - both)
        if jaccard > NEAR:
            pairs.append((str(table.index[one]), str(table.index[other]), float(jaccard)))
    return pairs


def shortcuts(table: pd.DataFrame) -> dict[str, float]:
    """AUC, out of fold, of models that see only the number of words, only the channel, only the topic."""
    complaint = (table["label"] == Label.COMPLAINT.value).to_numpy()
    half_octaves = np.floor(2 * np.log2(word_counts(table))).to_numpy().reshape(-1, 1)
    seen = {
        "length": OneHotEncoder().fit_transform(half_octaves),
        "channel": OneHotEncoder().fit_transform(table[["channel"]]),
        "topic": OneHotEncoder().fit_transform(table[["topic"]]),
    }
    folds = StratifiedKFold(5, shuffle=True, random_state=_SEED)
    return {
        name: metrics.auc(
            cross_val_predict(LogisticRegression(), matrix, complaint, cv=folds, method="predict_proba")[:, 1],
            complaint,
        )
        for name, matrix in seen.items()
    }


def word_counts(table: pd.DataFrame) -> "pd.Series[int]":
    """Words a message."""
    return table["text"].map(lambda text: len(text.split()))


def _encodings(table: pd.DataFrame) -> Iterator[str]:
    for place, text in table["text"].items():
        if _MOJIBAKE.search(text):
            yield f"{place}: the text holds broken characters (mojibake or control characters)."


def _evidence(table: pd.DataFrame) -> Iterator[str]:
    if "evidence" not in table:
        return
    subjects = table["subject"] if "subject" in table else pd.Series("", index=table.index, dtype=object)
    for place, evidence, text, subject in zip(table.index, table["evidence"], table["text"], subjects, strict=True):
        if isinstance(evidence, str) and evidence and evidence not in text and evidence not in str(subject):
            yield f"{place}: the evidence does not stand in the text or subject."


def _leaks(table: pd.DataFrame) -> Iterator[str]:
    for column in ("author", "scenario"):
        splits = table.groupby(column)["split"].nunique()
        for name in splits[splits > 1].index:
            first = table.index[table[column] == name][0]
            yield f"{first}: the {column} {name!r} is parted between splits."


def _personal(table: pd.DataFrame) -> Iterator[str]:
    subjects = table["subject"].fillna("") if "subject" in table else ""
    for what, pattern in _PERSONAL.items():
        for place in table.index[(table["text"] + " " + subjects).str.contains(pattern)]:
            yield f"{place}: this may be {what} of a real person. Use 07700 900xxx, example.org, no postcode."


def _balance(table: pd.DataFrame) -> Iterator[str]:
    shares = pd.crosstab(table["channel"], table["label"], normalize="index")
    for channel in Channel:
        for label in Label:
            share = shares.get(label.value, pd.Series(dtype=float)).get(channel.value)
            if share is None or not LEAST <= share <= MOST:
                said = "none" if share is None else f"{share:.0%}"
                yield f"{channel.value}: {said} of it is {label.value}; {LEAST:.0%} to {MOST:.0%} is wanted."
