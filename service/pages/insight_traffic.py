"""Tables of what came in: by week, channel and category, and whether it said so."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from pipeline.domain import Route
from service.insight import Insight, Week
from service.pages import words
from service.pages.insight_table import Cell, Chart, Column, Form, Kind, Table, named
from service.store import insight
from service.store.insight_work import Way

Kinds = Iterable[insight.Kind]
T = TypeVar("T")
_PARTS = (1, 2, 3, 4, 5)
WAYS = {Way.STAGE_1: "Stage 1", Way.REVIEW: "Review", Way.SIGNPOST: "Signpost", Way.BLIND: "Blind sample"}
_OTHERWISE = "None given"


def by_week(found: Insight) -> Table:
    """Messages a week, by route."""
    return Table(
        id="messages-by-week",
        title="Messages by week and route",
        says="Every message received, by the Monday of its week and by where heard sent it. The period may cut the "
        "first and the last week.",
        columns=named("Week from", *words.ROUTES.values(), "All"),
        rows=[(week.first.isoformat(), *_routes(week.kinds)) for week in found.weeks],
        chart=Chart(kind=Kind.COLUMNS, columns=_PARTS),
    )


def by_channel(found: Insight) -> Table:
    """Messages by channel and route."""
    kinds = list(found.kinds)
    rows: list[tuple[Cell, ...]] = [
        (name, *_routes(kind for kind in kinds if kind.channel is one)) for one, name in words.CHANNELS.items()
    ]
    return Table(
        id="messages-by-channel",
        title="Messages by channel and route",
        says="Where heard sent what came in by each channel.",
        columns=named("Channel", *words.ROUTES.values(), "All"),
        rows=rows,
        chart=Chart(kind=Kind.BARS, columns=_PARTS),
    )


def by_category(found: Insight) -> Table:
    """Messages by the Ombudsman's categories."""
    everything = _count(found.kinds, lambda kind: kind.category or _OTHERWISE)
    confirmed = _count((kind for kind in found.kinds if kind.confirmed), lambda kind: kind.category or _OTHERWISE)
    return Table(
        id="messages-by-category",
        title="Messages by category",
        says="Categories in the Ombudsman's own words, as heard suggested them from the words of each message. A "
        "complaint is confirmed once a person says so.",
        columns=named("Category", "Confirmed complaints", "Other messages", "All"),
        rows=[(name, confirmed[name], count - confirmed[name], count) for name, count in everything.most_common()],
        chart=Chart(kind=Kind.BARS, columns=(1, 2)),
    )


def said_so(found: Insight) -> Table:
    """Complaints that say so, and those found without."""
    kinds = list(found.kinds)
    stage_1 = [kind for kind in kinds if kind.route is Route.STAGE_1]
    confirmed = [kind for kind in kinds if kind.confirmed]
    return Table(
        id="said-so-or-found",
        title="Complaints that said so, and complaints found",
        says="Said so: the message asks for the complaints process or has the word complain in it, in any form. Found: "
        "it does neither, and is a complaint all the same (HOS 1.3, LGSCO 1.5).",
        columns=(*named("Complaints", "Said so", "Found", "Not noted"), Column(name="Found, share", form=Form.SHARE)),
        rows=[
            ("Sent to stage 1 by heard", *_said(stage_1)),
            ("Confirmed by a person", *_said(confirmed)),
        ],
        chart=Chart(kind=Kind.BARS, columns=(1, 2, 3)),
    )


def workload(found: Insight) -> Table:
    """What officers were given, a week."""
    share = Column(name="Share of all messages", form=Form.SHARE)
    return Table(
        id="workload-by-week",
        title="Officers' workload by week",
        says="Messages that went to an officer, and why; how many of them are decided, and how many wait now.",
        columns=(
            *named("Week from", *WAYS.values(), "To officers"),
            share,
            Column(name="Decided"),
            Column(name="Waiting"),
        ),
        rows=[(week.first.isoformat(), *_work(week)) for week in found.weeks],
        chart=Chart(kind=Kind.COLUMNS, columns=(1, 2, 3, 4)),
    )


def way_of(kind: insight.Kind) -> Way | None:
    """Why officers have these; None where they have not."""
    if kind.status is None:
        return None
    if kind.blind:
        return Way.BLIND
    return {Route.STAGE_1: Way.STAGE_1, Route.SIGNPOST: Way.SIGNPOST}.get(kind.route, Way.REVIEW)


def total(kinds: Kinds) -> int:
    """Messages of all these kinds."""
    return sum(kind.messages for kind in kinds)


def share_of(part: int, whole: int) -> float | None:
    """None of nothing."""
    return part / whole if whole else None


def _work(week: Week) -> tuple[Cell, ...]:
    ways = _count((kind for kind in week.kinds if kind.status), way_of)
    given, done = sum(ways.values()), total(kind for kind in week.kinds if kind.decided)
    return (*(ways[way] for way in WAYS), given, share_of(given, total(week.kinds)), done, given - done)


def _routes(kinds: Kinds) -> tuple[int, ...]:
    found = _count(kinds, lambda kind: kind.route)
    return (*(found[route] for route in words.ROUTES), sum(found.values()))


def _said(kinds: Sequence[insight.Kind]) -> tuple[Cell, ...]:
    found = _count(kinds, lambda kind: kind.said_so)
    return found[True], found[False], found[None], share_of(found[False], found[True] + found[False])


def _count(kinds: Kinds, by: Callable[[insight.Kind], T]) -> Counter[T]:
    counted: Counter[T] = Counter()
    for kind in kinds:
        counted[by(kind)] += kind.messages
    return counted
