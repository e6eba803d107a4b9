"""`heard demo`: the samples through the real intake, and what came of them in words."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.progress import track
from rich.table import Table
from rich.text import Text

from pipeline.artefact import serving_folder
from pipeline.console import errors, table_console
from pipeline.domain import Channel, CueKind, Message, Route
from pipeline.errors import InputError, RefusedRow
from pipeline.read.files import read_paths
from pipeline.steps.places import Places
from pipeline.steps.whole import train_and_register
from service.api.context import Context
from service.queue import QueueName
from service.received import IdInUse
from service.store import queues, work_list
from service.store.work_list import Filters

_URGENT = 8
_EXCERPT = 70
_BLIND = "drawn to be judged blind"


@dataclass(kw_only=True)
class Screened:
    """What one run over the samples did."""

    new: int = 0
    before: int = 0
    set_aside: int = 0


def ensure_model(checkout: Path, models: Path) -> None:
    """Train a model where none is released or trained yet."""
    if serving_folder(models) is None:
        errors.print("No model is released yet: training one on data/raw (about a minute, once).")
        train_and_register(Places(root=checkout, made=models / "local" / "work"), errors.print, encoder=False)


def screen_samples(context: Context, folder: Path) -> Screened:
    """Put every sample through the intake, as a shared inbox, a survey and a call log would."""
    screened = Screened()
    paths = sorted(path for path in folder.iterdir() if path.suffix in {".mbox", ".csv"})
    for path in track(paths, description="Screening the samples", transient=True):
        for item in read_paths([str(path)], channel=None):
            _take(context, item, path.name, screened)
    return screened


def _take(context: Context, item: Message | InputError, source: str, screened: Screened) -> None:
    if isinstance(item, Message):
        _receive(context, item, source, screened)
    elif isinstance(item, RefusedRow):
        screened.set_aside += context.intake.set_aside(item, source=source)
    else:
        errors.print(str(item))


def _receive(context: Context, message: Message, source: str, screened: Screened) -> None:
    try:
        received = context.intake.receive(message, source=source)
    except IdInUse as conflict:
        errors.print(str(conflict))
        screened.set_aside += 1
    else:
        screened.new += received.new
        screened.before += not received.new


def print_summary(context: Context, screened: Screened, *, today: date, address: str | None) -> None:
    """Messages by channel and route, the most urgent items with their cues, and where the page is."""
    console = table_console()
    console.print(
        f"\n{screened.new} messages received, {screened.before} seen before, {screened.set_aside} set aside.\n"
    )
    with context.database.reading() as connection:
        found = {(channel, route): count for channel, route, count in queues.route_counts(connection)}
        items = [
            item
            for name in (QueueName.STAGE_1, QueueName.REVIEW)
            for item in work_list.page(connection, Filters(queue=name), _URGENT, None, context.today()).items
        ]
        urgent = sorted(items, key=lambda item: (item.acknowledge_by, item.queue is QueueName.REVIEW, -item.risk))[
            :_URGENT
        ]
        details = queues.shown(connection, urgent)
    console.print(_by_route(found))
    table = Table(title=f"Most urgent ({context.classifier.profile.title})", title_justify="left")
    for column in ("acknowledge by", "queue", "message", "because of"):
        table.add_column(column)
    for item in urgent:
        shown = details[item.message_id]
        words = " ".join((shown["subject"] or shown["text"]).split())
        cues = [
            f"{cue['kind']} ({cue['provision']})" for cue in shown["cues"] if cue["kind"] != CueKind.REQUEST_FOR_ACTION
        ]
        late = " overdue" if item.acknowledge_by < today else ""
        because = ", ".join(dict.fromkeys(cues)) or f"the words together, {item.risk:.0%}"
        table.add_row(
            f"{item.acknowledge_by:%a %d %b %Y}{late}",
            item.queue.value,
            Text(words[:_EXCERPT]),
            Text(_BLIND if item.is_hidden else because),
        )
    console.print(table)
    if address:
        console.print(f"\nThe queue is at {address} (HTTP interface at {address}docs). Ctrl-C stops it.\n")


def _by_route(found: dict[tuple[str, str], int]) -> Table:
    table = Table(title="Messages by channel and route", title_justify="left")
    table.add_column("channel")
    for route in Route:
        table.add_column(route.value, justify="right")
    for channel in Channel:
        cells = [found.get((channel.value, route.value), 0) for route in Route]
        if any(cells):
            table.add_row(channel.value, *(str(cell) for cell in cells))
    return table
