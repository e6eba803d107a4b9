"""Tables of how well it goes: time, verdicts against suggestions, dates, what is missed, what has changed."""

from collections import Counter
from collections.abc import Iterable

from pipeline.live import LiveMissRate
from pipeline.metrics import Figure
from service.insight import Group, Insight
from service.monitor import Drift
from service.pages import words
from service.pages.insight_table import Cell, Chart, Column, Form, Kind, Table, named
from service.pages.insight_traffic import WAYS, share_of, total, way_of
from service.roles import Role
from service.store.insight import DateCount, Deadline, Kept

_HOUR = 3600
_GROUPS = {
    Role.VIEWER: "viewers",
    Role.OFFICER: "officers",
    Role.DATA_SCIENTIST: "data scientists",
    Role.ADMINISTRATOR: "administrators",
    None: "systems and former names",
}
_DATES = (
    ("Acknowledge: complaints", Deadline.ACKNOWLEDGE, False),
    ("Acknowledge: not decided yet", Deadline.ACKNOWLEDGE, True),
    ("Answer: complaints", Deadline.ANSWER, False),
    ("Answer: not decided yet", Deadline.ANSWER, True),
)
_BOUNDS = (Column(name="From", form=Form.SHARE), Column(name="To", form=Form.SHARE))


def times(found: Insight) -> Table:
    """How long until an officer decided, and how long they worked on it."""
    numbers = ("Half within, hours", "Nine in ten within, hours")
    minutes = Column(name="Minutes a verdict", form=Form.NUMBER)
    return Table(
        id="time-to-decision",
        title="Time to decision",
        says="From receipt to an officer's first decision or offer, nights and weekends included. Messages that still "
        "wait are not in it. Minutes run from opening an item on the page to deciding it.",
        columns=(
            *named("Why an officer had it", "Decided"),
            *(Column(name=name, form=Form.NUMBER) for name in numbers),
            *(Column(name=name) for name in ("Waiting", "Verdicts timed")),
            minutes,
        ),
        rows=_time_rows(found),
        chart=Chart(kind=Kind.BARS, columns=(2,)),
    )


def _time_rows(found: Insight) -> list[tuple[Cell, ...]]:
    made, spent = {each.way: each for each in found.times}, {each.way: each for each in found.efforts}
    rows = list[tuple[Cell, ...]]()
    for way, name in WAYS.items():
        time, effort = made.get(way), spent.get(way)
        waiting = total(kind for kind in found.kinds if way_of(kind) is way and not kind.decided)
        hours = (time.half / _HOUR, time.most / _HOUR) if time else (None, None)
        minutes = share_of(effort.seconds, effort.timed * 60) if effort else None
        rows.append((name, time.decided if time else 0, *hours, waiting, effort.timed if effort else 0, minutes))
    return rows


def by_band(found: Insight) -> Table:
    """How often officers found otherwise, by how sure heard was."""
    shown = zip(words.BANDS, found.bands, strict=True)
    return _overturned(
        "overturned-by-confidence",
        "Overturned suggestions by confidence",
        "Share of verdicts that turn complaint into not-complaint or back, blind ones apart, by the complaint "
        "probability; with its 95% interval.",
        named("Complaint probability", "Verdicts"),
        [(name, *_figure(figure)) for name, figure in shown],
    )


def by_group(found: Insight) -> Table:
    """The same by officers' role, never by officer."""
    rows: list[tuple[Cell, ...]] = [
        (_group_name(group), group.people, *_figure(group.overturned)) for group in found.groups
    ]
    return _overturned(
        "overturned-by-group",
        "Overturned suggestions by officers' role",
        "The same by role. Roles of fewer than three people are put together; nothing is shown of fewer than three.",
        named("Role", "People", "Verdicts"),
        [*rows, ("All", None, *_figure(found.monitor.overturned))],
    )


