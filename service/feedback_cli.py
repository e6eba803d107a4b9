"""`heard feedback`, `heard monitor`, `heard report`: what reviews teach, what the blind sample shows, what came in."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

feedback = typer.Typer(no_args_is_help=True, help="Turn officers' reviews into labelled data.")

Database = Annotated[
    str | None, typer.Option(help="sqlite:///FILE or postgresql+psycopg://...; heard.db in this folder if left out.")
]
Since = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="From this day on (UTC)."),
]


@feedback.callback()
def _group() -> None:
    """Keeps `export` a command of its own while it is the only one."""


@feedback.command("export")
def export_reviews(
    output: Annotated[Path, typer.Option(help="A JSON Lines file in the schema of data/raw.")] = Path(
        "data/local/reviews.jsonl"
    ),
    since: Since = None,
    database: Database = None,
    unredacted: Annotated[
        bool, typer.Option("--unredacted", help="Leave names, numbers and addresses in: only where you may.")
    ] = False,
) -> None:
    """Write every standing review as a labelled message, weighted by how it came about."""
    from pipeline.console import errors
    from pipeline.redact import redact
    from service import feedback as use_case
    from service.audit import at_command_line, record
    from service.audit_chain import AuditEvent
    from service.settings import settings_from
    from service.store.database import open_current

    def redacted(text: str) -> str:
        return redact(text).text

    store, now = open_current(settings_from(database=database).database), datetime.now(UTC)
    start = since.replace(tzinfo=UTC) if since else datetime(2000, 1, 1, tzinfo=UTC)
    with store.reading() as connection:
        made = use_case.export(connection, start, now, str if unredacted else redacted)
    with store.writing() as connection:
        detail = {"reviews": len(made.rows), "redacted": not unredacted}
        event = AuditEvent(at=now, kind="reviews.exported", actor=at_command_line(), detail={**detail})
        record(connection, event)
    output.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in made.rows)
    errors.print(
        f"{len(made.rows):,} reviews written to {output}; {made.kept_back:,} of the blind sample kept back until "
        f"their month is measured; {made.differing:,} left out because a second reader differs."
    )


def monitor(
    since: Since = None,
    days: Annotated[int, typer.Option(min=1, help="Days that count as now; three times as many before them.")] = 30,
    alpha: Annotated[float, typer.Option(min=0.0001, max=0.5, help="Share of complaints missed at most.")] = 0.05,
    delta: Annotated[float, typer.Option(min=0.0001, max=0.5, help="Chance that an interval is wrong.")] = 0.10,
    words: Annotated[bool, typer.Option("--words/--no-words", help="Also compare the words: takes longer.")] = True,
    database: Database = None,
) -> None:
    """Print the live miss rate with its interval, overturned suggestions and drift; status 1 on an alarm."""
    from service.live_figures import period
    from service.monitor import Compared, report
    from service.monitor_report import print_report
    from service.settings import settings_from
    from service.store.database import open_current

    store = open_current(settings_from(database=database).database)
    within = period(datetime.now(UTC), since.replace(tzinfo=UTC) if since else None)
    with store.reading() as connection:
        found = report(connection, within, Compared(days=days, before=3 * days), alpha=alpha, delta=delta, words=words)
    print_report(found)
    raise typer.Exit(1 if found.alarm else 0)


def report(
    first: Annotated[
        str, typer.Option("--from", help="The first day, 2026-11-02; else that of the month before last.")
    ] = "",
    last: Annotated[str, typer.Option("--to", help="The last day; today if left out.")] = "",
    words: Annotated[bool, typer.Option("--words/--no-words", help="Also compare the words: takes longer.")] = False,
    database: Database = None,
) -> None:
    """Print the figures of the insight page for a period: what came in, what became of it, deadlines, misses, drift."""
    from pipeline.domain import Jurisdiction
    from pipeline.policy import load_profile
    from service import insight
    from service.deadlines import Calendar
    from service.insight_report import print_insight
    from service.settings import settings_from
    from service.store.database import open_current

    settings, now = settings_from(database=database), datetime.now(UTC)
    asked = insight.asked(first, last, now.date(), words=words)
    jurisdiction, today = Jurisdiction(load_profile(settings.profile).jurisdiction), Calendar(settings.nation).day(now)
    with open_current(settings.database).reading() as connection:
        found = insight.figures(connection, asked, jurisdiction, today)
    print_insight(found)
