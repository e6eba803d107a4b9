"""`heard thresholds`: score a labelled set, print what each promise would cost, say which cannot be given."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table

from pipeline.artefact import serving_folder
from pipeline.classify import MessageClassifier
from pipeline.console import errors
from pipeline.corpus import corpus_sha256, of_split, read_corpus, read_labelled
from pipeline.domain import Label, LabelledMessage
from pipeline.errors import CorpusError
from pipeline.judging import Example
from pipeline.params import ThresholdParams, load_params
from pipeline.plots import draw_ladder
from pipeline.preprocess import prepare
from pipeline.steps.places import Places
from pipeline.trade import HALVINGS, POOLED, Promise, ladder, parted_by_author

_PROFILE = "hos-2024"
_WIDTH = 100
_NOTHING = "-"

_WELL_OVER = 2
"""How many times delta the share of halves with more misses than promised must be to say so: the misses of a half are
few, so that a promise that is kept looks broken somewhat more often than delta.
"""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the user asked for; a None is answered by params.yaml, the model that serves, the calibration split."""

    alpha: float | None
    delta: float | None
    model: Path | None
    labelled: Path | None
    plot: Path | None


def print_trade(places: Places, asked: Asked) -> bool:
    """Print the ladder, draw it if asked to; answers whether the promise asked for can be given, all channels pooled.

    Nothing else is written: thresholds change only by training.
    """
    params = load_params(places.params)
    wanted = replace(
        params.thresholds,
        alpha=asked.alpha or params.thresholds.alpha,
        delta=asked.delta or params.thresholds.delta,
    )
    rows, what = _labelled(places, asked.labelled)
    classifier = MessageClassifier.open(asked.model or serving_folder(places.models.parent), _PROFILE)
    examples = [(row, prepare(row.message)) for row in track(rows, "Reading messages", console=errors, transient=True)]
    with errors.status("Measuring ..."):
        promises = ladder(examples, _probabilities(classifier, examples), wanted, seed=params.model.seed)
    console = Console(width=_WIDTH, highlight=False, markup=False, emoji=False)
    console.print(f"model {classifier.manifest.version}, {what}, seed {params.model.seed}, profile {_PROFILE}")
    console.print(f"{_counted(rows)}\n")
    _print_ladder(console, promises, wanted, examples)
    if asked.plot and any(promise.cost for promise in promises):
        draw_ladder(promises, alpha=wanted.alpha, file=asked.plot)
        console.print(f"Drawn in {asked.plot}.", soft_wrap=True)
    elif asked.plot:
        console.print("Nothing could be measured, so nothing is drawn.")
    return any(
        promise.thresholds is not None
        for promise in promises
        if (promise.scope, promise.alpha) == (POOLED, wanted.alpha)
    )


def _labelled(places: Places, file: Path | None) -> tuple[list[LabelledMessage], str]:
    if file is None:
        rows = of_split(read_corpus(places.raw), "calibration")
        what = f"calibration split of corpus {corpus_sha256(places.raw)[:12]}"
    else:
        rows, what = read_labelled(file), str(file)
        _refuse_learned(rows, file, places.raw)
    if not rows:
        raise CorpusError(f"There are no labelled messages to measure on in {what}.")
    return rows, what


def _refuse_learned(rows: Sequence[LabelledMessage], file: Path, raw: Path) -> None:
    learned = {row.message.text for row in of_split(read_corpus(raw), "train")} if raw.is_dir() else set()
    known = sum(row.message.text in learned for row in rows)
    if known:
        raise CorpusError(
            f"{file}: {known:,} of its messages stand in the training split of {raw}. A model promises nothing on "
            "messages that it learned from: label others."
        )


def _probabilities(classifier: MessageClassifier, examples: Sequence[Example]) -> np.ndarray:
    predictions = classifier.predict([prepared for _, prepared in examples])
    return np.array([[getattr(prediction, label.value) for label in Label] for prediction in predictions])


