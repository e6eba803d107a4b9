"""`heard evaluate`: the tables of docs/figures.md."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline.corpus import corpus_sha256
from pipeline.domain import Channel, Label, LabelledMessage, Message
from pipeline.errors import CorpusError, UnreadableSource
from pipeline.judging import figures, slice_figures
from pipeline.metrics import Figure
from pipeline.params import load_params
from pipeline.preprocess import prepare
from pipeline.steps import calibrate, train
from pipeline.steps import prepare as prepare_step
from pipeline.steps.evaluate import judge
from pipeline.steps.places import Places
from pipeline.training import leave_one_author_out


def print_evaluation(places: Places, also: Path | None) -> None:
    """Train as `heard train` does, then print figures with 95 % intervals, drawn by author."""
    params = load_params(places.params)
    other = read_labelled(also) if also else []
    prepare_step.run(places)
    train.run(places)
    calibrate.run(places)
    judged = {
        "left-out authors (train, calibration)": leave_one_author_out(
            train.in_splits(places, "train", "calibration"), params
        ),
        "frozen test": judge(places, train.in_splits(places, "test")),
    }
    if other:
        extra = judge(places, [(row, prepare(row.message)) for row in other])
        judged[f"{also.stem if also else ''}, all"] = extra
        judged[f"{also.stem if also else ''}, uncontested"] = extra.only([not row.contested for row, _ in extra.rows])
    console = Console(width=160)
    console.print(f"corpus {corpus_sha256(places.raw)[:12]}, seed {params.model.seed}, 95 % intervals by author")
    console.print(_table("Figures", {name: figures(rows, seed=params.model.seed) for name, rows in judged.items()}))
    sliced = {name: slice_figures(rows) for name, rows in judged.items() if not other or "uncontested" not in name}
    console.print(_table("Share flagged at 5 % false flags, by slice", sliced))


def read_labelled(path: Path) -> list[LabelledMessage]:
    """Rows of a file that is labelled but not part of the corpus; judged only, never learned from."""
    if not path.is_file():
        raise UnreadableSource(f"{path}: there is no such file.")
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            message = Message(
                id=row["id"], text=row["text"], channel=Channel(row["channel"]), subject=row.get("subject", "")
            )
            label, contested = Label(row["label"]), bool(row["contested"])
        except (ValueError, KeyError) as error:
            raise CorpusError(f"{path}, line {number}: {error}.") from None
        rows.append(
            LabelledMessage(
                message=message,
                label=label,
                contested=contested,
                prior_chance=False,
                topic="communications",
                author=path.stem,
                scenario=row["id"],
                split="test",
            )
        )
    return rows


def _table(title: str, columns: dict[str, dict[str, Figure]]) -> Table:
    table = Table(title=title)
    table.add_column("measure")
    for name in columns:
        table.add_column(name)
    for measure in dict.fromkeys(name for column in columns.values() for name in column):
        table.add_row(measure, *(str(column[measure]) if measure in column else "-" for column in columns.values()))
    return table
