"""`heard data card`: data/README.md, the data card, with everything countable counted from data/raw."""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable
from itertools import product
from pathlib import Path

import pandas as pd
from jinja2 import Environment, StrictUndefined
from sklearn.metrics import cohen_kappa_score

from pipeline.corpora.check import shortcuts, word_counts
from pipeline.corpora.schema import read_rows, schema_faults
from pipeline.corpus import SPLITS
from pipeline.domain import Channel, Label
from pipeline.errors import CorpusError

_LABELS = [label.value for label in Label]
_TEMPLATE = Path(__file__).parent / "card.md.jinja"


def write_card(raw: Path, target: Path) -> Path:
    """Count the corpus and write its card; CorpusError where it breaks its schema."""
    table, unreadable = read_rows(raw)
    faults = [*unreadable, *schema_faults(table)]
    if faults:
        raise CorpusError(f"the corpus has {len(faults)} faults, the first: {faults[0]} Run `heard data check {raw}`.")
    with (target.parent / "authors.csv").open(encoding="utf-8", newline="") as file:
        voices = {row["author"]: row for row in csv.DictReader(file)}
    missing = sorted(set(table["author"]) - voices.keys())
    if missing:
        raise CorpusError(f"{target.parent / 'authors.csv'} says nothing about author {missing[0]}.")
    page = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701  # Markdown
    template = page.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    target.write_text(template.render(**_facts(table, voices)), encoding="utf-8")
    return target


def split_sha256(table: pd.DataFrame, split: str) -> str:
    """What freezes a split: a hash over its ids, texts and labels, in the order of the ids."""
    rows = table[table["split"] == split].sort_values("id")
    lines = (f"{row.id}\x1f{row.text}\x1f{row.label}\n" for row in rows.itertuples())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _facts(table: pd.DataFrame, voices: dict[str, dict[str, str]]) -> dict[str, object]:
    complaint = table["label"] == Label.COMPLAINT.value
    says = table["text"].str.contains("complain", case=False)
    slices = Counter(name for names in table["slices"].dropna() for name in names)
    twice = table[table["annotator_2"].notna()]
    sizes = table["scenario"].map(table["scenario"].value_counts())
    return {
        "messages": len(table),
        "authors": table["author"].nunique(),
        "channel_rows": _crosstab(table, "channel", [channel.value for channel in Channel]),
        "split_rows": [
            (split, *_counts(table[table["split"] == split]), split_sha256(table, split)[:16]) for split in SPLITS
        ],
        "topic_rows": _crosstab(table, "topic", sorted(table["topic"].unique())),
        "author_rows": [
            (name, rows["split"].iloc[0], voices[str(name)]["part"], *_counts(rows), voices[str(name)]["voice"])
            for name, rows in table.groupby("author")
        ],
        "slice_rows": sorted(slices.items()),
        "contrast": int((sizes > 1).sum()),
        "contested": float(table["contested"].mean()),
        "complaints_that_say": float(says[complaint].mean()),
        "others_that_say": int(says[~complaint].sum()),
        "shortcuts": shortcuts(table),
        "words": [(label, *_quartiles(table[table["label"] == label])) for label in _LABELS],
        "twice": len(twice),
        "kappa_all": _kappa(twice),
        "kappa_channel": [(channel.value, _kappa(twice[twice["channel"] == channel.value])) for channel in Channel],
        "confusion": [
            (one, other, int(((twice["annotator_1"] == one) & (twice["annotator_2"] == other)).sum()))
            for one, other in product(_LABELS, _LABELS)
        ],
    }


def _quartiles(rows: pd.DataFrame) -> list[int]:
    return [int(value) for value in word_counts(rows).quantile([0.25, 0.5, 0.75])]


def _kappa(rows: pd.DataFrame) -> float:
    return float(cohen_kappa_score(rows["annotator_1"], rows["annotator_2"]))


def _counts(rows: pd.DataFrame) -> tuple[int, ...]:
    return (len(rows), *(int((rows["label"] == label).sum()) for label in _LABELS))


def _crosstab(table: pd.DataFrame, column: str, names: Iterable[str]) -> list[tuple[str | int, ...]]:
    return [(name, *_counts(table[table[column] == name])) for name in names]
