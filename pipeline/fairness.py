"""Whose complaints are missed: miss rate and false flags by group of writers, with what to do where a gap is wide.

A group is a property of the author (data/authors.csv), of the message (channel, length) or a slice of the corpus. The
authors are invented and the properties were read from their voices, so a gap says where to look, not how large it is
among residents.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from pipeline import metrics
from pipeline.domain import Label, LabelledMessage, Route
from pipeline.judging import SURE, Judged, routes
from pipeline.metrics import Figure
from pipeline.policy import SEEN, load_profile
from pipeline.tables import markdown_table

WIDE = 2.0
"""How many times the overall miss rate a group's may be before something must be done."""

ENOUGH = 30
"""Complaints below which a group's miss rate says too little to judge it by."""

UNKNOWN = "unknown"
_TRAITS = {
    "first_language": "first language",
    "dialect": "dialect",
    "literacy": "literacy",
    "writes_for_others": "writes for others",
}
_LENGTHS = ((20, "to 20 words"), (60, "21 to 60 words"), (150, "61 to 150 words"))
_LONGEST = "over 150 words"
_FEW_AUTHORS = 2
_ALL = "all"

REMEDIES = {
    "channel": "label 60 complaints or more of that channel, so that training chooses thresholds for it alone.",
    "length": "have a larger share of messages of that length read in the blind audit sample, and label those missed.",
    "third party": "label messages of advisers, carers and relatives (`heard data add`) and train again.",
}
_OF_WRITERS = (
    "label messages by such writers (`heard data add`), train again, and audit a larger share of them till then."
)

Traits = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class GroupFigures:
    """How one group fares. `miss_rate` is the share of its complaints no officer sees, `false_flags` that of its other
    messages sent to stage 1 or signpost; `ratio` is its miss rate over the overall one, nan where that is 0.
    """

    characteristic: str
    group: str
    authors: int
    miss_rate: Figure
    false_flags: Figure
    ratio: float

    @property
    def verdict(self) -> str:
        """`wide` where the miss rate is more than twice the overall one and rests on enough complaints."""
        if self.characteristic == _ALL:
            return ""
        if self.miss_rate.n < ENOUGH:
            return "too few to judge"
        return "wide" if self.ratio > WIDE else "within twice"


def read_traits(path: Path) -> Traits:
    """What is known of each author; nothing where the file is missing, `unknown` where a field is."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["author"]: {name: row.get(column) or UNKNOWN for column, name in _TRAITS.items()}
            for row in csv.DictReader(file)
        }


def by_group(rows: Sequence[LabelledMessage], sent: Sequence[Route], traits: Traits) -> list[GroupFigures]:
    """Overall figures, then each group's; groups without a complaint or without another message are left out.

    `sent` says where each row went, in the order of `rows`.
    """
    routed = list(zip(rows, sent, strict=True))
    members: dict[tuple[str, str], list[tuple[LabelledMessage, Route]]] = defaultdict(list)
    for row, route in routed:
        for key in _groups(row, traits):
            members[key].append((row, route))
    overall = np.mean([route not in SEEN for row, route in routed if row.label is Label.COMPLAINT])
    return [
        _figures(key, members[key], float(overall))
        for key in sorted(members, key=_order)
        if len({row.label is Label.COMPLAINT for row, _ in members[key]}) > 1
    ]


def judged_by_group(judged: Judged, traits: Traits) -> list[GroupFigures]:
    """`by_group` of what a model said, routed as the metrics are: under hos-2024, with no known history."""
    return by_group([row for row, _ in judged.rows], routes(judged, load_profile("hos-2024")), traits)


def fairness_table(results: Iterable[GroupFigures]) -> str:
    """A row a group, in Markdown."""
    return markdown_table(
        ("writers", "group", "authors", "miss rate (n complaints)", "times overall", "gap", "false flags (n others)"),
        [
            (
                row.characteristic,
                row.group,
                row.authors,
                row.miss_rate,
                f"{row.ratio:.1f}",
                row.verdict,
                row.false_flags,
            )
            for row in results
        ],
    )


def fairness_section(results: Sequence[GroupFigures]) -> str:
    """The table with what it means and, for each wide gap, what to do about it: for the model card."""
    wide = [row for row in results if row.verdict == "wide"]
    remedies = [
        f"- **{row.characteristic}, {row.group}** ({row.ratio:.1f} times overall): "
        f"{REMEDIES.get(row.characteristic, _OF_WRITERS)}"
        for row in wide
    ]
    found = "\n".join(["Misses more than twice as often as overall, and what to do about it:", *remedies])
    nothing = "No group with enough complaints is missed more than twice as often as overall."
    return f"{fairness_table(results)}\n\n{found if wide else nothing}"


def write_results(results: Sequence[GroupFigures], path: Path) -> None:
    """Keep results for `read_results`."""
    path.write_text(json.dumps([asdict(row) for row in results], indent=2) + "\n", encoding="utf-8")


def read_results(path: Path) -> list[GroupFigures]:
    """What `write_results` kept."""
    return [
        GroupFigures(
            **{**row, "miss_rate": Figure(**row["miss_rate"]), "false_flags": Figure(**row["false_flags"])},
        )
        for row in json.loads(path.read_text(encoding="utf-8"))
    ]


def _groups(row: LabelledMessage, traits: Traits) -> Iterable[tuple[str, str]]:
    yield _ALL, _ALL
    known = traits.get(row.author, {})
    yield from ((name, known.get(name, UNKNOWN)) for name in _TRAITS.values())
    yield "third party", "yes" if "third_party" in row.slices else "no"
    yield "channel", row.message.channel.value
    words = len(row.message.text.split())
    yield "length", next((name for most, name in _LENGTHS if words <= most), _LONGEST)


def _order(key: tuple[str, str]) -> tuple[int, int, str]:
    characteristics = (_ALL, *_TRAITS.values(), "third party", "channel", "length")
    lengths = (*(name for _, name in _LENGTHS), _LONGEST)
    characteristic, group = key
    return characteristics.index(characteristic), lengths.index(group) if group in lengths else 0, group


def _figures(key: tuple[str, str], members: Sequence[tuple[LabelledMessage, Route]], overall: float) -> GroupFigures:
    characteristic, group = key
    complaints = [(row.author, route not in SEEN) for row, route in members if row.label is Label.COMPLAINT]
    others = [(row.author, route in SURE) for row, route in members if row.label is not Label.COMPLAINT]
    miss_rate = _share(complaints)
    return GroupFigures(
        characteristic=characteristic,
        group=group,
        authors=len({row.author for row, _ in members}),
        miss_rate=miss_rate,
        false_flags=_share(others),
        ratio=miss_rate.value / overall if overall else float("nan"),
    )


def _share(outcomes: Sequence[tuple[str, bool]]) -> Figure:
    """The share of hits over (author, hit). Its interval is the wider of two: exact over messages, and bootstrapped
    over authors where there are several. With few authors the bootstrap alone is too narrow, and where an author's
    messages are alike the exact one is.
    """
    authors = [author for author, _ in outcomes]
    hits = np.array([hit for _, hit in outcomes])
    exact = metrics.share(int(hits.sum()), len(hits))
    if len(set(authors)) <= _FEW_AUTHORS:
        return exact
    drawn = metrics.interval(lambda places: float(hits[places].mean()), authors)
    return Figure(value=exact.value, low=min(exact.low, drawn.low), high=max(exact.high, drawn.high), n=exact.n)
