"""Training rows -> a fine-tuned teacher, and its probabilities for each of them and of their sentences (soft labels).

An hour or more. Not a step of dvc.yaml: the released model holds the encoder that came of it, and its soft labels are
kept in git, so that all else can be repeated without it.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.corpus import corpus_sha256
from pipeline.encode import Encoder
from pipeline.encoder.export import exported
from pipeline.encoder.lessons import everyday, lessons_of
from pipeline.encoder.network import Network, averaged, encoder_place, tokenizer_of
from pipeline.encoder.soft_labels import write_soft_labels
from pipeline.encoder.tuning import Schedule, fine_tune, probabilities
from pipeline.errors import SettingsError
from pipeline.judging import Example
from pipeline.params import EncoderParams, load_params
from pipeline.sentences import sentences_of, write_soft_sentences
from pipeline.steps.places import Places
from pipeline.steps.train import in_splits, learned


def run(places: Places) -> None:
    """One round over all that may be learned from, then rounds over the everyday part, which it must end near."""
    params = load_params(places.params).encoder
    network, tokenizer = fine_tuned(encoder_place(params.teacher, places.encoders), learned(places), params)
    network.save(places.teacher, tokenizer)
    taught = in_splits(places, "train")
    found = probabilities(network, tokenizer, [message.text for _, message in taught])
    write_soft_labels(places.soft_labels, [row.message.id for row, _ in taught], found, corpus_sha256(places.raw))
    write_soft_sentences(places.soft_sentences, by_sentence(network, tokenizer, taught), corpus_sha256(places.raw))


def fine_tuned(place: str, examples: Sequence[Example], params: EncoderParams) -> tuple[Network, Any]:
    """The encoder at `place`, fine-tuned on `examples`, and its tokeniser.

    With several seeds each learns from the same beginning in an order of its own, and their weights are averaged: one
    network, which carries over to other writers better than its parts do (Wortsman et al. 2022, model soups).
    """
    tokenizer, beginning = tokenizer_of(place), Network.pretrained(place, seed=params.seed)
    seeds = [replace(params, seed=params.seed + number) for number in range(params.teacher_seeds)]
    return averaged(_taught(deepcopy(beginning), tokenizer, examples, each) for each in seeds), tokenizer


def by_sentence(network: Network, tokenizer: Any, examples: Sequence[Example]) -> list[tuple[str, np.ndarray]]:
    """Id and probabilities of shape (sentences, 3) of each message of several sentences."""
    sentences = [(row.message.id, [each.text for each in sentences_of(message)]) for row, message in examples]
    found = iter(probabilities(network, tokenizer, [text for _, texts in sentences for text in texts]))
    return [(name, np.array([next(found) for _ in texts])) for name, texts in sentences if texts]


def _taught(network: Network, tokenizer: Any, examples: Sequence[Example], params: EncoderParams) -> Network:
    first = Schedule.of(params, epochs=1, learning_rate=params.learning_rate)
    fine_tune(network, tokenizer, lessons_of(examples, params), first, what=f"Teacher {params.seed}, all")
    last = Schedule.of(params, epochs=params.teacher_epochs, learning_rate=params.everyday_rate)
    fine_tune(network, tokenizer, lessons_of(everyday(examples), params), last, what=f"Teacher {params.seed}, everyday")
    return network


def served(places: Places, params: EncoderParams) -> Encoder:
    """The teacher as it serves."""
    if not places.teacher.is_dir():
        raise SettingsError(f"{places.teacher} is missing: run `heard teach` first, or let the released encoder serve.")
    texts = [message.text for _, message in learned(places)]
    return exported(Network.saved(places.teacher), tokenizer_of(places.teacher), texts, pieces=params.pieces)
