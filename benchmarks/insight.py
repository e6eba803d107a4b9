"""What the insight page costs as the messages of a year grow, on SQLite and PostgreSQL: `make bench-insight`.

The rows are made by SQL, evenly over 364 days: 4 of 10 messages have an item, half of those a verdict, 3 % of the rest
are of the blind sample. Times are of one look after another; quote the ratio on a noisy machine.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from sqlalchemy import Connection, text

from pipeline.domain import Jurisdiction
from service import insight, live_figures, monitor
from service.monitor import Compared
from service.store import insight as counted
from service.store import insight_work
from service.store.database import Database

LAST = date(2026, 11, 29)
FIRST = LAST - timedelta(days=363)
REPEATS = 3
NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)",
    "postgresql": "WITH n AS (SELECT generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS i)",
}
EMPTY = {"sqlite": "'[]'", "postgresql": "'[]'::json"}
WORDS = "The lift is out again and nobody came on the 3rd. " * 8
ROUTE = (
    "CASE WHEN i % 10 = 0 THEN 'stage_1' WHEN i % 10 < 3 THEN 'review' WHEN i % 10 = 3 THEN 'signpost'"
    " WHEN i % 10 < 8 THEN 'service_request' ELSE 'no_action' END"
)
BLIND = "(i % 50 = 27)"
ITEM = f"(i % 10 < 4 OR {BLIND})"
DECIDED = "(i % 20 < 10)"
COMPLAINT = "(i % 3 = 0)"


def moment(kind: str, seconds: str) -> str:
    """So many seconds into the year."""
    if kind == "sqlite":
        return f"strftime('%Y-%m-%d %H:%M:%f000', julianday('{FIRST}') + ({seconds}) / 86400.0)"
    return f"timestamptz '{FIRST} 00:00+00' + ({seconds}) * interval '1 second'"


def day(kind: str, seconds: str) -> str:
    """The day of that moment."""
    if kind == "sqlite":
        return f"date('{FIRST}', '+' || (({seconds}) / 86400) || ' days')"
    return f"date '{FIRST}' + CAST(({seconds}) / 86400 AS integer)"


def fill(connection: Connection, size: int) -> None:
    """A year of messages."""
    kind = connection.dialect.name
    empty, at = EMPTY[kind], f"(i * 31449600 / {size})"
    true, false = ("1", "0") if kind == "sqlite" else ("true", "false")
    flag = f"CASE WHEN {BLIND} THEN {true} ELSE {false} END"
    received, after = moment(kind, at), moment(kind, f"{at} + 3600 + i * 7919 % 400000")
    channel = "CASE i % 4 WHEN 0 THEN 'email' WHEN 1 THEN 'web_form' WHEN 2 THEN 'survey' ELSE 'note' END"
    verdict = f"CASE WHEN {COMPLAINT} THEN 'complaint' ELSE 'service_request' END"
    found = f"CASE WHEN {COMPLAINT} THEN 'confirmed' ELSE 'found_service_request' END"
    queue = "CASE WHEN i % 10 = 0 THEN 'stage_1' WHEN i % 10 = 3 THEN 'signpost' ELSE 'review' END"
    moved = f"CASE WHEN {COMPLAINT} THEN 'stage_1' ELSE {queue} END"
    due, later = day(kind, f"{at} + 604800"), day(kind, f"{at} + 1814400")
    decided = (
        f"'m-' || i, {received}, {verdict}, {ROUTE}, (i * 919 % 1000) / 1000.0, 0.3, 0.2, 'topic-' || (i % 12),"
        f" {empty}, {empty}, {empty}, 'Category ' || (i % 13), 'Housing', 'hos', 'hos-2024', '1', 'x', {empty},"
        f" {channel}, CASE WHEN i % 3 = 0 THEN {true} ELSE {false} END, {flag}, CASE WHEN i % 10 > 3 THEN 0.03 END"
    )
    step = (
        f"i, i, 1, {found}, 'new', {verdict}, {queue}, {moved}, {later}, {later}, {after}, 'Officer ' || (i % 40), ''"
    )
    rows = {
        "message (id, content_sha256, channel, subject, text, sender, source, received_at)": (
            f"'m-' || i, 'x', {channel}, 'Lift', '{WORDS}' || i, 'jo@example.org', 'inbox', {received}",
            "1 = 1",
        ),
        "decision (message_id, decided_at, label, route, complaint, service_request, other, topic, reasons, cues,"
        " flags, category_hos, category_lgsco, jurisdiction, profile, profile_version, model_version, thresholds,"
        " channel, said_so, blind, sample_share)": (
            decided,
            "1 = 1",
        ),
        "queue_item (id, message_id, queue, status, received_at, acknowledge_by, answer_by, calendar, risk)": (
            f"i, 'm-' || i, {queue}, 'new', {received}, {due}, {later}, 'GB-ENG', 0.5",
            ITEM,
        ),
        "item_event (id, item_id, version, kind, from_status, to_status, from_queue, to_queue, from_answer_by,"
        " to_answer_by, at, actor, reason)": (
            step,
            f"{ITEM} AND {DECIDED}",
        ),
        "review (event_id, verdict, contested, category, reason, note, saw_suggestion, seconds)": (
            f"i, {verdict}, {false}, '', '', '', {true}, 30 + i % 300",
            f"{ITEM} AND {DECIDED}",
        ),
    }
    for target, (values, which) in rows.items():
        query = f"INSERT INTO {target} {NUMBERS[kind]} SELECT {values} FROM n WHERE {which}"  # noqa: S608  # our own text
        connection.execute(text(query), {"first": 1, "last": size})
    settle = """
        UPDATE queue_item SET version = 1, status = made.to_status, queue = made.to_queue,
            closed_at = CASE WHEN made.to_status = 'service_request' THEN made.at END
        FROM item_event AS made WHERE made.item_id = queue_item.id
    """
    connection.execute(text(settle))


def seconds(action: Callable[[], object]) -> float:
    """The median of a few."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(connection: Connection) -> dict[str, float]:
    """Each query over the year, then the whole page over it and over its usual three months."""
    year = insight.Asked(first=FIRST, last=LAST)
    usual = insight.asked("", "", LAST)
    within, hos = year.period, Jurisdiction.HOS
    steps: dict[str, Callable[[], object]] = {
        "messages by week": lambda: counted.kinds(connection, within, within.since, hos),
        "deadlines": lambda: counted.dates(connection, within, LAST),
        "time to decision": lambda: insight_work.times(connection, within),
        "working time": lambda: insight_work.efforts(connection, within),
        "verdicts": lambda: insight_work.verdicts(connection, within),
        "blind sample": lambda: live_figures.live(connection, within, 0.1),
        "drift": lambda: [
            monitor.drift(connection, name, within.until, Compared(), words=False) for name in monitor.Channel
        ],
        "the page, a year": lambda: insight.figures(connection, year, hos, LAST),
        "the page, three months": lambda: insight.figures(connection, usual, hos, LAST),
    }
    return {name: seconds(step) for name, step in steps.items()}


def run(url: str, size: int) -> dict[str, float]:
    """One database of one size."""
    database = Database(url)
    database.migrate()
    with database.writing() as connection:
        fill(connection, size)
    with database.writing() as connection:
        connection.execute(text("ANALYZE"))
    with database.reading() as connection:
        found = measure(connection)
    database.close()
    return found


def report(kind: str, sizes: Sequence[int], found: Sequence[dict[str, float]]) -> None:
    """A table of seconds."""
    print(f"\n{kind}, median of {REPEATS}, s   " + "".join(f"{size:>12,}" for size in sizes))
    for name in found[0]:
        print(f"{name:30s}" + "".join(f"{one[name]:12.3f}" for one in found))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000])
    parser.add_argument("--postgresql", nargs="*", default=[], help="addresses of empty databases, one a size")
    options = parser.parse_args()
    found = []
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as place:
            found.append(run(f"sqlite:///{place}/heard.db", size))
    report("sqlite", options.sizes, found)
    if options.postgresql:
        pairs = zip(options.postgresql, options.sizes, strict=True)
        report("postgresql", options.sizes, [run(url, size) for url, size in pairs])


if __name__ == "__main__":
    main()
