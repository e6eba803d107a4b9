"""What a teacher says of the sentences of training messages: where in a message a complaint stands.

A label says of forty words together that they are a complaint. A linear model that reads only labels must guess which
of them made it one; a teacher that reads sentence by sentence tells it (distillation: Hinton, Vinyals and Dean 2015).
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import spacy
from spacy.language import Language

from pipeline.cues import find_cues
from pipeline.domain import Label, PreparedMessage

Taught = Mapping[str, np.ndarray]
"""Message id -> probabilities of shape (sentences, 3), in the order of `Label`."""

_FEWEST_WORDS = 4


def sentences_of(message: PreparedMessage) -> list[PreparedMessage]:
    """Each sentence of four words or more as a message by itself; none of a message that is one sentence."""
    texts = [sentence.text.strip() for sentence in _splitter()(message.text).sents]
    long = [text for text in texts if len(text.split()) >= _FEWEST_WORDS]
    return [replace(message, text=text, cues=find_cues(text)) for text in long] if len(long) > 1 else []


def write_soft_sentences(path: Path, taught: Iterable[tuple[str, np.ndarray]], data_sha256: str) -> None:
    """A row a sentence, under a first line that names the corpus they were made from."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"# corpus {data_sha256}\n")
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["id", *(label.value for label in Label)])
        table.writerows([name, *(f"{value:.3f}" for value in row)] for name, rows in taught for row in rows)


def read_soft_sentences(path: Path) -> Taught:
    """What `write_soft_sentences` wrote; nothing where there is no such file."""
    if not path.is_file():
        return {}
    found: dict[str, list[list[float]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        next(file)
        for row in csv.DictReader(file):
            found.setdefault(row["id"], []).append([float(row[label.value]) for label in Label])
    return {name: np.array(rows) for name, rows in found.items()}


@cache
def _splitter() -> Language:
    splitter = spacy.blank("en")
    splitter.add_pipe("sentencizer")
    return splitter
