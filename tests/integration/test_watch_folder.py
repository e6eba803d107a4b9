import json
import os
import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from pipeline.domain import Message
from service.api.context import Context
from service.app import build_context
from service.deadlines import Calendar
from service.folder import CLAIMED, DONE, REFUSED, WatchedFolder
from service.intake import Intake
from service.received import Received
from service.settings import Nation, Settings
from service.sources import FolderSource
from service.store import inboxes, queues, tables
from service.watch import Watcher
from tests.builders import COMPLAINT, REQUEST, a_mail, a_row
from tests.conftest import heard


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Place:
    """A watched folder, and what it takes to look at it at chosen moments."""

    def __init__(self, context: Context, path: Path) -> None:
        self.context, self.path, self.clock = context, path, Clock()
        path.mkdir()
        source = FolderSource(name="post", path=path, settle_seconds=10)
        self.watched = WatchedFolder(source, context.database, context.intake, clock=self.clock)
        self.watcher = Watcher(self.watched, context.database, context.settings.database)
        self.watcher._register()
        self.watched._prepare()

    def put(self, name: str, data: bytes) -> Path:
        file = self.path / name
        file.write_bytes(data)
        return file

    def look(self, *, later: float = 0) -> None:
        self.clock.now += later
        self.watched.look(threading.Event())

    def settle(self) -> None:
        """Look at a file twice, as far apart as it takes."""
        self.look()
        self.look(later=10)

    def names(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.path / folder).iterdir())

    def waiting(self) -> list[str]:
        return sorted(path.name for path in self.path.iterdir() if path.name not in {CLAIMED, DONE, REFUSED})

    def count(self, table: str) -> int:
        with self.context.database.reading() as connection:
            assert all(balance.holds for balance in queues.balances(connection))
            return int(connection.scalar(select(func.count()).select_from(tables.metadata.tables[table])) or 0)

    def outcomes(self) -> list[str]:
        with self.context.database.reading() as connection:
            return sorted(connection.scalars(select(tables.arrival.c.outcome)))


@pytest.fixture
def place(context: Context, tmp_path: Path) -> Place:
    return Place(context, tmp_path / "post")


def rows(*texts: str, first: int = 1) -> bytes:
    listed = [json.dumps(a_row(id=f"r-{number}", text=text)) for number, text in enumerate(texts, start=first)]
    return "\n".join(listed).encode()


def test_a_file_is_read_when_its_size_stays_the_same_and_is_then_put_away(place: Place) -> None:
    file = place.put("in.jsonl", rows(COMPLAINT))
    place.look()
    file.write_bytes(rows(COMPLAINT, REQUEST))
    place.look(later=10)
    assert (place.count("message"), place.waiting()) == (0, ["in.jsonl"])
    place.look(later=9)
    assert place.count("message") == 0
    place.look(later=1)
    assert place.count("message") == 2
    assert (place.waiting(), place.names(DONE), place.names(f"{CLAIMED}/1")) == ([], ["in.jsonl"], [])


def test_a_name_that_says_unfinished_or_hidden_waits_until_it_is_renamed(place: Place) -> None:
    for name in ("a.jsonl.part", "b.TMP", ".c.jsonl", "~$d.xlsx"):
        place.put(name, rows(COMPLAINT))
    place.settle()
    assert place.count("message") == 0
    (place.path / "a.jsonl.part").rename(place.path / "a.jsonl")
    place.settle()
    assert (place.count("message"), place.names(DONE)) == (1, ["a.jsonl"])


