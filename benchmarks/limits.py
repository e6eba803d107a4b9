"""`make bench-limits`: heard as a multiple of what nobody can do without, and how its cost grows.

The fast model reads 60-word messages beside a bare read of their bytes, a bare tokeniser pass (spaCy's, and a split at
white space) and a bare sparse dot product with its own coefficients. Then its cost by length of message (4 words to
10 MB), by messages a batch, and of finding cues by number of patterns. Processor time, the least of several tries:
what else the machine does counts little. Draws docs/pictures/limits-*.png.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import spacy
from rich.console import Console
from rich.table import Table

from benchmarks.contestants import heard_fast
from benchmarks.curves import draw
from benchmarks.serve import SEED, rows
from pipeline.artefact import load, serving_folder
from pipeline.classify import MODELS
from pipeline.cues import read_patterns
from pipeline.domain import Channel, CueKind, Message
from pipeline.preprocess import prepare
from pipeline.sieve import Sieve

LENGTHS = (4, 16, 64, 256, 1_000, 4_000, 16_000, 60_000, 250_000, 1_000_000)
"""Words; a million are some 6 MB."""
LARGEST = 10_000_000
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)
_TRIES = 5
WORDS = 60
Curve = dict[float, float]


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="folder of a promoted model; the one that serves if left out")
    model = parser.parse_args().model or serving_folder(MODELS)
    if model is None:
        raise SystemExit("No model is released or trained yet: run `heard train` first.")
    messages = sixty_words()
    console = Console(width=140, highlight=False)
    console.print(f"python -m benchmarks.limits, {model.name}, {len(messages)} messages of 60 words, best of {_TRIES}")
    _print_floor(floor(model, messages), console)
    classify = heard_fast(model)
    curves: dict[tuple[str, str, float], Callable[[], Curve]] = {
        ("length", "characters", 1e3): lambda: by_length(classify, " ".join(message.text for message in messages)),
        ("batch", "messages a batch", 1e6): lambda: by_batch(classify, messages),
        ("patterns", "cue patterns", 1e6): lambda: by_patterns(messages),
    }
    for (name, unit, scale), measured in curves.items():
        curve = measured()
        _print_curve(name, unit, scale, curve, console)
        _draw(name, unit, scale, curve)


def sixty_words() -> list[Message]:
    """The first 60 words of corpus messages that have as many, drawn by the seed."""
    long = [words for row in rows() if len(words := row["text"].split()) >= WORDS]
    drawn = random.Random(SEED).sample(long, max(BATCHES))
    return [_message(" ".join(words[:WORDS])) for words in drawn]


def floor(model: Path, messages: Sequence[Message]) -> dict[str, float]:
    """Seconds a message of each bare step, and of heard."""
    estimators = load(model).estimators
    prepared = [prepare(message) for message in messages]
    matrix, coefficients = estimators.features.transform(prepared), estimators.label.weights
    texts, tokenise, judge = [message.text for message in messages], spacy.blank("en").make_doc, heard_fast(model)
    with tempfile.NamedTemporaryFile() as kept:
        kept.write("\n".join(texts).encode())
        kept.flush()
        steps: dict[str, Callable[[], object]] = {
            "bare read of the bytes": Path(kept.name).read_bytes,
            "split at white space": lambda: [text.split() for text in texts],
            "bare tokeniser pass (spaCy)": lambda: [tokenise(text) for text in texts],
            "bare sparse dot product": lambda: matrix @ coefficients,
            "words and cues (prepare)": lambda: [prepare(message) for message in messages],
            "heard, fast model": lambda: judge(list(messages)),
        }
        return {name: least(step) / len(messages) for name, step in steps.items()}


def by_length(classify: Callable[[list[Message]], object], words: str) -> Curve:
    """Seconds for one message, by its characters."""
    text = words
    while len(text) < LARGEST:
        text = f"{text} {text}"
    ends = [len(" ".join(text[: 12 * count].split(" ")[:count])) for count in LENGTHS]
    return {float(end): least(lambda end=end: classify([_message(text[:end])])) for end in (*ends, LARGEST)}


def by_batch(classify: Callable[[list[Message]], object], messages: Sequence[Message]) -> Curve:
    """Seconds a message, by how many are classified at once."""
    return {
        float(size): least(lambda size=size: _in_batches(classify, messages, size)) / len(messages) for size in BATCHES
    }


def by_patterns(messages: Sequence[Message]) -> Curve:
    """Seconds a message that the sieve over the patterns takes, by how many there are."""
    blank = spacy.blank("en")
    written = [row["pattern"] for kind in CueKind for row in read_patterns(kind)]
    np.random.default_rng(1).shuffle(written)
    patterns = [[{"LOWER": token.lower_} for token in blank(row)] if isinstance(row, str) else row for row in written]
    words = [[token.lower_ for token in blank.make_doc(message.text)] for message in messages]
    found = {}
    for share in _SHARES:
        sieve = Sieve(patterns[: int(share * len(patterns))])
        found[float(int(share * len(patterns)))] = least(lambda sieve=sieve: [*map(sieve.stretches, words)]) / len(
            words
        )
    return found


def least(step: Callable[[], object]) -> float:
    """The least processor time of several tries, after one that fills the caches; short steps are repeated."""
    began = time.process_time()
    step()
    repeats = max(1, min(200, int(0.02 / max(time.process_time() - began, 1e-6))))
    tries = []
    for _ in range(_TRIES):
        began = time.process_time()
        for _ in range(repeats):
            step()
        tries.append((time.process_time() - began) / repeats)
    return min(tries)


def _in_batches(classify: Callable[[list[Message]], object], messages: Sequence[Message], size: int) -> None:
    for start in range(0, len(messages), size):
        classify(list(messages[start : start + size]))


def _message(text: str) -> Message:
    return Message(id="1", text=text, channel=Channel.WEB_FORM)


def _print_floor(found: dict[str, float], console: Console) -> None:
    ours = found["heard, fast model"]
    table = Table("step", "microseconds a message", "heard is so many times")
    for name, seconds in found.items():
        table.add_row(name, f"{seconds * 1e6:,.2f}", f"{ours / seconds:,.1f}")
    console.print(table)


def _print_curve(name: str, unit: str, scale: float, curve: Curve, console: Console) -> None:
    of = {1e3: "ms", 1e6: "microseconds"}[scale]
    console.print(f"{name}: " + "; ".join(f"{at:,.0f} {unit} {took * scale:,.2f} {of}" for at, took in curve.items()))
    first, last = list(curve)[-2:]
    slope = np.log(curve[last] / curve[first]) / np.log(last / first)
    console.print(f"  grows by the power {slope:.2f} at the end (1: in proportion, 0: not at all)")


def _draw(name: str, unit: str, scale: float, curve: Curve) -> None:
    draw(
        name,
        {name: {at: took * scale for at, took in curve.items()}},
        title=f"Processor time by {name}: fast model, 60 words unless said",
        labels=(unit, {1e3: "milliseconds", 1e6: "microseconds a message"}[scale]),
        scale="linear" if name == "patterns" else "log",
    )


if __name__ == "__main__":
    main()
