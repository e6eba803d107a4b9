"""A mail is known again by its bytes, whatever a later version of the readers makes of them (P2)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline.domain import Message
from pipeline.errors import RefusedRow
from pipeline.read.mail import read_mail
from service import quarantine
from service.api.context import Context
from service.received import IdInUse
from service.store import ledger, queues
from service.store import quarantine as store
from tests.builders import a_mail, a_message

UNDATED = (
    a_mail().replace(b"Date: Mon, 02 Nov 2026 09:30:00 +0000\n", b"").replace(b"Message-ID: <1@example.org>\n", b"")
)
TRACE = b"Received: from mx.example.org by mail.example.org; Mon, 02 Nov 2026 09:30:01 +0000\n"


def this_version(raw: bytes, place: str = "INBOX#1") -> Message:
    found = read_mail(raw, source=place)
    assert isinstance(found, Message)
    return found


def with_other_text(raw: bytes, place: str = "INBOX#1") -> Message:
    """A later version, which reads other words in the same bytes."""
    return replace(this_version(raw, place), text="Other words, read better.")


def with_other_headers(raw: bytes, place: str = "INBOX#1") -> Message:
    """A later version, which decodes the subject otherwise and so makes another id."""
    return replace(with_other_text(raw, place), id="f" * 32, subject="Decoded better")


def counted(context: Context) -> tuple[int, int, int]:
    with context.database.reading() as connection:
        found = queues.balances(connection)
    assert all(row.holds for row in found)
    return sum(r.decided for r in found), sum(r.quarantined for r in found), sum(r.duplicates for r in found)


@pytest.mark.parametrize("later", [with_other_text, with_other_headers])
@pytest.mark.parametrize("raw", [a_mail(), TRACE + UNDATED], ids=["dated", "traced"])
def test_a_mail_read_anew_by_a_later_version_is_the_one_received_before(
    context: Context, later: Callable[..., Message], raw: bytes
) -> None:
    first = context.intake.receive(this_version(raw), source="inbox")
    again = context.intake.receive(later(raw, "INBOX#77"), source="inbox")  # the mailbox was renumbered
    assert (again.new, again.message_id) == (False, first.message_id)
    assert counted(context) == (1, 0, 1)
    with context.database.reading() as connection:
        assert bytes(ledger.original(connection, first.message_id) or b"") == raw


def test_a_mail_delivered_again_with_other_trace_lines_to_a_later_version_is_one(context: Context) -> None:
    context.intake.receive(this_version(a_mail()), source="inbox")
    assert not context.intake.receive(with_other_text(TRACE + a_mail()), source="inbox").new
    assert counted(context) == (1, 0, 1)


def test_the_same_undated_bytes_in_another_place_stay_two_messages_for_a_later_version(context: Context) -> None:
    context.intake.receive(this_version(UNDATED, "a.eml"), source="folder")
    assert not context.intake.receive(with_other_headers(UNDATED, "a.eml"), source="folder").new
    assert context.intake.receive(with_other_headers(UNDATED, "b.eml"), source="folder").new
    assert counted(context) == (2, 0, 1)


def test_an_id_that_somebody_gave_still_belongs_to_its_words(context: Context) -> None:
    context.intake.receive(a_message(id="7", text="No heat"), source="api")
    with pytest.raises(IdInUse):
        context.intake.receive(a_message(id="7", text="Lift out"), source="api")


def test_a_mail_set_aside_because_an_earlier_version_took_it_for_another_is_settled_by_trying_again(
    context: Context,
) -> None:
    context.intake.receive(with_other_text(a_mail()), source="inbox")
    refused = RefusedRow("The id was received before with other words.", source="INBOX#2", raw=a_mail())
    context.intake.set_aside(refused, source="inbox")
    with context.database.reading() as connection:
        (case,) = store.waiting(connection)
    done = quarantine.retry(context.database, context.intake, case.number, None)
    assert done.received is not None
    assert not done.received.new
    assert counted(context) == (1, 0, 1)
