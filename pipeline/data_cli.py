"""`heard data`: check labelled data, bring in your own, write the data card."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.console import errors
from pipeline.errors import RefusedRow
from pipeline.labelling_cli import choose_next, doubts

data = typer.Typer(no_args_is_help=True, help="Check labelled data, bring in your own, write the data card.")
data.command()(doubts)
data.command("next")(choose_next)


@data.command()
def check(
    path: Annotated[Path, typer.Argument(help="A JSON Lines file, or a folder of them.")],
    page: Annotated[Path | None, typer.Option(help="Write a report with plots to this HTML file.")] = None,
) -> None:
    """Say what is wrong by file and line: schema, duplicates, leaks, shortcuts, personal data; status 1 with faults."""
    from pipeline.corpora.check import check as run_check
    from pipeline.corpora.page import write_page

    found = run_check(path)
    for line in found.faults:
        print(line)
    for line in found.warnings:
        print(f"to look at: {line}")
    for name, value in found.shortcuts.items():
        print(f"AUC of a model that sees only {name}: {value:.3f}")
    print(f"{len(found.table):,} messages, {len(found.faults):,} faults, {len(found.warnings):,} to look at.")
    if page is not None:
        write_page(found, page)
    raise typer.Exit(1 if found.faults else 0)


@data.command()
def add(
    file: Annotated[
        Path, typer.Argument(help="A CSV or workbook with a header; of a workbook, its first visible sheet.")
    ],
    maps: Annotated[list[str], typer.Option("--map", help="field=Column, for example text=Comments.")],
    constants: Annotated[
        list[str] | None, typer.Option("--set", help="field=value for all rows, for example channel=survey.")
    ] = None,
    values: Annotated[
        list[str] | None, typer.Option("--value", help="field:cell=value, for example 'label:Stage 1=complaint'.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the file in data/local; the table's name if left out.")
    ] = None,
    folder: Annotated[Path, typer.Option("--in", help="The checkout.")] = Path(),
    write: Annotated[
        bool, typer.Option("--write", help="Keep the rows; without it only say what would be kept.")
    ] = False,
) -> None:
    """Turn your own labelled table into the corpus's schema, kept apart in data/local (git-ignored)."""
    from pipeline.corpora.add import convert, parse_plan
    from pipeline.corpora.add import write as keep

    items = list(convert(file, parse_plan(maps, constants or [], values or [])))
    rows = [item for item in items if not isinstance(item, RefusedRow)]
    refused = [item for item in items if isinstance(item, RefusedRow)]
    for item in refused:
        errors.print(str(item))
    if write:
        target = keep(rows, name or file.stem, folder / "data" / "local")
        print(f"{len(rows):,} rows kept in {target}, {len(refused):,} refused.")
    else:
        print(f"{len(rows):,} rows would be kept, {len(refused):,} refused. Add --write to keep them.")
    raise typer.Exit(1 if refused else 0)


@data.command()
def card(
    folder: Annotated[Path, typer.Option("--in", help="The checkout.")] = Path(),
) -> None:
    """Write data/README.md: what the corpus holds, counted from data/raw."""
    from pipeline.corpora.card import write_card

    print(f"{write_card(folder / 'data' / 'raw', folder / 'data' / 'README.md')} written.")
