"""`heard check-model`: is a model robust, does it behave, is it fair to writers? Three tables in Markdown."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from rich.progress import track

from pipeline.artefact import serving_folder
from pipeline.behaviour import behaviour_table, check, load_cases
from pipeline.classify import MessageClassifier
from pipeline.console import errors
from pipeline.corpus import corpus_sha256, of_split, read_corpus
from pipeline.domain import Decision, Message
from pipeline.fairness import by_group, fairness_table, read_traits
from pipeline.params import load_params
from pipeline.perturb import Purpose, perturbations
from pipeline.robustness import changed_sample, measure, robustness_table
from pipeline.steps.places import Places

Item = TypeVar("Item")

_PROFILE = "hos-2024"
_CHUNK = 200


def print_checks(places: Places, model: Path | None, *, split: str, rows: int) -> None:
    """Check the model in `model`, or the one that serves: each change on `rows` messages of a split, fairness on all
    of it.
    """
    classifier = MessageClassifier.open(model or serving_folder(places.models.parent), _PROFILE)
    seed = load_params(places.params).model.seed
    corpus = of_split(read_corpus(places.raw), split)
    messages = [row.message for row in corpus]
    print(f"Model {classifier.manifest.version}, corpus {corpus_sha256(places.raw)[:12]}, {split} split, seed {seed}.")
    print("Each figure: value [95 % interval] n.\n\n## Robust\n")
    decisions = _decide(messages, classifier)
    print(_robust(messages, decisions, classifier, rows=rows, seed=seed))
    print("\n## Behaviour\n")
    print(behaviour_table(check(load_cases(), classifier.classify)))
    print("\n## Fair to writers\n")
    print(fairness_table(by_group(corpus, [decisions[m.id].route for m in messages], read_traits(places.authors))))


def _decide(messages: Sequence[Message], classifier: MessageClassifier) -> dict[str, Decision]:
    chunks = [messages[start : start + _CHUNK] for start in range(0, len(messages), _CHUNK)]
    decided = (classifier.classify(chunk) for chunk in _tracked(chunks, "Reading the split"))
    return {decision.message_id: decision for chunk in decided for decision in chunk}


def _robust(
    messages: Sequence[Message],
    decisions: dict[str, Decision],
    classifier: MessageClassifier,
    *,
    rows: int,
    seed: int,
) -> str:
    results = []
    for change in _tracked(perturbations(Purpose.CHECKING), "Changing messages"):
        pairs = changed_sample(messages, change, rows=rows, seed=seed)
        results.append(measure(pairs, decisions, change, classifier.classify))
    return robustness_table(results)


def _tracked(items: Sequence[Item], what: str) -> Iterable[Item]:
    return track(items, what, console=errors, transient=True, disable=not errors.is_terminal)
