from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.domain import Message, MessageKind
from pipeline.errors import RefusedRow
from pipeline.read.html import html_to_text
from pipeline.read.mail import MAIL_LIMIT, read_mail
from pipeline.read.mbox import read_mbox
from tests.builders import a_mail


def read(raw: bytes) -> Message:
    found = read_mail(raw, source="a.eml")
    assert isinstance(found, Message)
    return found


def test_a_plain_mail_gives_subject_sender_and_words() -> None:
    found = read(a_mail("The lift is out.\n"))
    assert (found.subject, found.sender, found.text) == ("Lift", "jo@example.org", "The lift is out.")
    assert found.kind is MessageKind.WRITTEN


def test_raw_bytes_are_kept_unchanged() -> None:
    raw = a_mail("caf\u00e9\r\n\x00 end")
    assert read(raw).raw == raw


def test_html_without_a_plain_part_is_read_as_its_words() -> None:
    html = (
        "<html><head><style>p{color:red}</style></head><body><div style='display:none'>View online</div>"
        "<p>No heat</p><p>since Friday</p><img src='https://t.example/p.gif'></body></html>"
    )
    assert html_to_text(html).split() == ["No", "heat", "since", "Friday"]
    assert read(a_mail(html, content="text/html")).text.split() == ["No", "heat", "since", "Friday"]


def test_a_quoted_block_of_html_keeps_its_marks() -> None:
    assert "> We are sorry" in html_to_text("<p>Thursday.</p><blockquote>We are sorry</blockquote>")


def test_where_the_plain_part_only_points_to_the_html_the_html_is_read() -> None:
    parts = (
        "--b\nContent-Type: text/plain\n\nView in browser\n"
        "--b\nContent-Type: text/html\n\n<p>The bath leaks into the flat below since the plumber was here.</p>\n--b--\n"
    )
    assert "plumber" in read(a_mail(parts, content="multipart/alternative; boundary=b")).text


@pytest.mark.parametrize("charset", ["iso-8859-1", "us-ascii", "x-unknown", "utf-8", "136"])
def test_pound_signs_and_curly_quotes_survive_a_wrong_charset(charset: str) -> None:
    head = f"Subject: Rent\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n"
    body = "I paid \u00a340 \u2013 it\u2019s wrong, caf\u00e9"
    assert read(head.encode() + body.encode("cp1252")).text == body


def test_a_redelivered_mail_is_the_same_message() -> None:
    first, again = (
        read(a_mail()),
        read(a_mail(headers="Received: from relay.example; Mon, 02 Nov 2026 10:00:00 +0000\n")),
    )
    assert first.id == again.id


def test_a_reused_message_id_with_other_words_is_another_message() -> None:
    assert read(a_mail("The lift is out.")).id != read(a_mail("The lift is out again.")).id


@pytest.mark.parametrize(
    "headers",
    ["Auto-Submitted: auto-replied\n", "X-Autoreply: yes\n", "Precedence: auto_reply\n", "Return-Path: <>\n"],
)
def test_out_of_office_replies_are_marked_as_machine_mail(headers: str) -> None:
    assert read(a_mail("I am away.", headers=headers)).kind is MessageKind.MACHINE


def test_a_bounce_is_machine_mail() -> None:
    parts = "--b\nContent-Type: text/plain\n\nNot delivered\n--b--\n"
    assert read(a_mail(parts, content="multipart/report; boundary=b")).kind is MessageKind.MACHINE


@pytest.mark.parametrize(
    "subject", ["Automatic reply is all I ever get from you", "Read: automatic doors broken again"]
)
def test_words_in_a_subject_never_make_a_machine_of_a_resident(subject: str) -> None:
    assert read(a_mail("I want to complain", subject=subject)).kind is MessageKind.WRITTEN


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_line_ends_do_not_change_who_a_mail_is(end: bytes) -> None:
    assert read(a_mail()).id == read(a_mail().replace(b"\n", end)).id
    assert read(a_mail("The lift.")).id != read(a_mail("The bath.").replace(b"\n", end)).id


def test_a_mail_is_the_same_message_in_a_file_and_wherever_it_stands_in_an_mbox(tmp_path: Path) -> None:
    path = tmp_path / "in.mbox"
    envelope = b"From jo@example.org Mon Nov  2 09:31:00 2026\n"
    path.write_bytes((envelope + a_mail("The lift is out.\n") + b"\n") * 2 + envelope + a_mail("The lift is out.\n"))
    found = [each.id for each in read_mbox(path, source="in.mbox") if isinstance(each, Message)]
    assert found == [read(a_mail("The lift is out.\n")).id] * 3


