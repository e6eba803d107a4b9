"""A person is removed from everywhere, and what came in still adds up."""

import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.engine import make_url

from pipeline.domain import Channel
from pipeline.errors import InputError, RefusedRow
from service import audit, copies, erase_list, holding
from service.api.context import Context
from service.contacts import sender_of
from service.copies import search
from service.erasure import Asked, NotErased
from service.privacy import sender_sha256
from service.store import erasure as store
from service.store import queues, tables
from service.store.outbox_tables import outbox
from service.store.retention_tables import hold, privacy_request, tombstone
from service.store.review_tables import request, review
from service.subject_access import export_person
from tests.builders import RECEIVED, REQUEST, THANKS, a_message
from tests.conftest import heard
from tests.erased import ADDRESS, CANARY, DESK, OTHER, House, a_canary_mail


@pytest.fixture
def house(context: Context, tmp_path: Path) -> House:
    place = tmp_path / "house"
    place.mkdir()
    return House(context, place)


def hits(house: House) -> list[str]:
    """Files in which the canary can be read, as `grep -a` would, and PostgreSQL's dump."""
    found = [path.name for path in house.folder.parent.rglob("*") if path.is_file() and _in(path.read_bytes())]
    address = make_url(house.url)
    if address.get_backend_name() == "postgresql":
        command = [_pg_dump(), "-U", "heard", "-h", str(address.query["host"]), str(address.database)]
        if _in(subprocess.run(command, check=True, capture_output=True).stdout):
            found.append("dump")
    return found


