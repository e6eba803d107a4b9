"""`make cues`: how often each kind of cue fires, and where it should not.

A table for each of --splits (default: train+calibration, then the frozen test): of each kind the share of messages in
which it is found, among clean (uncontested) service requests, others and complaints, and among the complaints of the
everyday part; then the share of messages in which at least one cue speaks for a complaint. A kind above 5 % on clean
service requests is marked, unless requests show it by their nature; docs/decisions/0004 says why two stay above.
"""

import argparse
from pathlib import Path

from pipeline.corpus import of_split, read_corpus
from pipeline.domain import CueKind, Label
from pipeline.judging import Example
from pipeline.policy import speaks
from pipeline.preprocess import prepare
from pipeline.steps.places import Places
from pipeline.tables import markdown_table
from pipeline.training import EVERYDAY

CHECKOUT = Path(__file__).resolve().parents[1]
MOST = 0.05
ALLOWED = frozenset({CueKind.REQUEST_FOR_ACTION, CueKind.HAZARD, CueKind.DELAY})
"""Kinds that plain requests show by their nature."""


def main() -> None:
    """Find the cues, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", nargs="+", default=["train+calibration", "test"], help="a table for each")
    options = parser.parse_args()
    rows = read_corpus(Places(root=CHECKOUT).raw)
    print(f"python benchmarks/cues.py --splits {' '.join(options.splits)}")
    for splits in options.splits:
        examples = [(row, prepare(row.message)) for row in of_split(rows, *splits.split("+"))]
        print(f"\n{splits}: {len(examples)} messages\n\n{rates_table(examples)}\n\n{coverage_table(examples)}")


def rates_table(examples: list[Example]) -> str:
    """Of each kind the share of messages in which it is found."""
    groups = {
        "clean service requests": _clean(examples, Label.SERVICE_REQUEST),
        "clean others": _clean(examples, Label.OTHER),
        "clean complaints": _clean(examples, Label.COMPLAINT),
        "everyday complaints": _everyday(_complaints(examples)),
    }
    heads = [f"{name} ({len(members)})" for name, members in groups.items()]
    return markdown_table(("kind", *heads, ""), [_rates(kind, list(groups.values())) for kind in CueKind])


def coverage_table(examples: list[Example]) -> str:
    """The share of complaints in which at least one cue speaks for a complaint, and of the rest."""
    complaints = _complaints(examples)
    groups = {
        "complaints": complaints,
        "clean complaints": _clean(examples, Label.COMPLAINT),
        "complaints, everyday part": _everyday(complaints),
        "clean complaints, everyday part": _everyday(_clean(examples, Label.COMPLAINT)),
        "clean service requests": _clean(examples, Label.SERVICE_REQUEST),
        "clean others": _clean(examples, Label.OTHER),
    }
    return markdown_table(
        ("messages", "n", "a cue speaks"),
        [
            (name, len(rows), _share(sum(speaks(message.cues) for _, message in rows), rows))
            for name, rows in groups.items()
        ],
    )


def _rates(kind: CueKind, groups: list[list[Example]]) -> tuple[str, ...]:
    counts = [sum(any(cue.kind is kind for cue in message.cues) for _, message in rows) for rows in groups]
    over = counts[0] > MOST * len(groups[0]) and kind not in ALLOWED
    shares = [_share(count, rows) for count, rows in zip(counts, groups, strict=True)]
    return (str(kind), *shares, f"over {MOST:.0%}" if over else "")


def _share(count: int, rows: list[Example]) -> str:
    return f"{count / len(rows):.1%}" if rows else "-"


def _clean(examples: list[Example], label: Label) -> list[Example]:
    return [example for example in examples if example[0].label is label and not example[0].contested]


def _complaints(examples: list[Example]) -> list[Example]:
    return [example for example in examples if example[0].label is Label.COMPLAINT]


def _everyday(examples: list[Example]) -> list[Example]:
    return [example for example in examples if EVERYDAY in example[0].slices]


if __name__ == "__main__":
    main()
