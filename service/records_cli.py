"""`heard card`, `heard atrs`, `heard dpia`: what the model is, for those who must know."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipeline.records import Record, Traffic
    from service.settings import Settings

Model = Annotated[Path | None, typer.Option(help="A model folder; the one that serves if left out.")]
Database = Annotated[
    str | None, typer.Option(help="Of a service in use, for live figures; without it the record has none.")
]
Output = Annotated[Path | None, typer.Option(help="Write here instead of to standard output.")]


def card(model: Model = None, output: Output = None) -> None:
    """Print the model card: what it promises, how it was measured, whom it serves less well."""
    _put((_folder(model) / "model_card.md").read_text(encoding="utf-8"), output)


def atrs(model: Model = None, database: Database = None, output: Output = None) -> None:
    """Draft the public algorithmic transparency record (ATRS, tiers 1 and 2)."""
    from pipeline.records import Record

    _put(_record(Record.ATRS, model, database), output)


def dpia(model: Model = None, database: Database = None, output: Output = None) -> None:
    """Gather the facts for a data-protection impact assessment."""
    from pipeline.records import Record

    _put(_record(Record.DPIA, model, database), output)


def _record(record: "Record", model: Path | None, database: str | None) -> str:
    from datetime import UTC, datetime

    from pipeline.artefact import verify
    from pipeline.policy import load_profile
    from pipeline.records import Facts, left_open, render
    from service.settings import settings_from

    folder, settings = _folder(model), settings_from(database=database)
    text = render(
        record,
        Facts(
            manifest=verify(folder),
            profile=load_profile(settings.profile),
            size_mb=sum(path.stat().st_size for path in folder.iterdir()) / 1e6,
            share=settings.blind_share,
            traffic=_traffic(settings) if database else None,
            on=datetime.now(UTC).date(),
        ),
    )
    typer.echo(f"{left_open(text)} fields are left for a person to fill in.", err=True)
    return text


def _traffic(settings: "Settings") -> "Traffic":
    from datetime import UTC, datetime

    from service.live_figures import period
    from service.monitor import traffic
    from service.store.database import open_current

    with open_current(settings.database).reading() as connection:
        return traffic(connection, period(datetime.now(UTC)), delta=0.10)


def _folder(model: Path | None) -> Path:
    from pipeline.artefact import serving_folder, verify
    from pipeline.classify import MODELS
    from pipeline.errors import UntrustedModel

    folder = model or serving_folder(MODELS)
    if folder is None:
        raise UntrustedModel("No model is released or trained yet: run `heard train` first.")
    verify(folder)
    return folder


def _put(text: str, output: Path | None) -> None:
    if output is None:
        print(text)
    else:
        output.write_text(text, encoding="utf-8")