def test_links_pipes_and_folders_are_left_alone_and_said_once(
    place: Place, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    outside = tmp_path / "outside.jsonl"
    outside.write_bytes(rows(COMPLAINT))
    (place.path / "link.jsonl").symlink_to(outside)
    (place.path / "loop").symlink_to(place.path)
    os.mkfifo(place.path / "pipe.jsonl")
    (place.path / "inner").mkdir()
    (place.path / "inner" / "x.jsonl").write_bytes(rows(COMPLAINT))
    place.settle()
    place.settle()
    assert place.count("arrival") == 0
    assert place.waiting() == ["inner", "link.jsonl", "loop", "pipe.jsonl"]
    assert capfd.readouterr().out.count("folder_ignored") == 4


def test_a_link_put_in_the_place_of_a_file_between_look_and_read_is_not_followed(place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "outside.jsonl"
    outside.write_bytes(rows(COMPLAINT))
    (place.path / CLAIMED / "1" / "in.jsonl").symlink_to(outside)
    place.look()
    assert (place.count("arrival"), place.names(REFUSED), outside.exists()) == (0, ["in.jsonl"], True)


def test_one_name_twice_is_kept_twice_and_other_rows_under_it_are_other_messages(place: Place) -> None:
    place.put("week.csv", f'note\n"{COMPLAINT}"\n'.encode())
    place.settle()
    place.put("week.csv", f'note\n"{REQUEST}"\n'.encode())
    place.settle()
    assert (place.count("message"), place.names(DONE)) == (2, ["week-1.csv", "week.csv"])


def test_the_same_file_put_in_again_adds_recognised_duplicates_only(place: Place) -> None:
    for _ in range(2):
        place.put("in.jsonl", rows(COMPLAINT, REQUEST))
        place.settle()
    assert place.outcomes() == ["accepted", "accepted", "duplicate", "duplicate"]


def test_a_row_that_cannot_be_read_is_set_aside_and_the_rest_of_its_file_is_received(place: Place) -> None:
    place.put("in.jsonl", rows(COMPLAINT) + b"\nno json\n" + rows(REQUEST, first=2))
    place.settle()
    assert (place.outcomes(), place.names(DONE)) == (["accepted", "accepted", "quarantined"], ["in.jsonl"])
    with place.context.database.reading() as connection:
        kept = connection.execute(select(tables.quarantine)).mappings().one()
    assert (kept["place"], kept["raw"]) == ("in.jsonl, line 2", b"no json\n")


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 x", b"\x00\x01\x02" * 50])
def test_a_file_in_which_nothing_can_be_read_goes_to_refused_and_before_a_person(place: Place, data: bytes) -> None:
    place.put("scan.pdf", data)
    place.put("good.eml", a_mail(COMPLAINT))
    place.settle()
    assert (place.names(REFUSED), place.names(DONE)) == (["scan.pdf"], ["good.eml"])
    assert place.outcomes() == ["accepted", "quarantined"]
    with place.context.database.reading() as connection:
        kept = connection.execute(select(tables.quarantine)).mappings().one()
    assert (kept["place"], kept["raw"]) == ("scan.pdf", data)
    assert str(place.path) not in kept["reason"]


def test_a_file_that_is_taken_away_before_it_is_read_is_no_trouble(place: Place) -> None:
    place.put("gone.jsonl", rows(COMPLAINT)).unlink()
    file = place.put("in.jsonl", rows(COMPLAINT))
    place.look()
    file.unlink()
    place.look(later=10)
    assert place.count("arrival") == 0


class Poisoned(Intake):
    """Ends as a bug or the kernel would."""

    def receive(self, *_what: Message, **_how: object) -> Received:
        raise MemoryError


def test_a_file_that_ends_process_after_process_is_refused_in_the_end_and_the_next_is_read(place: Place) -> None:
    place.put("bomb.jsonl", rows(COMPLAINT))
    place.put("good.jsonl", rows(REQUEST, first=2))
    source = FolderSource(name="post", path=place.path, settle_seconds=0)
    poisoned = Poisoned(place.context.database, place.context.classifier, Calendar(Nation.ENGLAND))
    (place.path / "good.jsonl").rename(place.path / "good.jsonl.part")
    for _ in range(5):
        with pytest.raises(MemoryError):
            WatchedFolder(source, place.context.database, poisoned).look(threading.Event())
    (place.path / "good.jsonl.part").rename(place.path / "good.jsonl")
    WatchedFolder(source, place.context.database, place.context.intake).look(threading.Event())
    assert (place.names(REFUSED), place.names(DONE)) == (["bomb.jsonl"], ["good.jsonl"])
    assert place.outcomes() == ["accepted", "quarantined"]


def test_a_folder_that_is_not_there_is_a_trouble_that_is_kept(context: Context, tmp_path: Path) -> None:
    source = FolderSource(name="post", path=tmp_path / "nowhere")
    watched = WatchedFolder(source, context.database, context.intake)
    assert not Watcher(watched, context.database, context.settings.database).once(threading.Event())
    with context.database.reading() as connection:
        assert "is not there" in inboxes.source(connection, "post").failure


POINTS = ["watch_after_claim", "intake_after_commit:2"]


@pytest.mark.parametrize("point", POINTS)
def test_a_watcher_killed_at_any_point_goes_on_where_it_was(tmp_path: Path, model: Path, point: str) -> None:
    folder, url = tmp_path / "post", f"sqlite:///{tmp_path / 'heard.db'}"
    folder.mkdir()
    (folder / "in.jsonl").write_bytes(rows(COMPLAINT, REQUEST, COMPLAINT))
    (folder / "inboxes.toml.part").write_text(f'[[folder]]\nname = "post"\npath = "{folder}"\nsettle_seconds = 0\n')
    config = str(folder / "inboxes.toml.part")
    where = {"HEARD_DATABASE": url, "HEARD_MODEL": str(model)}
    killed = heard("watch", "--once", "--config", config, cwd=tmp_path, HEARD_CRASHPOINT=point, **where)
    assert killed.returncode == 137, killed.stderr
    parts = build_context(Settings(database=url, model=model))
    source = FolderSource(name="post", path=folder, settle_seconds=0)
    watched = WatchedFolder(source, parts.database, parts.intake)
    assert Watcher(watched, parts.database, url).once(threading.Event())
    with parts.database.reading() as connection:
        assert all(balance.holds for balance in queues.balances(connection))
        assert connection.scalar(select(func.count()).select_from(tables.message)) == 3
    assert [path.name for path in (folder / DONE).iterdir()] == ["in.jsonl"]
    parts.database.close()
