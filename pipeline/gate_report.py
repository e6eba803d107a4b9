"""`heard gate`: both models on the same messages, and what stands against the challenger."""

from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.table import Table

from pipeline import verdict
from pipeline.artefact import manifest_sha256
from pipeline.classify import MessageClassifier
from pipeline.corpus import of_split, read_corpus, read_more
from pipeline.exploring import examples_of, judged_by
from pipeline.gate import Check, Limits, Running, compare, cost, refusals
from pipeline.judging import Example
from pipeline.params import load_params
from pipeline.steps.places import Places
from pipeline.verdict import Told, Verdict

_PROFILE = "hos-2024"
_ROUNDS = 3


def judge_challenger(places: Places, champion: Path, challenger: Path, reviewed: Path | None) -> bool:
    """Print every check; whether none refuses. `reviewed` is labelled traffic of late that neither learned from.

    The verdict is kept in the challenger's folder: nobody can propose it to serve without one.
    """
    params = load_params(places.params)
    limits, seed = Limits(alpha=params.thresholds.alpha), params.model.seed
    old, new = MessageClassifier.open(champion, _PROFILE), MessageClassifier.open(challenger, _PROFILE)
    test = examples_of(of_split(read_corpus(places.raw), "test"))
    sets = {"frozen test": compare(judged_by(old, test), judged_by(new, test), limits, seed=seed)}
    if reviewed is not None:
        rows = examples_of(of_split(read_more(reviewed), "test"))
        weights = [row.weight for row, _ in rows]
        sets[reviewed.stem] = compare(judged_by(old, rows), judged_by(new, rows), limits, seed=seed, weights=weights)
    sets["running"] = cost(_running(old, champion, test), _running(new, challenger, test), limits)
    console = Console(width=150, highlight=False, markup=False)
    console.print(_table(sets, old.manifest.version, new.manifest.version))
    verdict.keep(_verdict(sets, champion, challenger), challenger)
    against = [f"{name}: {reason}" for name, checks in sets.items() for reason in refusals(checks)]
    for reason in against:
        console.print(f"Refused on {reason}", soft_wrap=True)
    if not against:
        console.print(f"Nothing stands against {new.manifest.version}. A person may promote it.")
    return not against


def _verdict(sets: dict[str, list[Check]], champion: Path, challenger: Path) -> Verdict:
    return Verdict(
        champion=champion.resolve().name,
        champion_sha256=manifest_sha256(champion),
        challenger=challenger.resolve().name,
        challenger_sha256=manifest_sha256(challenger),
        judged_at=verdict.now(),
        checks=tuple(_told(on, check) for on, checks in sets.items() for check in checks),
    )


def _told(on: str, check: Check) -> Told:
    *_, between = _cells(check)
    return Told(
        on=on,
        name=check.name,
        champion=round(check.champion, 4),
        challenger=round(check.challenger, 4),
        difference=between,
        reason=check.reason,
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
