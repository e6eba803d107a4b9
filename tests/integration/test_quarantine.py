import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, select

from pipeline.domain import Channel, Message
from pipeline.errors import InputError, RefusedRow
from pipeline.read.files import read_paths
from service import quarantine
from service.api.context import Context
from service.deadlines import Calendar
from service.intake import Intake
from service.queue import EventKind
from service.received import AlreadySettled, IdInUse
from service.settings import Nation
from service.store import messages, queues, tables
from service.store import quarantine as store
from service.store.queues import Balance
from tests.builders import COMPLAINT, REQUEST, a_mail, a_message, a_row
from tests.conftest import heard

NO_CHANNEL = json.dumps({"id": "r-1", "text": COMPLAINT}).encode() + b"\n"
BROKEN = b'{"id": "r-2", "text": \n'


def set_aside(context: Context, raw: bytes = NO_CHANNEL, place: str = "in.jsonl", line: int = 1) -> int:
    """Something the readers refused; its number."""
    context.intake.set_aside(RefusedRow("refused.", source=place, line=line, raw=raw), source="inbox")
    with context.database.reading() as connection:
        return store.waiting(connection)[-1].number


def balance(context: Context) -> Balance:
    with context.database.reading() as connection:
        (found,) = queues.balances(connection)
    return found


def counted(context: Context) -> tuple[int, int, int, int]:
    """Received, decided, quarantined, duplicates, where the law holds."""
    found = balance(context)
    assert found.holds
    return found.received, found.decided, found.quarantined, found.duplicates


def waiting(context: Context) -> list[int]:
    with context.database.reading() as connection:
        return [case.number for case in store.waiting(connection)]


def events(context: Context, message_id: str) -> list[tuple[str, str, str]]:
    with context.database.reading() as connection:
        rows = messages.event_rows(connection, message_id)
    return [(row["kind"], row["actor"], row["detail"]) for row in rows]


def test_what_can_be_read_now_is_received_once_with_its_bytes_and_its_history(context: Context) -> None:
    number = set_aside(context)
    done = quarantine.retry(context.database, context.intake, number, Channel.NOTE)
    assert done.received is not None
    assert (done.received.message_id, done.received.new) == ("r-1", True)
    assert counted(context) == (1, 1, 0, 0)
    with context.database.reading() as connection:
        assert connection.scalar(select(tables.message.c.raw)) == NO_CHANNEL
        assert store.raw_of(connection, number) == b""
    assert ("retried", "heard", "Set aside as in.jsonl, line 1: refused.") in events(context, "r-1")


def test_what_still_cannot_be_read_waits_on_with_the_new_reason(context: Context) -> None:
    number = set_aside(context, BROKEN)
    done = quarantine.retry(context.database, context.intake, number, None)
    assert done.received is None
    assert "not valid JSON" in done.reason
    assert quarantine.find(context.database, number).reason == done.reason
    assert counted(context) == (1, 0, 1, 0)


def test_what_kept_no_bytes_waits_on_with_its_first_reason(context: Context) -> None:
    number = set_aside(context, b"")
    assert "no bytes" in quarantine.retry(context.database, context.intake, number, None).reason
    assert quarantine.find(context.database, number).reason == "refused."


def test_what_is_a_message_already_turns_into_a_duplicate(context: Context) -> None:
    number = set_aside(context)
    context.intake.receive(a_message(id="r-1", channel=Channel.NOTE), source="inbox")
    done = quarantine.retry(context.database, context.intake, number, Channel.NOTE)
    assert done.received is not None
    assert not done.received.new
    assert counted(context) == (2, 1, 0, 1)


def test_an_id_with_other_words_waits_on_until_it_has_an_id_of_its_own(context: Context) -> None:
    context.intake.receive(a_message(id="r-1", text=REQUEST), source="inbox")
    with pytest.raises(IdInUse):
        context.intake.receive(a_message(id="r-1", sender="jo@example.org"), source="inbox")
    (number,) = waiting(context)
    assert "other words" in quarantine.retry(context.database, context.intake, number, None).reason
    assert counted(context) == (2, 1, 1, 0)
    with context.database.reading() as connection:
        kept = json.loads(store.raw_of(connection, number))
    assert kept["sender"] == "jo@example.org"
    quarantine.release(context.database, context.intake, number, a_message(id="r-1b"), by="R. Moss")
    assert counted(context) == (2, 2, 0, 0)