def _counted(rows: Sequence[LabelledMessage]) -> str:
    complaints = sum(row.label is Label.COMPLAINT for row in rows)
    return f"{len(rows):,} messages, {complaints:,} of them complaints, {len({row.author for row in rows}):,} authors"


def _print_ladder(
    console: Console, promises: Sequence[Promise], wanted: ThresholdParams, examples: Sequence[Example]
) -> None:
    able = {promise.scope for promise in promises if promise.alpha == wanted.alpha and promise.thresholds} | {POOLED}
    shown = [promise for promise in promises if promise.scope in able]
    parted_by = "authors" if parted_by_author(examples) else "messages"
    if any(promise.thresholds for promise in shown):
        console.print(_table(shown, wanted, parted_by))
    for sentence in (*_too_few(promises, wanted, able), *_notes(shown, wanted, parted_by)):
        console.print(sentence)


def _table(promises: Sequence[Promise], wanted: ThresholdParams, parted_by: str) -> Table:
    sure = _percent(1 - wanted.delta)
    table = Table(
        title=f"What it costs to miss at most so many complaints, with confidence {sure}.\n"
        f"Thresholds: from all n complaints, k of them below review.\n"
        f"The rest: chosen on half of the {parted_by}, measured on the other half, both ways, {HALVINGS} halvings",
        box=box.SIMPLE_HEAD,
        padding=0,
    )
    table.add_column("channel", no_wrap=True)
    for name in (
        *("missed at most", "n", "k", "review from", "stage 1 from"),
        *("miss rate", f"{sure} of halves within", "halves above", "review workload", "false flags", "others seen"),
    ):
        table.add_column(name, justify="right")
    for above, promise in zip([promises[0], *promises], promises, strict=False):
        if promise.scope != above.scope:
            table.add_section()
        marked = promise.alpha == wanted.alpha
        table.add_row(*_cells(promise, mark="* " if marked else ""), style="bold" if marked else None)
    return table


def _cells(promise: Promise, *, mark: str) -> Iterable[str]:
    chosen, cost = promise.thresholds, promise.cost
    yield from (_name(promise.scope), f"{mark}{_percent(promise.alpha)}", f"{promise.n:,}")
    yield from (f"{chosen.k:,}", f"{chosen.review:.3f}", f"{chosen.stage_1:.3f}") if chosen else (_NOTHING,) * 3
    if cost is None:
        yield from (_NOTHING,) * 6
        return
    missed = (cost.miss_rate, cost.miss_rate_high, cost.broken)
    seen = (cost.workload_review, cost.false_flags_stage_1, cost.non_complaints_seen)
    yield from (f"{share:.1%}" for share in (*missed, *seen))


def _too_few(promises: Sequence[Promise], wanted: ThresholdParams, able: set[str]) -> Iterable[str]:
    for promise in promises:
        if promise.thresholds is None and (promise.scope in able or promise.alpha == wanted.alpha):
            yield (
                f"{_name(promise.scope)}: cannot promise {_percent(promise.alpha)} with {promise.n:,} complaints; "
                f"{promise.needed:,} are needed."
            )


def _notes(shown: Sequence[Promise], wanted: ThresholdParams, parted_by: str) -> Iterable[str]:
    if any(promise.thresholds and not promise.cost for promise in shown):
        yield f"{_NOTHING}: half of the {parted_by} hold too few messages to choose and measure on."
    unlike = [
        _name(promise.scope)
        for promise in shown
        if promise.alpha == wanted.alpha and promise.cost and promise.cost.broken > _WELL_OVER * wanted.delta
    ]
    if unlike:
        yield (
            f"{', '.join(unlike)}: in far more than {_percent(wanted.delta)} of halves more was missed than promised. "
            f"The promise holds for messages like these, and one half of the {parted_by} is not like the other: "
            "calibrate on more people's messages before you rely on it for new ones."
        )


def _name(scope: str) -> str:
    return scope.replace("_", " ")


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"