def test_a_mail_over_the_limit_in_an_mbox_is_refused_and_no_more_than_the_limit_is_held(tmp_path: Path) -> None:
    path = tmp_path / "in.mbox"
    envelope = b"From jo@example.org Mon Nov  2 09:31:00 2026\n"
    with path.open("wb") as file:
        file.write(envelope + a_mail("The lift is out.\n"))
        file.writelines(b"x" * 1_000_000 + b"\n" for _ in range(MAIL_LIMIT // 1_000_000 + 9))
        file.write(b"\n" + envelope + a_mail("Two\n"))
    refused, kept = read_mbox(path, source="in.mbox")
    assert isinstance(refused, RefusedRow)
    assert len(refused.raw) < MAIL_LIMIT + 1_100_000
    assert isinstance(kept, Message)


def test_every_attached_mail_is_read() -> None:
    part = "--b\nContent-Type: message/rfc822\n\nSubject: s\nContent-Type: text/plain\n\n{}\n"
    parts = part.format("First words.") + part.format("Second words.") + "--b--\n"
    found = read(a_mail(parts, content="multipart/mixed; boundary=b")).text
    assert "First words." in found
    assert "Second words." in found


def test_a_form_sent_by_a_robot_is_a_persons_message() -> None:
    assert read(a_mail("No heat since Friday", headers="Auto-Submitted: auto-generated\n")).kind is MessageKind.WRITTEN


def test_a_mail_that_is_only_an_attachment_needs_a_person() -> None:
    photo = (
        "Content-Type: image/jpeg\nContent-Disposition: attachment; filename=a.jpg\nContent-Transfer-Encoding: base64"
    )
    parts = f"--b\n{photo}\n\n/9j/\n--b--\n"
    assert read(a_mail(parts, content="multipart/mixed; boundary=b")).kind is MessageKind.UNREADABLE


def test_an_attached_mail_under_a_short_cover_is_the_message() -> None:
    inner = "From: Ali <ali@example.org>\nSubject: Damp\nContent-Type: text/plain\n\nThe damp is back.\n"
    parts = f"--b\nContent-Type: text/plain\n\nPlease log.\n--b\nContent-Type: message/rfc822\n\n{inner}\n--b--\n"
    found = read(a_mail(parts, content="multipart/mixed; boundary=b"))
    assert (found.sender, found.subject, found.text) == ("ali@example.org", "Damp", "The damp is back.")


def test_the_clock_starts_at_receipt_not_at_the_senders_date() -> None:
    raw = a_mail(headers="Received: from x by mx; Tue, 03 Nov 2026 08:00:00 +0000\n")
    assert read(raw).received_at == datetime(2026, 11, 3, 8, tzinfo=UTC)
    assert read(a_mail()).received_at is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe garbage",
        b"Subject: =?utf-8?b?broken\n\nhello",
        b"From: a@b.example\nMessage-ID: <[1@x]>\nCc: (x): a@b;\nDate: Mon, 02 Nov 2026 09:30:00 +9999\n\nhello",
        b"Content-Type: multipart/mixed\n\nno boundary here but words",
        b"Content-Transfer-Encoding: base9000\nContent-Type: text/plain\n\nwords",
        b"Subject: =?utf-8?b?a?=\n\nhello",
        b'Content-Type: text/plain\nContent-Disposition: inline; filename*0="a"; filename*=b\n\nhello',
        b"Received: by x; Fri, 31 Dec 9999 23:59:59 -0500\n\nhello",
        b"From: " + b"(" * 2000 + b"\n\nhello",
        b"Content-Type: text/html\n\n" + b"<div>" * 200_000,
        b"Content-Type: text/html\n\n" + b"<blockquote>" * 30_000 + b"x",
        b"Subject: " + b"Re: " * 20_000 + b"\n\nhello",
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 900,
    ],
)
def test_no_strange_mail_raises(raw: bytes) -> None:
    found = read_mail(raw, source="a.eml")
    assert isinstance(found, (Message, RefusedRow))


def test_a_line_that_begins_with_from_does_not_cut_a_mail_in_two(tmp_path: Path) -> None:
    path = tmp_path / "in.mbox"
    body = "Hello\nFrom the start nobody came.\n\nFrom then on it leaked.\n"
    path.write_bytes(b"From jo@example.org Mon Nov  2 09:31:00 2026\n" + a_mail(body))
    (found,) = read_mbox(path, source="in.mbox")
    assert isinstance(found, Message)
    assert "From then on it leaked." in found.text


def test_an_mbox_gives_every_mail_with_its_number_and_unquotes_from_lines(tmp_path: Path) -> None:
    path = tmp_path / "in.mbox"
    envelope = b"From jo@example.org Mon Nov  2 09:31:00 2026\n"
    path.write_bytes(envelope + a_mail("One\n>From here on it leaks.\n") + b"\n" + envelope + a_mail("Two\n"))
    first, second = read_mbox(path, source="in.mbox")
    assert isinstance(first, Message)
    assert isinstance(second, Message)
    assert (first.source, second.source) == ("in.mbox#1", "in.mbox#2")
    assert first.text.endswith("From here on it leaks.")
    assert first.received_at == datetime(2026, 11, 2, 9, 31, tzinfo=UTC)
