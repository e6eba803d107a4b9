from datetime import UTC, datetime
from pathlib import Path

import pytest
from compressed_rtf import compress
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain import Message, MessageKind
from pipeline.errors import InputError, RefusedRow
from pipeline.read.files import read_again, read_paths
from pipeline.read.outlook import read_msg
from tests.builders import RECEIVED, a_mail
from tests.outlook import a_msg, an_attached_file, an_attached_mail, compound

OOF = "IPM.Note.Rules.OofTemplate.Microsoft"


def read(raw: bytes) -> Message:
    found = read_msg(raw, source="a.msg")
    assert isinstance(found, Message), found
    return found


def _uncompressed(rtf: bytes) -> bytes:
    return compress(rtf, compressed=False)


def test_an_outlook_message_gives_subject_sender_date_and_words() -> None:
    raw = a_msg("The lift is out \u2013 again.\r\n")
    found = read(raw)
    assert (found.subject, found.sender, found.text) == ("Lift", "jo@example.org", "The lift is out \u2013 again.")
    assert (found.received_at, found.kind, found.source) == (RECEIVED, MessageKind.WRITTEN, "a.msg")
    assert found.raw == raw


def test_headers_of_the_internet_go_before_outlooks_own() -> None:
    headers = (
        "Microsoft Mail Internet Headers Version 2.0\nReceived: from a.example; Tue, 03 Nov 2026 10:00:00 +0000\n"
        "From: Sam Fell <sam@example.org>\nMessage-ID: <7@example.org>\nContent-Type: text/plain\n"
    )
    found = read(a_msg(sender="/O=TARN/OU=EX/CN=SAM", headers=headers))
    assert (found.sender, found.received_at) == ("sam@example.org", datetime(2026, 11, 3, 10, tzinfo=UTC))


def test_an_address_inside_an_exchange_server_is_no_sender() -> None:
    assert read(a_msg(sender="/O=TARN/OU=EX/CN=SAM")).sender == ""


def test_html_is_read_where_there_is_no_plain_text() -> None:
    assert read(a_msg("", html=b"<p>No heat</p><p>since Friday</p>")).text.split() == ["No", "heat", "since", "Friday"]


def test_rtf_is_read_where_there_is_nothing_else() -> None:
    rtf = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\f0 No heat\par since Friday, \'a340 wasted}"
    assert read(a_msg("", rtf=rtf)).text.split() == ["No", "heat", "since", "Friday,", "£40", "wasted"]


def test_a_message_of_a_subject_alone_is_read_though_outlook_adds_an_empty_rtf() -> None:
    assert read(a_msg("", rtf=rb"{\rtf1\par }")).kind is MessageKind.WRITTEN


def test_html_wrapped_in_rtf_gives_its_words_without_tags() -> None:
    rtf = (
        rb"{\rtf1\ansi\fromhtml1{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 The bath leaks{\*\htmltag244 <b>}"
        rb"\htmlrtf {\b \htmlrtf0 again{\*\htmltag252 </b>}\htmlrtf }\htmlrtf0 .}\par{\*\htmltag72 </p>}}"
    )
    assert read(a_msg("", rtf=rtf)).text.replace(" ", "") == "Thebathleaksagain."


