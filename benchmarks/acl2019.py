"""`make bench-acl2019 FILE=complaints-data.csv`: the public complaint tweets of Preotiuc-Pietro and others (ACL 2019).

Nested cross-validation over the 3,449 tweets, handles and links masked, against what was published on the same data.
The file is downloaded by whoever runs this (docs/reference/benchmarks.md); no tweet is printed or kept but as numbers.
"""

import argparse
import hashlib
import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from benchmarks.encoding import Embeddings
from benchmarks.nested import AVERAGED, SEED, Learner, Nested, Outcome, auc, macro_f1

CHECKOUT = Path(__file__).resolve().parents[1]
PUBLISHED = "published: 0.79 (2019), 0.87 (2020), 0.882 (2021, the best found)"
_LINK = re.compile(r"(?:https?://|www\.|pic\.twitter\.com/)\S+")
_HANDLE = re.compile(r"@\w+")


@dataclass(frozen=True, kw_only=True)
class Tweets:
    """`company` marks tweets to a company's service account; the others are random replies and random tweets."""

    texts: list[str]
    complaint: np.ndarray
    company: np.ndarray
    strata: np.ndarray


def main() -> None:
    """Read, learn fold by fold, print."""
    options = _options()
    console = Console(width=140, highlight=False)
    if not options.file.is_file():
        console.print(f"Skipped: {options.file} is not there. docs/reference/benchmarks.md says where to get it.")
        return
    tweets = read_tweets(options.file)
    kept = CHECKOUT / "data" / "interim"
    learners = _learners(tweets, options, kept)
    trial = Nested(
        learners=learners,
        positive=tweets.complaint,
        strata=tweets.strata,
        data=hashlib.sha256("\n".join(tweets.texts).encode()).hexdigest(),
        folds=options.folds,
        kept=kept,
    )
    outcomes = []
    for number in range(options.stop_after or options.folds):
        began = time.perf_counter()
        outcomes.append(trial.outcome(number))
        console.print(f"fold {number + 1} of {options.folds}: {time.perf_counter() - began:,.0f} s")
    rows = _figures(outcomes, tweets, [learner.name for learner in learners])
    console.print(_table(rows, tweets, len(outcomes), options.folds))
    console.print(PUBLISHED)
    if not options.stop_after:
        result = {"seed": SEED, "folds": options.folds, "candidates": rows}
        out = CHECKOUT / "data" / "processed" / "bench_acl2019.json"
        out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def read_tweets(path: Path) -> Tweets:
    """The published table: id, text, 1 for a complaint, the company's trade or how a tweet to nobody was drawn."""
    table = pd.read_csv(path, header=None, names=["id", "text", "label", "domain"], keep_default_na=False)
    return Tweets(
        texts=[masked(text) for text in table["text"]],
        complaint=(table["label"] == 1).to_numpy(),
        company=~table["domain"].str.startswith("random").to_numpy(dtype=bool),
        strata=(table["label"].astype(str) + " " + table["domain"]).to_numpy(dtype=str),
    )


def masked(text: str) -> str:
    """Handles and links say who is written to, not what is said."""
    return _HANDLE.sub("@user", _LINK.sub("link", text))


@dataclass(frozen=True, kw_only=True)
class TfidfRegression:
    """Words and character n-grams into a logistic regression."""

    name: str = "TF-IDF + logistic regression"
    settings: tuple[float, ...] = (1.0, 3.0, 10.0)
    texts: np.ndarray = field(repr=False)
    positive: np.ndarray = field(repr=False)

    def said(self, learn: np.ndarray, judge: np.ndarray, setting: float) -> np.ndarray:
        """`setting` is C."""
        token = r"(?u)\b\w[\w']*\b|[!?]+"  # noqa: S105  # not a password
        words = TfidfVectorizer(token_pattern=token, ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)
        model = make_pipeline(make_union(words, characters), _regression(setting))
        model.fit(self.texts[learn], self.positive[learn])
        return np.asarray(model.predict_proba(self.texts[judge])[:, 1])


@dataclass(frozen=True, kw_only=True)
class FrozenRegression:
    """An encoder's vectors, scaled, into a logistic regression."""

    name: str
    settings: tuple[float, ...] = (0.0003, 0.001, 0.003)
    vectors: np.ndarray = field(repr=False)
    positive: np.ndarray = field(repr=False)

    def said(self, learn: np.ndarray, judge: np.ndarray, setting: float) -> np.ndarray:
        """`setting` is C."""
        model = make_pipeline(StandardScaler(), _regression(setting))
        model.fit(self.vectors[learn], self.positive[learn])
        return np.asarray(model.predict_proba(self.vectors[judge])[:, 1])


def _regression(c: float) -> LogisticRegression:
    return LogisticRegression(C=c, class_weight="balanced", max_iter=2000, tol=1e-3)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="complaints-data.csv")
    parser.add_argument("--encoder", type=Path, action="append", default=[], help="folder of a frozen encoder: a row")
    parser.add_argument("--fine-tune", type=Path, help="folder of the encoder whose top layers are tuned")
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--stop-after", type=int, default=0, help="try so many of the folds; print only")
    return parser.parse_args()


def _learners(tweets: Tweets, options: argparse.Namespace, kept: Path) -> list[Learner]:
    learners: list[Learner] = [TfidfRegression(texts=np.array(tweets.texts, dtype=object), positive=tweets.complaint)]
    for folder in options.encoder:
        embeddings = Embeddings(folder, kept)
        name = f"frozen {embeddings.name} + logistic regression"
        vectors = embeddings.of(tweets.texts)
        learners.append(FrozenRegression(name=name, vectors=vectors, positive=tweets.complaint))
    if options.fine_tune:
        from benchmarks.top_layers import FineTuned, LowerLayers, Recipe  # noqa: PLC0415  # an extra

        recipe = Recipe()
        lower = LowerLayers.of(options.fine_tune, tweets.texts, recipe.frozen_layers)
        name = f"{options.fine_tune.name}, top layers fine-tuned"
        learners.append(FineTuned(name=name, lower=lower, positive=tweets.complaint, recipe=recipe))
    return learners


def _figures(outcomes: list[Outcome], tweets: Tweets, names: list[str]) -> dict[str, dict[str, float]]:
    rows = {}
    for name in [*names, AVERAGED]:
        figures: dict[str, float] = {}
        for title, keep in (("all", np.ones_like(tweets.company)), ("company", tweets.company)):
            mean, deviation = macro_f1(outcomes, tweets.complaint, keep, name)
            figures |= {
                f"{title}_macro_f1": mean,
                f"{title}_macro_f1_deviation": deviation,
                f"{title}_auc": auc(outcomes, tweets.complaint, keep, name),
            }
        rows[name] = figures
    return rows


def _table(rows: dict[str, dict[str, float]], tweets: Tweets, done: int, folds: int) -> Table:
    sizes = {"all": len(tweets.texts), "company": int(tweets.company.sum())}
    table = Table(title=f"Complaint tweets: mean over {done} of {folds} folds (standard deviation), seed {SEED}")
    table.add_column("candidate", no_wrap=True)
    for title, size in sizes.items():
        table.add_column(f"macro F1, {title} {size:,}", justify="right")
        table.add_column(f"AUC, {title}", justify="right")
    for name, figures in rows.items():
        cells = []
        for title in sizes:
            cells += [
                f"{figures[f'{title}_macro_f1']:.3f} ({figures[f'{title}_macro_f1_deviation']:.3f})",
                f"{figures[f'{title}_auc']:.3f}",
            ]
        table.add_row(name, *cells)
    return table


if __name__ == "__main__":
    main()
