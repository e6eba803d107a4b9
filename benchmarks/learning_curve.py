"""`make learning-curve`: what more authors bring. AUC at 10, 25, 50 and 100 % of the training authors.

Trains on authors drawn at random (three draws), judges on the frozen test, by part, and on a labelled file (--also).
Then what each round of writing brought, by the letter of its authors. Prints tables, draws learning-curve.png.
"""

import argparse
import random
from collections import defaultdict
from pathlib import Path
from statistics import mean

import joblib
import numpy as np
from matplotlib.figure import Figure

from pipeline import metrics
from pipeline.corpus import read_labelled
from pipeline.domain import Label
from pipeline.judging import Example
from pipeline.model import Estimators
from pipeline.params import load_params
from pipeline.preprocess import prepare
from pipeline.steps.places import Places
from pipeline.steps.prepare import run as prepare_corpus
from pipeline.training import EVERYDAY, fit

CHECKOUT = Path(__file__).resolve().parents[1]
SHARES = (0.10, 0.25, 0.50, 1.0)
DRAWS = 3
ROUNDS = ("a", "ab", "abd", "abde", "abdef", "abdefg", "abdefgh")
SEED = 20261122


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--also", type=Path, help="JSON Lines with id, text, channel, label, contested")
    options = parser.parse_args()
    places = Places(root=CHECKOUT)
    prepare_corpus(places)
    examples: list[Example] = joblib.load(places.prepared)
    params = load_params(places.params)
    judged = _sets(examples, options.also)
    train = [example for example in examples if example[0].split == "train"]
    authors = sorted({row.author for row, _ in train})

    def measure(kept: set[str]) -> dict[str, float]:
        estimators = fit([example for example in train if example[0].author in kept], params)
        return {name: _auc(estimators, rows) for name, rows in judged.items()}

    print(f"python benchmarks/learning_curve.py, seed {SEED}, {DRAWS} draws, {len(authors)} training authors")
    found: dict[str, list[float]] = defaultdict(list)
    for share in SHARES:
        size = max(2, round(share * len(authors)))
        draws = [
            measure(set(random.Random(SEED + draw).sample(authors, size))) for draw in range(DRAWS if share < 1 else 1)
        ]
        print(
            f"{share:5.0%} of authors  " + "  ".join(_spread(name, [draw[name] for draw in draws]) for name in judged)
        )
        for name in judged:
            found[name].append(mean(draw[name] for draw in draws))
    for rounds in ROUNDS:
        values = measure({author for author in authors if author[0] in rounds})
        print(f"authors {', '.join(rounds):14s}  " + "  ".join(f"{name} {value:.3f}" for name, value in values.items()))
    _draw(found, len(authors))


def _auc(estimators: Estimators, rows: list[Example]) -> float:
    scores = estimators.probabilities([message for _, message in rows])[:, 0]
    return metrics.auc(scores, [row.label is Label.COMPLAINT for row, _ in rows])


def _spread(name: str, values: list[float]) -> str:
    return f"{name} {mean(values):.3f} [{min(values):.3f}, {max(values):.3f}]"


def _sets(examples: list[Example], also: Path | None) -> dict[str, list[Example]]:
    test = [example for example in examples if example[0].split == "test"]
    sets = {
        "test, everyday part": [example for example in test if EVERYDAY in example[0].slices],
        "test, hard part": [example for example in test if EVERYDAY not in example[0].slices],
    }
    if also:
        rows = [row for row in read_labelled(also) if not row.contested]
        sets[f"{also.stem}, uncontested"] = [(row, prepare(row.message)) for row in rows]
    return sets


def _draw(found: dict[str, list[float]], authors: int) -> None:
    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.subplots()
    for name, values in found.items():
        axes.plot(np.array(SHARES) * authors, values, marker="o", label=name)
    axes.set(xlabel="training authors", ylabel="AUC, complaint against the rest", title="What more authors bring")
    axes.legend()
    figure.savefig(CHECKOUT / "docs" / "pictures" / "learning-curve.png", dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
