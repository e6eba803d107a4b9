"""`heard gate`: both models on the same messages, and what stands against the challenger."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.table import Table

from pipeline.classify import MessageClassifier
from pipeline.corpus import of_split, read_corpus, read_more
from pipeline.domain import LabelledMessage
from pipeline.gate import Check, Limits, Running, compare, cost, refusals
from pipeline.judging import Example, Judged
from pipeline.params import load_params
from pipeline.preprocess import prepare
from pipeline.steps.places import Places

_PROFILE = "hos-2024"
_ROUNDS = 3


def judge_challenger(places: Places, champion: Path, challenger: Path, reviewed: Path | None) -> bool:
    """Print every check; whether none refuses. `reviewed` is labelled traffic of late that neither learned from."""
    params = load_params(places.params)
    limits, seed = Limits(alpha=params.thresholds.alpha), params.model.seed
    old, new = MessageClassifier.open(champion, _PROFILE), MessageClassifier.open(challenger, _PROFILE)
    test = _prepared(of_split(read_corpus(places.raw), "test"))
    sets = {"frozen test": compare(_judged(old, test), _judged(new, test), limits, seed=seed)}
    if reviewed is not None:
        rows = _prepared(of_split(read_more(reviewed), "test"))
        weights = [row.weight for row, _ in rows]
        sets[reviewed.stem] = compare(_judged(old, rows), _judged(new, rows), limits, seed=seed, weights=weights)
    sets["running"] = cost(_running(old, champion, test), _running(new, challenger, test), limits)
    console = Console(width=150, highlight=False, markup=False)
    console.print(_table(sets, old.manifest.version, new.manifest.version))
    against = [f"{name}: {reason}" for name, checks in sets.items() for reason in refusals(checks)]
    for reason in against:
        console.print(f"Refused on {reason}", soft_wrap=True)
    if not against:
        console.print(f"Nothing stands against {new.manifest.version}. A person may promote it.")
    return not against


def _prepared(rows: Sequence[LabelledMessage]) -> list[Example]:
    return [(row, prepare(row.message)) for row in rows]


def _judged(model: MessageClassifier, examples: list[Example]) -> Judged:
    predictions = model.predict([message for _, message in examples])
    return Judged(
        rows=examples,
        probabilities=np.array([(each.complaint, each.service_request, each.other) for each in predictions]),
        thresholds=[model.manifest.thresholds_for(row.message.channel) for row, _ in examples],
    )


def _running(model: MessageClassifier, folder: Path, examples: list[Example]) -> Running:
    """The best of some rounds, in one process."""
    some = [message for _, message in examples[:500]]
    times = []
    for _ in range(_ROUNDS):
        began = perf_counter()
        model.predict(some)
        times.append(perf_counter() - began)
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    return Running(messages_per_second=len(some) / min(times), megabytes=size / 1e6)


def _table(sets: dict[str, list[Check]], champion: str, challenger: str) -> Table:
    table = Table(title=f"Champion {champion}, challenger {challenger}", title_justify="left")
    for column in ("on", "check", "champion", "challenger", "difference, 95 %", ""):
        table.add_column(column)
    for name, checks in sets.items():
        for check in checks:
            table.add_row(name, check.name, *_cells(check), "REFUSED" if check.reason else "")
    return table


def _cells(check: Check) -> tuple[str, ...]:
    gap = check.difference
    between = f"{gap.value:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]" if gap else ""
    return f"{check.champion:,.3f}", f"{check.challenger:,.3f}", between
