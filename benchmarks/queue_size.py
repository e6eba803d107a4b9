"""What a page of a queue and a claim cost as the queue grows, on SQLite and PostgreSQL: `make bench-queue`.

The items are made by SQL, a third in each queue, over 250 days. The list is asked for at the front and in the middle;
the search looks for words that are nowhere, which costs the most: a whole window, in the smallest
queue all 333 items. Quote the ratio to the smallest on a noisy machine.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from benchmarks.curves import draw
from service.claiming import Claiming
from service.deadlines import Calendar
from service.queue import QueueName, QueueStatus
from service.settings import Nation
from service.store import queues, work_list
from service.store.database import Database
from service.store.work_list import Filters, Position
from service.turns import Asking, Turns

REPEATS = 40
MIDDLE = Position(acknowledge_by=date(2026, 5, 10), risk=0.5, id=1)
NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)",
    "postgresql": "WITH n AS (SELECT generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS i)",
}
DAY = {"sqlite": "date('2026-01-05', '+' || (i % 250) || ' days')", "postgresql": "date '2026-01-05' + i % 250"}
MOMENT = {"sqlite": "'2026-01-05 09:00:00.000000'", "postgresql": "timestamptz '2026-01-05 09:00+00'"}
EMPTY = {"sqlite": "'[]'", "postgresql": "'[]'::json"}


def fill(connection: Connection, first: int, last: int) -> None:
    """Messages, decisions and items from `first` to `last`."""
    kind = connection.dialect.name
    moment, empty, day = MOMENT[kind], EMPTY[kind], DAY[kind]
    words = "The lift is out again and nobody came on the 3rd. " * 8
    tables = {
        "message (id, content_sha256, channel, subject, text, sender, source, received_at)": (
            f"'m-' || i, 'x', 'email', 'Lift', '{words}' || i, 'jo@example.org', 'inbox', {moment}"
        ),
        "decision (message_id, decided_at, label, route, complaint, service_request, other, topic, reasons, cues,"
        " flags, category_hos, category_lgsco, jurisdiction, profile, profile_version, model_version, thresholds)": (
            f"'m-' || i, {moment}, 'complaint', 'review', 0.5, 0.3, 0.2, 'lifts', {empty}, {empty}, {empty},"
            f" 'Property Condition', 'Housing', 'hos', 'hos-2024', '1', 'x', {empty}"
        ),
        "queue_item (message_id, queue, status, received_at, acknowledge_by, answer_by, calendar, risk)": (
            "'m-' || i, CASE i % 3 WHEN 0 THEN 'stage_1' WHEN 1 THEN 'review' ELSE 'signpost' END, 'new',"
            f" {moment}, {day}, {day}, 'GB-ENG', (i % 1000 * 919 % 1000) / 1000.0"
        ),
    }
    for target, values in tables.items():
        query = f"INSERT INTO {target} {NUMBERS[kind]} SELECT {values} FROM n"  # noqa: S608  # our own text
        connection.execute(text(query), {"first": first, "last": last})


def milliseconds(action: Callable[[], object]) -> float:
    """The median of many."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1_000


def measure(database: Database) -> dict[str, float]:
    """What an officer does, in milliseconds."""
    today = Calendar(Nation.ENGLAND).today(datetime.now(UTC))
    claiming = Claiming(Turns(database), lease=timedelta(minutes=10))
    review, numbers = QueueName.REVIEW, iter(range(1, 3 * REPEATS, 3))

    def counted() -> None:
        with database.reading() as connection:
            queues.counts(connection)

    def listed(after: Position | None = None, **filters: str) -> None:
        with database.reading() as connection:
            work_list.page(connection, Filters(queue=review, **filters), 50, after, today)

    return {
        "first page": milliseconds(listed),
        "page in the middle": milliseconds(lambda: listed(MIDDLE)),
        "search in vain": milliseconds(lambda: listed(words="no such words")),
        "count of each queue": milliseconds(counted),
        "held by one": milliseconds(lambda: listed(claimed_by="S. Patel", status=QueueStatus.CLAIMED)),
        "assigned to one": milliseconds(lambda: listed(assigned_to="S. Patel")),
        "claim": milliseconds(lambda: claiming.claim(next(numbers), Asking(by="A. Khan"), take_over="again")),
        "claim the next": milliseconds(lambda: claiming.claim_next(review, "A. Khan")),
    }


def run(url: str, sizes: Sequence[int]) -> None:
    """Grow one database and print a table."""
    database = Database(url)
    database.migrate()
    found: list[dict[str, float]] = []
    for size in sizes:
        with database.writing() as connection:
            last = int(connection.execute(text("SELECT count(*) FROM message")).scalar_one())
            fill(connection, last + 1, size)
        with database.writing() as connection:
            connection.execute(text("ANALYZE"))
        measure(database)
        found.append(measure(database))
    kind = make_url(url).get_backend_name()
    draw(
        f"queue-{kind}",
        {name: dict(zip(map(float, sizes), (one[name] for one in found), strict=True)) for name in found[0]},
        title=f"What an officer waits for, {kind}",
        labels=("messages, a third in each queue", "milliseconds, median"),
    )
    print(f"\n{kind}, median of {REPEATS}, ms" + "".join(f"{size:>12,}" for size in sizes) + "       ratio")
    for name in found[0]:
        values = [one[name] for one in found]
        print(f"{name:35s}" + "".join(f"{value:12.2f}" for value in values) + f"{values[-1] / values[0]:12.1f}")
    database.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--postgresql", help="the address of an empty database; only SQLite is measured without")
    options = parser.parse_args()
    print(f"python -m benchmarks.queue_size --sizes {' '.join(map(str, options.sizes))}")
    with tempfile.TemporaryDirectory() as folder:
        run(f"sqlite:///{folder}/heard.db", options.sizes)
    if options.postgresql:
        run(options.postgresql, options.sizes)


if __name__ == "__main__":
    main()