def test_the_clock_runs_from_the_day_it_came_in_not_from_the_day_it_could_be_read(context: Context) -> None:
    now = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    intake = Intake(context.database, context.classifier, Calendar(Nation.ENGLAND), now=lambda: now)
    intake.set_aside(RefusedRow("refused.", source="in.jsonl", raw=NO_CHANNEL), source="inbox")
    now += timedelta(days=9)
    quarantine.retry(context.database, intake, *waiting(context), Channel.WEB_FORM)
    with context.database.reading() as connection:
        item = messages.item_row(connection, "r-1")
    assert item is not None
    assert item["acknowledge_by"] == date(2026, 11, 9)


def test_refused_rows_of_every_file_come_back_by_a_retry_of_all(context: Context, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id;comment;score\n1;"Nobody; came";2\n2;No one rang;3;x\n3;"a"b;1\n')
    (tmp_path / "b.csv").write_text("text\nNobody came\nNobody came\n")
    (tmp_path / "c.jsonl").write_bytes(NO_CHANNEL + NO_CHANNEL.replace(b"r-1", b"r-7") + BROKEN)
    (tmp_path / "d.eml").write_bytes(a_mail())
    for item in read_paths([str(tmp_path)], channel=None):
        if isinstance(item, Message):
            context.intake.receive(item, source="inbox")
        elif isinstance(item, RefusedRow):
            assert context.intake.set_aside(item, source="inbox")
    assert counted(context) == (9, 2, 7, 0)
    done = list(quarantine.retry_all(context.database, context.intake, Channel.WEB_FORM))
    assert [bool(one.received) for one in done] == [False, False, True, True, True, True, False]
    assert len({one.received.message_id for one in done if one.received}) == 4
    assert counted(context) == (9, 6, 3, 0)


def test_a_mail_that_was_refused_is_read_again_as_a_mail(context: Context) -> None:
    number = set_aside(context, a_mail(COMPLAINT), "inbox.mbox#3")
    done = quarantine.retry(context.database, context.intake, number, None)
    assert done.received is not None
    with context.database.reading() as connection:
        row = messages.message_row(connection, done.received.message_id)
    assert row is not None
    assert (row["channel"], row["subject"], row["text"]) == ("email", "Lift", COMPLAINT)


def test_a_person_supplies_the_message_and_is_named_with_the_reason(context: Context) -> None:
    number = set_aside(context, BROKEN)
    done = quarantine.release(
        context.database, context.intake, number, a_message(), by="R. Moss", why="Read from the paper form."
    )
    assert done.new
    assert counted(context) == (1, 1, 0, 0)
    why = "Read from the paper form. (in.jsonl, line 1: refused.)"
    assert ("released", "R. Moss", why) in events(context, "m-1")
    with context.database.reading() as connection:
        assert connection.scalar(select(tables.message.c.raw)) == BROKEN
    with pytest.raises(AlreadySettled, match="it is message m-1"):
        quarantine.release(context.database, context.intake, number, a_message(id="m-2"), by="R. Moss")


def test_a_release_with_the_id_of_another_message_leaves_the_case_as_it_was(context: Context) -> None:
    context.intake.receive(a_message(), source="inbox")
    number = set_aside(context, BROKEN)
    with pytest.raises(IdInUse):
        quarantine.release(context.database, context.intake, number, a_message(text=REQUEST), by="R. Moss")
    assert counted(context) == (2, 1, 1, 0)


@pytest.mark.parametrize("name", ["", " ", "x" * 101])
def test_nobody_in_particular_releases_nothing(context: Context, name: str) -> None:
    number = set_aside(context)
    with pytest.raises(InputError, match="Say who"):
        quarantine.release(context.database, context.intake, number, a_message(), by=name)


def test_a_settled_case_that_is_delivered_again_is_not_set_aside_again(context: Context) -> None:
    number = set_aside(context, BROKEN)
    quarantine.retry(context.database, context.intake, number, None)
    quarantine.release(context.database, context.intake, number, a_message(), by="R. Moss")
    again = RefusedRow("refused.", source="in.jsonl", line=1, raw=BROKEN)
    assert not context.intake.set_aside(again, source="inbox")
    assert counted(context) == (1, 1, 0, 0)


@contextmanager
def killed_at(statement: str) -> Iterator[None]:
    """The database connection breaks at the first statement that begins so."""

    def kill(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
        if text.startswith(statement):
            raise KeyboardInterrupt(statement)

    event.listen(Engine, "before_cursor_execute", kill)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", kill)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE quarantine SET settled_at",
        "INSERT INTO message",
        "INSERT INTO decision",
        "INSERT INTO event",
        "UPDATE arrival",
        "UPDATE quarantine SET raw",
    ],
)
def test_a_kill_between_two_writes_leaves_the_case_as_it_was(context: Context, statement: str) -> None:
    number = set_aside(context)
    with killed_at(statement), pytest.raises(KeyboardInterrupt):
        quarantine.retry(context.database, context.intake, number, Channel.NOTE)
    assert counted(context) == (1, 0, 1, 0)
    with context.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.message)) == 0
        assert store.raw_of(connection, number) == NO_CHANNEL
    assert quarantine.retry(context.database, context.intake, number, Channel.NOTE).received is not None
    assert counted(context) == (1, 1, 0, 0)


