"""What officers wait for: `make bench-officers`. Simulated officers work one queue over HTTP, page by page.

Each looks at the list, takes the most urgent item, reads its page, decides, and gets the next, with a pause between
pages (nobody reads in no time: half to one and a half times `--pause`, drawn with `--seed`; the first comes within one
pause of the start). Then pairs race for one item each: half are two officers who open it at the
same moment and both decide, half one officer with two tabs. The database is asked afterwards whether any item was
decided twice or taken from who held it, and whether every decision that was answered is there. A race that nobody won
has its reason among the wrong answers. Clients and service share the machine.
"""

import argparse
import os
import random
import re
import secrets
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx
from sqlalchemy import create_engine, text

from benchmarks.queue_size import fill
from benchmarks.serve import fast_model, free_port, started
from service.store.database import Database
from service.store.tables import decision

PAGES = ("list", "claim the next", "item", "decide and get the next")
_THRESHOLDS = {"review": 0.2, "stage_1": 0.5, "alpha": 0.05, "delta": 0.1, "n": 400, "k": 12}
_VERDICTS = ("complaint", "service_request", "other")
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
_DECIDED = "('confirmed', 'found_service_request', 'found_other')"
_TAKEN = (
    "SELECT count(*) FROM (SELECT kind, lag(kind) OVER (PARTITION BY item_id ORDER BY id) AS before FROM item_event) "
    "AS steps WHERE kind = 'claimed' AND before = 'claimed'"
)
"""Claims of what was claimed and not given back: none, unless the lease of ten minutes ran out."""


@dataclass(kw_only=True)
class Seen:
    """Seconds by page, and what was answered."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    decided: int = 0
    wrong: list[str] = field(default_factory=list)


class Officer:
    """A browser with one officer's name."""

    def __init__(self, port: int, name: str, seen: Seen) -> None:
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            cookies={"heard-name": quote(name)},
            limits=httpx.Limits(keepalive_expiry=2),  # the service ends a connection after five idle seconds
            timeout=60,
            trust_env=False,
        )
        self.seen = seen

    def sends(self, method: str, path: str, **given: object) -> httpx.Response:
        """Asked again where the connection was lost, as a browser does; a form of ours is done once all the same."""
        try:
            return self.client.request(method, path, headers={"Accept": "text/html"}, **given)
        except httpx.TransportError as error:
            self.seen.wrong.append(f"{method}: {type(error).__name__}, asked again")
            return self.client.request(method, path, headers={"Accept": "text/html"}, **given)

    def asks(self, page: str, method: str, path: str, **given: object) -> httpx.Response:
        """One page, timed."""
        start = time.perf_counter()
        answer = self.sends(method, path.partition("#")[0], **given)
        self.seen.times[page].append(time.perf_counter() - start)
        if answer.status_code not in {200, 303}:
            self.seen.wrong.append(f"{page}: {answer.status_code}")
        return answer

    def works(self, items: int, pause: float, drawn: random.Random) -> None:
        """Decide so many items, one after the other."""
        time.sleep(pause * drawn.random())
        self.asks("list", "GET", "/?queue=review")
        where = self.asks("claim the next", "POST", "/next", data={"queue": "review"}).headers.get("location", "/")
        for number in range(items):
            if not where.startswith("/items/"):
                return
            time.sleep(pause * drawn.uniform(0.5, 1.5))
            form = dict(_HIDDEN.findall(self.asks("item", "GET", where).text))
            time.sleep(pause * drawn.uniform(0.5, 1.5))
            path = where.partition("?")[0].partition("#")[0]
            data = {**form, "verdict": _VERDICTS[number % 3]}
            answer = self.asks("decide and get the next", "POST", f"{path}/decide", data=data)
            self.seen.decided += answer.status_code == 303
            where = answer.headers.get("location", "/")
            if number % 5 == 4:
                self.asks("list", "GET", "/?queue=review")

    def grabs(self, item: int, both: threading.Barrier) -> bool:
        """Open it and decide it at the same moment as somebody else; whether heard took the decision."""
        both.wait(600)
        self.races("open", {200, 303, 409}, "POST", f"/items/{item}/open")
        form = dict(_HIDDEN.findall(self.races("read", {200}, "GET", f"/items/{item}").text))
        both.wait(600)
        data = {"fence": "1", **form, "verdict": secrets.choice(_VERDICTS)}
        answer = self.races("decide", {303, 409, 422}, "POST", f"/items/{item}/decide", data=data)
        if answer.status_code == 303:
            self.gives_back(answer.headers["location"])
        return answer.status_code == 303

    def races(self, step: str, expected: set[int], method: str, path: str, **given: object) -> httpx.Response:
        """One step of a race; 409 and 422 are for the slower one, who holds no claim."""
        answer = self.sends(method, path, **given)
        if answer.status_code not in expected:
            self.seen.wrong.append(f"race, {step}: {answer.status_code}")
        return answer

    def gives_back(self, where: str) -> None:
        """Who decides is handed the next item: kept, it would be lost to both of a later race."""
        path = where.partition("?")[0].partition("#")[0]
        if path.startswith("/items/"):
            form = dict(_HIDDEN.findall(self.races("next", {200}, "GET", path).text))
            self.races("give back", {303}, "POST", f"{path}/release", data=form)