@pytest.mark.parametrize("piece", [rb"\f1", rb"\f1\fcharset1 ", rb"{\field{\*\fldinst{ ", rb"{\fonttbl"])
def test_rtf_that_would_take_hours_to_read_is_left_to_a_person_at_once(piece: bytes) -> None:
    assert (
        read(a_msg("", rtf=_uncompressed(rb"{\rtf1{\fonttbl" + piece * (190_000 // len(piece))))).kind
        is MessageKind.UNREADABLE
    )


def test_a_broken_rtf_body_leaves_the_message_to_a_person() -> None:
    found = read(a_msg("", rtf=b"\x20\0\0\0\x20\0\0\0LZFu rubbish"))
    assert (found.kind, found.text) == (MessageKind.UNREADABLE, "")


@pytest.mark.parametrize("codepage", [1252, 65001, 28591, 4711, 38598])
def test_pound_signs_and_curly_quotes_survive_a_wrong_code_page(codepage: int) -> None:
    words = "I paid \u00a340 \u2013 it\u2019s wrong, caf\u00e9"
    found = read(a_msg("", p1000001E=words.encode("cp1252"), p3FDE0003=codepage.to_bytes(4, "little")))
    assert found.text == words


def test_nothing_but_attachments_is_left_to_a_person() -> None:
    assert read(a_msg("", attachments=(an_attached_file(),))).kind is MessageKind.UNREADABLE
    assert read(a_msg("See letter.", attachments=(an_attached_file(),))).kind is MessageKind.WRITTEN


def test_an_encrypted_message_is_left_to_a_person() -> None:
    found = read(a_msg("This is encrypted.", kind="IPM.Note.SMIME", attachments=(an_attached_file(b"\x30\x80"),)))
    assert (found.kind, found.text) == (MessageKind.UNREADABLE, "")


def test_a_signed_message_is_read() -> None:
    signed = a_mail("The lift is out.\n")
    found = read(a_msg("", kind="IPM.Note.SMIME.MultipartSigned", attachments=(an_attached_file(signed),)))
    assert (found.kind, found.text) == (MessageKind.WRITTEN, "The lift is out.")


@pytest.mark.parametrize(
    "raw",
    [
        a_msg("It could not be delivered.", kind="REPORT.IPM.Note.NDR"),
        a_msg("I am away.", kind=OOF),
        a_msg("I am away.", headers="Auto-Submitted: auto-replied\n"),
        a_msg("It failed.", headers="Content-Type: multipart/report; boundary=b\n"),
    ],
)
def test_bounces_and_replies_of_machines_are_known_as_such(raw: bytes) -> None:
    assert read(raw).kind is MessageKind.MACHINE


def test_a_message_passed_on_by_an_officer_is_the_residents() -> None:
    found = read(a_msg("", attachments=(an_attached_mail("The damp is back and nobody came."),)))
    assert (found.subject, found.sender, found.text) == ("Damp", "sam@example.org", "The damp is back and nobody came.")


def test_a_message_read_again_is_the_same_and_one_with_other_words_is_not() -> None:
    assert read(a_msg()).id == read(a_msg()).id
    assert read(a_msg()).id != read(a_msg("The lift is out again.")).id
    assert read_again(a_msg(), source="a.msg", channel=None) == read(a_msg())


def test_more_than_a_sector_of_words_is_read_whole() -> None:
    words = "damp " * 20_000
    assert read(a_msg(words)).text == words.strip()


def test_names_say_nothing_content_does(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(a_msg("From Outlook."))
    (tmp_path / "b.msg").write_bytes(a_mail("From the internet."))
    found = read_paths([str(tmp_path)], channel=None)
    assert [message.text for message in found if isinstance(message, Message)] == [
        "From Outlook.",
        "From the internet.",
    ]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "the file is empty"),
        (a_msg()[:100], "broken or cut short"),
        (compound({"WordDocument": b"x"}), "an old Office file, neither a mail nor a workbook"),
        (compound({"EncryptedPackage": b"x"}), "protected by a password"),
    ],
)
def test_what_is_no_message_is_a_sentence_and_the_next_is_read(tmp_path: Path, raw: bytes, reason: str) -> None:
    (tmp_path / "a.msg").write_bytes(raw)
    (tmp_path / "b.msg").write_bytes(a_msg())
    refused, found = read_paths([str(tmp_path)], channel=None)
    assert isinstance(refused, InputError)
    assert reason in str(refused)
    assert isinstance(found, Message)


def test_a_message_whose_header_claims_more_than_the_file_holds_is_refused_without_filling_memory() -> None:
    raw = bytearray(a_msg())
    raw[64:68] = (0xFE000001).to_bytes(4, "little")  # sectors of the table of small streams (MS-CFB, 2.2)
    found = read_msg(bytes(raw), source="bomb.msg")
    assert isinstance(found, RefusedRow)
    assert "a person must look" in found.reason


def test_a_message_of_which_every_stream_points_at_the_same_place_is_refused() -> None:
    raw = bytearray(a_msg("damp " * 2_000))
    place = raw.index("__substg1.0_1000001F".encode("utf-16-le"))
    raw[place + 120 : place + 124] = (0x7FFFFFFF).to_bytes(4, "little")
    assert isinstance(read_msg(bytes(raw), source="a.msg"), RefusedRow)


@pytest.mark.parametrize("length", [600, 1024, 1536, 2048, 2560])
def test_a_message_cut_short_is_refused_or_read_as_far_as_it_goes(tmp_path: Path, length: int) -> None:
    path = tmp_path / "a.msg"
    path.write_bytes(a_msg()[:length])
    (found,) = read_paths([str(path)], channel=None)
    assert isinstance(found, Message | InputError)


@given(noise=st.binary(max_size=4096))
@settings(deadline=None)
def test_noise_that_begins_as_an_outlook_file_is_only_ever_refused(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.msg"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + noise)
    (found,) = read_paths([str(path)], channel=None)
    assert isinstance(found, InputError)


@given(place=st.integers(8, len(a_msg()) - 1), value=st.binary(min_size=1, max_size=8))
@settings(deadline=None, max_examples=300)
def test_a_message_with_wrong_bytes_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, place: int, value: bytes
) -> None:
    raw = bytearray(a_msg("", rtf=rb"{\rtf1 No heat}", attachments=(an_attached_mail("Damp."), an_attached_file())))
    raw[place : place + len(value)] = value
    path = tmp_path_factory.getbasetemp() / "wrong.msg"
    path.write_bytes(raw)
    (found,) = read_paths([str(path)], channel=None)
    assert isinstance(found, Message | InputError)