def at_once(*tasks: object) -> list[str]:
    """Run the tasks together; what each came to."""
    found: list[str] = []
    together = threading.Barrier(len(tasks))

    def run(task: object) -> None:
        together.wait()
        try:
            found.append("received" if task().received else "waits")
        except AlreadySettled:
            found.append("settled")

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)


def test_retries_at_once_of_one_case_receive_it_once(context: Context) -> None:
    number = set_aside(context)
    task = lambda: quarantine.retry(context.database, context.intake, number, Channel.NOTE)  # noqa: E731  # the same task six times
    assert at_once(*[task] * 6) == ["received"] + ["settled"] * 5
    assert counted(context) == (1, 1, 0, 0)
    assert [kind for kind, _, _ in events(context, "r-1")].count(EventKind.RETRIED) == 1


def test_retries_at_once_of_two_cases_with_one_id_are_a_message_and_a_duplicate(context: Context) -> None:
    numbers = [set_aside(context, line=line) for line in (1, 2)]
    tasks = [lambda n=n: quarantine.retry(context.database, context.intake, n, Channel.NOTE) for n in numbers]
    assert at_once(*tasks) == ["received", "received"]
    assert counted(context) == (2, 1, 0, 1)


def test_reconcile_notices_a_case_closed_without_its_message(context: Context) -> None:
    number = set_aside(context)
    with context.database.writing() as connection:
        store.close(connection, number, datetime.now(UTC))
    assert not balance(context).holds


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_command_lists_shows_retries_and_releases(context: Context, tmp_path: Path) -> None:
    first, second, third = set_aside(context), set_aside(context, BROKEN, line=2), set_aside(context, BROKEN, line=3)
    settings = context.settings
    where = {"HEARD_DATABASE": settings.database, "HEARD_MODEL": str(settings.model), "COLUMNS": "160"}

    def command(*arguments: object, status: int = 0) -> str:
        done = heard("quarantine", *map(str, arguments), cwd=tmp_path, **where)
        assert done.returncode == status, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    listed = command("list")
    assert re.search(rf"{second} +│ inbox +│ \d{{4}}-\d\d-\d\d │ in\.jsonl, line 2 +│ refused\.", listed)
    assert COMPLAINT not in listed
    shown = command("show", first, "--raw", "raw.bin")
    assert COMPLAINT not in shown
    assert (tmp_path / "raw.bin").read_bytes() == NO_CHANNEL
    assert (tmp_path / "raw.bin").stat().st_mode & 0o777 == 0o600
    assert "raw.bin cannot be used" in command("show", first, "--raw", "raw.bin", status=2)
    assert f"{first} received as message r-1" in command("retry", "--all", "--channel", "note", status=1)
    (tmp_path / "row.json").write_text(json.dumps(a_row(id="r-9"), indent=1))
    (tmp_path / "words.txt").write_text(REQUEST)
    assert "r-9" in command("release", second, "--as", "row.json", "--by", "R. Moss")
    by_text = ("release", third, "--text-from", "words.txt", "--by", "R. Moss")
    assert "--channel" in command(*by_text, status=2)
    assert f"quarantine-{third}" in command(*by_text, "--channel", "note")
    assert "Nothing waits" in command("list")
    assert "it is message r-9" in command("retry", second, status=2)
    assert "has the number 999" in command("show", 999, status=2)
    assert heard("reconcile", cwd=tmp_path, **where).returncode == 0