def _pg_dump() -> str:
    found = shutil.which("pg_dump") or next(map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"))), None)
    assert found, "PostgreSQL's server programs are here, pg_dump is not"
    return found


def _in(data: bytes) -> bool:
    lower, word = data.lower(), CANARY.encode()
    return word in lower or CANARY.encode("utf-16-le") in lower or word.hex().encode() in lower


def test_of_an_erased_person_nothing_can_be_read_anywhere_and_everything_is_still_counted(
    house: House, capfd: pytest.CaptureFixture[str]
) -> None:
    name = house.receive(a_canary_mail(), key=f"{CANARY}-key")
    house.close(name, note=f"Rang {CANARY} on 07700 900123.")
    house.scatter(name)
    house.write_copies()
    other = house.context.intake.receive(a_message(id="o-1", text=REQUEST, sender=OTHER), source="inbox").message_id
    house.context.intake.set_aside(
        RefusedRow(f"{ADDRESS} is no date", source=f"{CANARY}.csv", line=2, raw=f"{ADDRESS};{CANARY}\n".encode()),
        source="forms",
    )
    assert set(hits(house)) >= {"export.jsonl", "export.csv", "export.parquet"}  # the others are packed
    assert set(hits(house)) & {"heard.db", "heard.db-wal", "dump"}

    done = house.eraser.erase(f"Moss <{ADDRESS}>", Asked(by=DESK, reason=f"Letter of {ADDRESS}"))

    assert (len(done.found.messages), len(done.found.cases), len(done.found.files)) == (1, 1, 5)
    assert done.wiped
    assert hits(house) == []
    assert [path.name for path in house.copies.iterdir()] == ["others.jsonl"]
    assert house.texts() == {name: "", other: REQUEST}
    assert house.holds()
    assert audit.verify(house.context.database).holds
    written = capfd.readouterr()
    assert CANARY not in (written.out + written.err).lower()
    with house.context.database.reading() as connection:
        kept = connection.execute(select(privacy_request)).one()
        assert (kept.kind, kept.messages, kept.reason) == ("erasure", 1, "Letter of [removed]")
        assert connection.scalar(select(tombstone.c.why)) == "erasure"
        assert connection.scalar(select(outbox.c.status)) == "cancelled"
        assert connection.scalar(select(request.c.asks_for)) == ""


def test_a_mail_that_comes_again_after_the_erasure_is_a_duplicate_and_brings_nothing_back(house: House) -> None:
    name = house.receive(a_canary_mail())
    house.close(name)
    house.eraser.erase(ADDRESS, Asked(by=DESK))
    assert house.receive(a_canary_mail()) == name
    assert hits(house) == []
    assert house.holds()


def test_a_new_message_of_an_erased_person_is_received_like_anyone_s(house: House) -> None:
    house.close(house.receive(a_canary_mail(1)))
    house.eraser.erase(ADDRESS, Asked(by=DESK))
    name = house.receive(a_canary_mail(2).replace(b"02 Nov 2026", b"03 Nov 2026"))
    with house.context.database.reading() as connection:
        row = connection.execute(select(tables.message).where(tables.message.c.id == name)).one()
    assert (row.prior_contacts, row.prior_ids) == (0, [])
    assert house.holds()


def test_a_live_complaint_is_not_erased(house: House) -> None:
    name = house.receive(a_canary_mail())
    with pytest.raises(NotErased, match="close them first"):
        house.eraser.erase(ADDRESS, Asked(by=DESK))
    assert CANARY in house.texts()[name]
    assert not house.list.exists()


@pytest.mark.parametrize("held", ["sender", "message", "case"])
def test_a_hold_stops_an_erasure_until_it_is_lifted_and_is_then_forgotten_with_the_person(
    house: House, held: str
) -> None:
    name = house.receive(a_canary_mail())
    house.close(name)
    house.scatter(name)
    value = {"sender": f"Moss <{ADDRESS.upper()}>", "message": name, "case": CANARY}[held]
    number = holding.add(house.context.database, by=DESK, reason=f"{CANARY} is at the Ombudsman", **{held: value})
    with pytest.raises(NotErased, match="heard hold"):
        house.eraser.erase(ADDRESS, Asked(by=DESK))
    assert CANARY in house.texts()[name]
    holding.lift(house.context.database, number, by=DESK)
    house.eraser.erase(ADDRESS, Asked(by=DESK))
    assert hits(house) == []
    with house.context.database.reading() as connection:
        assert connection.scalar(select(hold.c.id)) is None


def test_after_a_backup_is_restored_the_list_erases_again_and_spares_what_came_later(house: House) -> None:
    name = house.receive(a_canary_mail(1))
    house.context.intake.set_aside(
        RefusedRow("no text", source="forms.csv", line=9, raw=f"{ADDRESS};;\n".encode()), source="forms"
    )
    erased = erase_list.Erased(sender_sha256=sender_sha256(ADDRESS), until=RECEIVED + timedelta(days=30_000))
    erase_list.append(house.list, erased)
    stranger = erase_list.Erased(sender_sha256=sender_sha256("nobody@example.org"), until=RECEIVED)
    erase_list.append(house.list, stranger)

    (done,) = house.eraser.erase_again(DESK)

    assert (len(done.found.messages), len(done.found.cases), len(done.found.open_items)) == (1, 1, 1)
    assert house.texts() == {name: ""}
    assert hits(house) == []
    assert house.eraser.erase_again(DESK) == []
    assert house.holds()


def test_what_a_person_wrote_after_the_erasure_is_spared_when_the_list_is_used_again(house: House) -> None:
    early, late = house.receive(a_canary_mail(1)), house.receive(a_canary_mail(2).replace(b"02 Nov", b"09 Nov"))
    until = RECEIVED + timedelta(days=3)
    erase_list.append(house.list, erase_list.Erased(sender_sha256=sender_sha256(ADDRESS), until=until))
    house.eraser.erase_again(DESK)
    texts = house.texts()
    assert (texts[early], CANARY in texts[late]) == ("", True)


def test_messages_of_others_that_mention_the_person_are_named_and_erased_only_when_asked(house: House) -> None:
    house.close(house.receive(a_canary_mail()))
    words = f"{THANKS} My daughter, {ADDRESS.title()}, thinks so too."
    house.context.intake.receive(a_message(id="o-1", text=words, sender=OTHER), source="inbox")
    done = house.eraser.erase(ADDRESS, Asked(by=DESK))
    assert done.found.mentions == ("o-1",)
    assert house.texts()["o-1"] == words
    with house.context.database.reading() as connection:
        found = store.open_items(connection, ["o-1"])
    if found:
        house.close("o-1")
    house.eraser.erase(ADDRESS, Asked(by=DESK, also=frozenset({"o-1"})))
    assert house.texts()["o-1"] == ""
    assert hits(house) == []


def test_what_officers_wrote_about_the_person_in_other_cases_loses_the_address(house: House) -> None:
    house.context.intake.receive(a_message(id="o-1", sender=OTHER), source="inbox")
    house.close("o-1", note=f"See also {ADDRESS.upper()}, same leak.")
    done = house.eraser.erase(ADDRESS, Asked(by=DESK))
    assert done.notes == 4  # reason and note of the review, reason of the event, what is asked for
    with house.context.database.reading() as connection:
        assert connection.scalar(select(review.c.note)) == "See also [removed], same leak."
    assert hits(house) == []


def test_other_messages_forget_that_the_person_wrote_before(house: House) -> None:
    first = house.receive(a_canary_mail())
    house.close(first)
    with house.context.database.writing() as connection:
        connection.execute(update(tables.message).where(tables.message.c.id == first).values(property_reference="P-7"))
    house.context.intake.receive(a_message(id="o-1", sender=OTHER), source="inbox")
    with house.context.database.writing() as connection:
        connection.execute(
            update(tables.message)
            .where(tables.message.c.id == "o-1")
            .values(prior_ids=["older", first], repeat_of=first)
        )
    house.eraser.erase(ADDRESS, Asked(by=DESK))
    with house.context.database.reading() as connection:
        row = connection.execute(select(tables.message).where(tables.message.c.id == "o-1")).one()
    assert (row.prior_ids, row.repeat_of) == (["older"], None)


def test_an_erasure_that_was_cut_off_is_ended_by_asking_again(house: House, database_url: str) -> None:
    house.close(house.receive(a_canary_mail()))
    house.context.database.close()
    options = ("--sender", ADDRESS, "--by", DESK, "--database", database_url)
    for point in ("erasure_after_list", "erasure_in_batch", "erasure_before_wipe"):
        cut = heard("erase", *options, cwd=house.folder, HEARD_CRASHPOINT=point)
        assert cut.returncode == 137, cut.stderr
    done = heard("erase", *options, cwd=house.folder)
    assert done.returncode == 0, done.stderr
    assert hits(house) == []
    assert house.holds()
    assert audit.verify(house.context.database).holds


def test_a_dry_run_says_what_would_go_and_changes_nothing(house: House, database_url: str) -> None:
    name = house.receive(a_canary_mail())
    before = house.texts()
    options = ("--sender", ADDRESS, "--by", DESK, "--dry-run", "--database", database_url)
    said = heard("erase", *options, cwd=house.folder, HEARD_KEEP_COPIES=str(house.copies))
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines()[0] == "1 message, 0 set aside, 0 files with copies."
    assert f"Still open: items {house.item(name)}." in said.stdout
    assert house.texts() == before


def test_the_organisation_s_own_address_is_nobody_s_to_erase(house: House) -> None:
    with pytest.raises(InputError, match="organisation itself"):
        house.eraser.erase("repairs@brindlevale.example", Asked(by=DESK))


def test_a_copy_is_found_where_two_blocks_meet_and_a_locked_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_bytes(b"x" * (copies._READ_AT_ONCE - 5) + ADDRESS.upper().encode())
    (tmp_path / "broken.xlsx").write_bytes(b"PAR1 is what it says, and it is not")
    found = search([tmp_path], [ADDRESS])
    assert [path.name for path in found.with_person] == ["long.txt"]
    assert [path.name for path in found.unsearched] == ["broken.xlsx"]


def test_a_resident_gets_all_that_is_kept_about_them_and_nothing_of_others(house: House, tmp_path: Path) -> None:
    mail = a_canary_mail().replace(b"boiler", b"<script>alert(1)</script>")
    name = house.receive(mail)
    house.close(name, note="Rang on Tuesday.")
    house.context.intake.receive(
        a_message(id="o-1", text="Another's words.", channel=Channel.NOTE, sender=OTHER), source="inbox"
    )
    house.context.intake.set_aside(
        RefusedRow("no text", source="forms.csv", line=9, raw=f"{ADDRESS};;\n".encode()), source="forms"
    )
    folder = tmp_path / "out"
    done = export_person(house.context.database, ADDRESS, folder, by=DESK)
    assert (done.messages, done.cases, done.mentions) == (1, 1, ())
    found = json.loads((folder / "person.json").read_text())
    (kept,) = found["messages"]
    assert kept["message"]["id"] == name
    assert "Nobody came on the 3rd" in kept["message"]["text"]
    assert kept["reviews"][0]["note"] == "Rang on Tuesday."
    assert [event["kind"] for event in kept["done"]] == ["claimed", "found_service_request"]
    assert (folder / kept["as_received"]).read_bytes() == mail
    page = (folder / "person.html").read_text()
    assert "Rang on Tuesday." in page
    assert "<script>" not in page
    everything = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"Another's words" not in everything
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    with house.context.database.reading() as connection:
        assert connection.scalar(select(privacy_request.c.kind)) == "access"
    with pytest.raises(InputError, match="name a new folder"):
        export_person(house.context.database, ADDRESS, folder, by=DESK)


def test_balances_are_the_same_before_and_after(house: House) -> None:
    house.close(house.receive(a_canary_mail()))
    with house.context.database.reading() as connection:
        before = queues.balances(connection), queues.route_counts(connection)
    house.eraser.erase(ADDRESS, Asked(by=DESK))
    with house.context.database.reading() as connection:
        assert (queues.balances(connection), queues.route_counts(connection)) == before
        assert connection.execute(text("SELECT count(*) FROM message WHERE sender <> ''")).scalar() == 0
        assert sender_of(ADDRESS.upper()) == ADDRESS
