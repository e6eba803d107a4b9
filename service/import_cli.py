"""`heard import`: a table in, row by row, with a map per source, a rehearsal and a result file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.domain import Channel
from service.settings import Settings, settings_from

if TYPE_CHECKING:
    from service.import_runs import Job
    from service.imported import Totals

_NAME_LIMIT = 200


def import_table(
    file: Annotated[Path, typer.Argument(help="A CSV, a workbook (.xlsx, .xls, .ods) or JSON Lines.")],
    source: Annotated[str, typer.Option(help="Where the table comes from, such as tenant-survey; its map is kept.")],
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="field=Column, once a field: text (again for each column of words), id, subject, received, sender, "
            "channel, score, case, property, prior_contacts. Left out: the map kept for the source, else by names.",
        ),
    ] = None,
    channel: Annotated[Channel | None, typer.Option(help="The channel of rows that do not name one.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")] = False,
    result: Annotated[
        Path | None, typer.Option(help="Write each row with its decision and reason here: .csv or .jsonl.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(help="sqlite:///FILE or postgresql+psycopg://...; heard.db in this folder if left out."),
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="utf-8, cp1252, cp850, utf-16; found out if left out.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="One character, or tab; found out if left out.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Which sheet of a workbook that has several.")] = None,
    model: Annotated[Path | None, typer.Option(help="A model folder; the one that serves if left out.")] = None,
) -> None:
    """Receive every row of a table; run again, it goes on where it was stopped. Status 1 where rows were refused."""
    from pipeline.read.columns import parse_map
    from pipeline.read.opened import Choice
    from service.import_runs import Job

    if not 0 < len(source) <= _NAME_LIMIT:
        raise typer.BadParameter("a source has a name of 1 to 200 characters.")
    if result is not None and result.resolve() == file.resolve():
        raise typer.BadParameter("the result would overwrite the table: choose another --result.")
    choice = Choice(
        encoding=encoding,
        delimiter=_delimiter(delimiter),
        sheet=sheet,
        channel=channel,
        columns=parse_map(given) if given else None,
    )
    job = Job(file=file, source=source, choice=choice, result=result)
    totals = _run(job, settings_from(database=database, model=model), dry_run=dry_run)
    raise typer.Exit(totals.exit_status)


def _delimiter(given: str | None) -> str | None:
    named = "\t" if given in {"tab", "\\t"} else given
    if named is not None and len(named) != 1:
        raise typer.BadParameter("a delimiter is one character, or tab.")
    return named


def _run(job: "Job", settings: Settings, *, dry_run: bool) -> "Totals":
    """Nothing is loaded, and no database made, before the map is checked."""
    from service.import_runs import check, import_file, rehearse_file, with_saved_map
    from service.store.database import Database

    database = Database(settings.database)
    job = with_saved_map(job, database)
    check(job, preview=dry_run)
    if dry_run:
        from pipeline.classify import MessageClassifier

        return rehearse_file(job, database, MessageClassifier.open(settings.model, settings.profile))
    from service.app import build_context

    parts = build_context(settings)
    return import_file(job, parts.database, parts.intake)