def _overturned(table: str, title: str, says: str, columns: tuple[Column, ...], rows: list[tuple[Cell, ...]]) -> Table:
    first = len(columns)
    share = Column(name="Overturned", form=Form.SHARE)
    chart = Chart(kind=Kind.RANGES, columns=(first, first + 1, first + 2))
    return Table(id=table, title=title, says=says, columns=(*columns, share, *_BOUNDS), rows=rows, chart=chart)


def _figure(found: Figure | None) -> tuple[Cell, ...]:
    return (found.n, found.value, found.low, found.high) if found else (0, None, None, None)


def _group_name(group: Group) -> str:
    return ", ".join(_GROUPS[role] for role in group.roles).capitalize()


def dates(found: Insight) -> Table:
    """Deadlines met and missed."""
    rows: list[tuple[Cell, ...]] = [
        (name, *_ends(each for each in found.dates if (each.deadline, each.undecided) == (deadline, undecided)))
        for name, deadline, undecided in _DATES
    ]
    share = Column(name="In time, of those due", form=Form.SHARE)
    return Table(
        id="deadlines",
        title="Deadlines met",
        says="Complaints by their acknowledge-by and answer-by dates. Answered means handed over to the case system: "
        "heard does not see the answer itself. What is not decided yet may turn out to be no complaint, and its clock "
        "runs too.",
        columns=(*named("Date", "In time", "Late", "Overdue", "Still time"), share, Column(name="Extended")),
        rows=rows,
        chart=Chart(kind=Kind.BARS, columns=(1, 2, 3, 4)),
    )


def _ends(counts: Iterable[DateCount]) -> tuple[Cell, ...]:
    ends, extended = Counter[Kept](), 0
    for each in counts:
        ends[each.kept] += each.items
        extended += each.items if each.extended else 0
    due = sum(ends.values()) - ends[Kept.RUNNING]
    return (*(ends[kept] for kept in Kept), share_of(ends[Kept.IN_TIME], due), extended)


def live(found: Insight) -> Table:
    """What the blind sample says of the messages filed."""
    report = found.monitor
    rates = {"All": report.live, **{words.CHANNELS[name]: rate for name, rate in report.channels.items()}}
    return Table(
        id="live-miss-rate",
        title="Complaints missed, by the blind sample",
        says=f"Share of complaints that were filed without an officer. From and to hold the true share at all times at "
        f"once with {1 - (report.live.delta if report.live else 0.1):.0%} confidence, by channel each for itself; the "
        f"line is the promise of {report.alpha:.0%}.",
        columns=(
            *named("Channel", "Filed", "Drawn", "Complaints found", "Not settled"),
            Column(name="Missed", form=Form.SHARE),
            *_BOUNDS,
        ),
        rows=[(name, *_rate(rate)) for name, rate in rates.items() if rate],
        chart=Chart(kind=Kind.RANGES, columns=(5, 6, 7), line=report.alpha),
    )


def _rate(rate: LiveMissRate) -> tuple[Cell, ...]:
    sampled = rate.sampled
    return (sampled.filed, sampled.drawn, sampled.found, sampled.open, rate.value, rate.low, rate.high)


def drift(found: Insight) -> Table:
    """Whether what comes in is like what came before."""
    numbers = ("Probabilities, PSI", "Topics, PSI", "Words, AUC", "By chance")
    return Table(
        id="drift",
        title="What comes in, now against before",
        says="The last 30 days of the period against the 90 before them. PSI: from 0.10 a change to watch, above 0.25 "
        "a shift. Words: how well a classifier tells new from old, 0.50 is not at all.",
        columns=(
            *named("Channel", "Before", "Now"),
            *(Column(name=name, form=Form.NUMBER) for name in numbers),
            Column(name="Changed", form=Form.WORDS),
        ),
        rows=[_drifted(each) for each in found.monitor.drift],
    )


def _drifted(row: Drift) -> tuple[Cell, ...]:
    told = (row.words.auc, row.words.p) if row.words else (None, None)
    return (
        words.CHANNELS[row.channel],
        row.before,
        row.now,
        row.index,
        row.topics,
        *told,
        "Changed" if row.moved else "No",
    )