def main() -> None:
    """Fill, serve, work, race, count, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--officers", type=int, default=50)
    parser.add_argument("--items", type=int, default=100_000, help="messages in the database, a third in each queue")
    parser.add_argument("--each", type=int, default=20, help="items an officer decides")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds an officer looks at a page")
    parser.add_argument("--races", type=int, default=500)
    parser.add_argument("--seed", type=int, default=20261128)
    parser.add_argument("--postgresql", help="the address of an empty database; only SQLite is measured without")
    given = parser.parse_args()
    os.environ.setdefault("HEARD_AUDIT_KEY", secrets.token_hex(32))
    print(
        f"python -m benchmarks.officers --officers {given.officers} --items {given.items} --each {given.each} "
        f"--pause {given.pause} --races {given.races} --seed {given.seed}, "
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    with tempfile.TemporaryDirectory() as folder:
        model = fast_model(Path(folder))
        for url in filter(None, (f"sqlite:///{folder}/heard.db", given.postgresql)):
            _run(url, model, Path(folder), given)


def _run(url: str, model: Path, folder: Path, given: argparse.Namespace) -> None:
    _filled(url, given.items)
    port = free_port()
    server = started(port, model, url, folder)
    try:
        seen = _work(port, given)
        won, racing = _race(port, given)
    finally:
        server.terminate()
        server.wait(60)
    _tell(url, [*seen, racing], won, given)


def _filled(url: str, items: int) -> None:
    database = Database(url)
    database.migrate()
    with database.writing() as connection:
        fill(connection, 1, items)
        connection.execute(decision.update().values(thresholds=_THRESHOLDS))
    with database.writing() as connection:
        connection.execute(text("ANALYZE"))
    database.close()


def _work(port: int, given: argparse.Namespace) -> list[Seen]:
    seen = [Seen() for _ in range(given.officers)]
    officers = [Officer(port, f"Officer {number}", one) for number, one in enumerate(seen)]
    with ThreadPoolExecutor(given.officers) as pool:
        drawn = [random.Random(given.seed + number) for number in range(given.officers)]
        list(pool.map(lambda officer, own: officer.works(given.each, given.pause, own), officers, drawn))
    return seen


def _race(port: int, given: argparse.Namespace) -> tuple[list[int], Seen]:
    """Decisions taken in each race, by what was answered, and what else was; the items are those of stage 1."""
    seen = Seen()
    one, two, tab = (Officer(port, name, seen) for name in ("A. Khan", "S. Patel", "A. Khan"))
    won = []
    with ThreadPoolExecutor(2) as pool:
        for number in range(given.races):
            item, both = 3 * (number + 1), threading.Barrier(2)
            pair = (one, tab if number % 2 else two)
            won.append(sum(pool.map(lambda officer, i=item, b=both: officer.grabs(i, b), pair)))
    return won, seen


def _tell(url: str, seen: list[Seen], won: list[int], given: argparse.Namespace) -> None:
    print(f"\n{url.split(':', maxsplit=1)[0]}: ms, {given.officers} officers at once")
    print(f"{'page':26s}{'asked':>8}{'p50':>8}{'p95':>8}{'p99':>8}")
    for page in PAGES:
        times = sorted(1_000 * each for one in seen for each in one.times[page])
        cuts = statistics.quantiles(times, n=100, method="inclusive") if len(times) > 1 else [*times] * 99
        print(f"{page:26s}{len(times):8,}{cuts[49]:8.0f}{cuts[94]:8.0f}{cuts[98]:8.0f}")
    wrong = [each for one in seen for each in one.wrong]
    answered = sum(one.decided for one in seen) + sum(won)
    engine = create_engine(url)
    with engine.connect() as connection:
        kept = connection.scalar(text(f"SELECT count(*) FROM item_event WHERE kind IN {_DECIDED}"))  # noqa: S608  # ours
        twice = connection.execute(
            text(f"SELECT item_id FROM item_event WHERE kind IN {_DECIDED} GROUP BY item_id HAVING count(*) > 1")  # noqa: S608  # ours
        ).all()
        taken = connection.scalar(text(_TAKEN))
    engine.dispose()
    print(
        f"{answered:,} decisions answered, {kept:,} kept, {len(twice)} items decided twice, {len(wrong)} answers wrong"
    )
    print(
        f"{len(won)} races: {won.count(1)} decided once, {won.count(0)} by nobody, {sum(n > 1 for n in won)} twice; "
        f"{taken} claims taken from who held the item"
    )
    for each in sorted(set(wrong))[:5]:
        print(f"  {each}")


if __name__ == "__main__":
    main()
