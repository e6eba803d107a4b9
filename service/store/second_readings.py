"""Verdicts drawn for a second reading: which wait for whom, what was said, and where the two readers differ.

A drawn verdict waits while it stands: once it is undone, or the item is reopened or decided again, the row is void and
neither offered nor counted. A reading that was made is counted for good, whatever became of the item: to leave out
what was put right because of it would make the readers look more at one than they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, case, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from pipeline.domain import Channel, Label
from service.queue import REVIEWED, ItemEventKind, QueueStatus
from service.store.retention_tables import tombstone
from service.store.review_tables import item_event, review, second_reading
from service.store.samples import Period, within
from service.store.tables import decision, message, queue_item

Pairs = Mapping[tuple[Label, Label], int]
"""How often a first reader said the one and the second the other."""


@dataclass(frozen=True, kw_only=True)
class SecondVerdict:
    """What a second reader says of a message."""

    verdict: Label
    contested: bool = False
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A verdict that was drawn, and the second reading where there is one: `read_by` is "" where there is none.

    `stands` says whether the first verdict does, `removed` whether the message has lost its words. `settled_by` found,
    where the two differ, that the first is right.
    """

    event_id: int
    item_id: int
    message_id: str
    subject: str
    channel: Channel
    first: Label
    first_by: str
    stands: bool
    removed: bool
    second: Label | None
    read_by: str
    read_at: datetime | None
    contested: bool
    note: str
    settled_by: str

    @property
    def agree(self) -> bool:
        """Both say the same."""
        return self.first is self.second

    @property
    def perhaps_missed(self) -> bool:
        """A complaint for the second reader alone."""
        return self.second is Label.COMPLAINT and not self.agree


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How many verdicts were ever drawn, how many wait, and how many of these this officer may read."""

    drawn: int
    waiting: int
    theirs: int


def draw(connection: Connection, event_id: int, item_id: int, share: float, at: datetime) -> None:
    """Have a verdict read again; not where somebody has read the item a second time before: both now know of it."""
    read = select(second_reading.c.event_id).where(second_reading.c.item_id == item_id, _READ)
    if connection.scalar(read.limit(1)) is None:
        row = insert(second_reading).values(event_id=event_id, item_id=item_id, share=share, drawn_at=at)
        connection.execute(row)


def drawn(connection: Connection, event_id: int) -> Drawn | None:
    """One verdict that was drawn."""
    row = connection.execute(_FOUND.where(second_reading.c.event_id == event_id)).mappings().first()
    return _drawn(row) if row else None


def next_for(connection: Connection, officer: str, *, passing: Sequence[int] = (), first: int = 0) -> Drawn | None:
    """The verdict that has waited longest for somebody like this officer; `first` is taken before all others."""
    theirs = _FOUND.where(_waits(), ~_has_spoken(officer))
    wanted = theirs.where(second_reading.c.event_id == first)
    longest = theirs.where(second_reading.c.event_id.not_in(passing)).order_by(second_reading.c.event_id).limit(1)
    for query in (wanted, longest) if first else (longest,):
        if row := connection.execute(query).mappings().first():
            return _drawn(row)
    return None


def may_read(connection: Connection, event_id: int, officer: str) -> bool:
    """Whether an officer has said nothing about the item of a verdict yet."""
    query = select(second_reading.c.event_id).where(second_reading.c.event_id == event_id, ~_has_spoken(officer))
    return connection.scalar(query) is not None


def waiting(connection: Connection, officer: str) -> Waiting:
    """What there is for an officer, and what is not for them."""
    theirs = func.coalesce(func.sum(case((~_has_spoken(officer), 1), else_=0)), 0)
    query = select(func.count(), theirs).select_from(_JOINED).where(_waits())
    ever = connection.scalar(select(func.count()).select_from(second_reading)) or 0
    wait, may = connection.execute(query).one()
    return Waiting(drawn=ever, waiting=wait, theirs=may)


def keep(connection: Connection, event_id: int, made: SecondVerdict, *, by: str, at: datetime) -> bool:
    """Keep what the second reader said; False where somebody was first."""
    query = update(second_reading).where(second_reading.c.event_id == event_id, second_reading.c.read_at.is_(None))
    values = {**asdict(made), "verdict": made.verdict.value}
    return connection.execute(query.values(read_by=by, read_at=at, **values)).rowcount == 1


def settle(connection: Connection, event_id: int, *, by: str, at: datetime) -> bool:
    """Keep that the first verdict is right; False where somebody has said so before."""
    query = update(second_reading).where(second_reading.c.event_id == event_id, second_reading.c.settled_at.is_(None))
    return connection.execute(query.values(settled_by=by, settled_at=at)).rowcount == 1


def of_item(connection: Connection, item_id: int) -> list[Drawn]:
    """The readings made of an item, the first first."""
    query = _FOUND.where(second_reading.c.item_id == item_id, _READ).order_by(second_reading.c.event_id)
    return [_drawn(row) for row in connection.execute(query).mappings()]


def differing(connection: Connection, limit: int) -> list[Drawn]:
    """Where the readers differ and nobody has decided again, nor found the first right: perhaps missed complaints
    first, then the newest.
    """
    missed = second_reading.c.verdict == Label.COMPLAINT.value
    query = (
        _FOUND.where(_READ, second_reading.c.verdict != review.c.verdict, _stands(), ~_REMOVED)
        .where(second_reading.c.settled_at.is_(None))
        .order_by(case((missed, 0), else_=1), second_reading.c.read_at.desc(), second_reading.c.event_id.desc())
        .limit(limit)
    )
    return [_drawn(row) for row in connection.execute(query).mappings()]


def pairs(connection: Connection, period: Period) -> Pairs:
    """What first and second readers said of messages decided by heard in the period, counted."""
    kinds = (review.c.verdict, second_reading.c.verdict)
    query = (
        select(*kinds, func.count())
        .select_from(_JOINED)
        .join(decision, decision.c.message_id == queue_item.c.message_id)
        .where(within(period), _READ)
        .group_by(*kinds)
    )
    return {(Label(first), Label(second)): count for first, second, count in connection.execute(query)}


_READ = second_reading.c.read_at.is_not(None)
_REMOVED = select(tombstone.c.message_id).where(tombstone.c.message_id == queue_item.c.message_id).exists()
_JOINED = (
    second_reading.join(item_event, item_event.c.id == second_reading.c.event_id)
    .join(review, review.c.event_id == second_reading.c.event_id)
    .join(queue_item, queue_item.c.id == second_reading.c.item_id)
)


def _waits() -> ColumnElement[bool]:
    return and_(second_reading.c.read_at.is_(None), _stands(), ~_REMOVED)


def _stands() -> ColumnElement[bool]:
    """Of the first verdict: it was not undone, and the item was neither reopened to be decided nor decided since."""
    later = aliased(item_event)
    reopened = and_(later.c.kind == ItemEventKind.REOPENED.value, later.c.to_status == QueueStatus.NEW.value)
    again = later.c.kind.in_([kind.value for kind in REVIEWED.values()])
    since = select(later.c.id).where(
        later.c.item_id == item_event.c.item_id,
        later.c.version > item_event.c.version,
        or_(reopened, again),
        _not_undone(later.c.id),
    )
    return and_(_not_undone(item_event.c.id), ~since.exists())


def _not_undone(event_id: ColumnElement[int]) -> ColumnElement[bool]:
    undoing = aliased(item_event)
    return ~select(undoing.c.id).where(undoing.c.undoes == event_id).exists()


def _has_spoken(officer: str) -> ColumnElement[bool]:
    """Who has ever decided or read the item reads it no second time, though it was taken back."""
    said, read = aliased(item_event), aliased(second_reading)
    decided = (
        select(said.c.id)
        .join(review, review.c.event_id == said.c.id)
        .where(said.c.item_id == second_reading.c.item_id, said.c.actor == officer)
        .correlate(second_reading)
    )
    before = select(read.c.event_id).where(read.c.item_id == second_reading.c.item_id, read.c.read_by == officer)
    return or_(decided.exists(), before.exists())


_FOUND = select(
    second_reading.c.event_id,
    second_reading.c.item_id,
    queue_item.c.message_id,
    message.c.subject,
    message.c.channel,
    review.c.verdict.label("first"),
    item_event.c.actor.label("first_by"),
    case((_stands(), 1), else_=0).label("stands"),
    case((_REMOVED, 1), else_=0).label("removed"),
    second_reading.c.verdict.label("second"),
    func.coalesce(second_reading.c.read_by, "").label("read_by"),
    second_reading.c.read_at,
    second_reading.c.contested,
    second_reading.c.note,
    func.coalesce(second_reading.c.settled_by, "").label("settled_by"),
).select_from(_JOINED.join(message, message.c.id == queue_item.c.message_id))


def _drawn(row: RowMapping) -> Drawn:
    facts = {
        "channel": Channel(row["channel"]),
        "first": Label(row["first"]),
        "second": Label(row["second"]) if row["second"] else None,
        "stands": bool(row["stands"]),
        "removed": bool(row["removed"]),
    }
    return Drawn(**{**row, **facts})
