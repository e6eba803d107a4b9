from pathlib import Path

import pytest

from pipeline.domain import Channel, Message
from pipeline.errors import InputError, RefusedRow, UnreadableSource
from pipeline.read.files import read_paths
from pipeline.read.tables import read_csv


def rows(tmp_path: Path, data: bytes, channel: Channel | None = None) -> list[Message | RefusedRow]:
    path = tmp_path / "in.csv"
    path.write_bytes(data)
    return list(read_csv(path, source="in.csv", channel=channel))


def test_a_survey_is_known_by_its_score_and_a_call_log_by_its_note(tmp_path: Path) -> None:
    survey = rows(tmp_path, b"response_id,score,comment\nR1,2,never came\n")[0]
    notes = rows(tmp_path, b"note_id,note\nN1,cust chasing\n")[0]
    assert isinstance(survey, Message)
    assert isinstance(notes, Message)
    assert (survey.channel, survey.id, survey.source) == (Channel.SURVEY, "R1", "in.csv#1")
    assert notes.channel is Channel.NOTE


@pytest.mark.parametrize(
    "data",
    [
        "\ufeffid,text\n1,£5 too much\n".encode(),
        "id,text\n1,£5 too much\n".encode("cp1252"),
        "id,text\n1,£5 too much\n".encode("utf-16"),
        "id;text\n1;£5 too much\n".encode(),
        "sep=;\nid;text\n1;£5 too much\n".encode(),
        "id\ttext\n1\t£5 too much\n".encode(),
    ],
)
def test_encodings_and_delimiters_of_real_exports_are_read(tmp_path: Path, data: bytes) -> None:
    found = rows(tmp_path, data, Channel.SURVEY)
    assert [message.text for message in found if isinstance(message, Message)] == ["£5 too much"]


def test_newlines_and_quotes_inside_a_cell_belong_to_the_text(tmp_path: Path) -> None:
    found = rows(tmp_path, b'id,text\n1,"two\nlines, ""quoted"""\n', Channel.NOTE)[0]
    assert isinstance(found, Message)
    assert found.text == 'two\nlines, "quoted"'


def test_bytes_of_no_encoding_are_shown_as_such_and_stop_nothing(tmp_path: Path) -> None:
    found = rows(tmp_path, b"id,text\n1,fine \x9d thing\n2,next\n", Channel.NOTE)
    assert [message.text for message in found if isinstance(message, Message)] == ["fine \ufffd thing", "next"]


def test_two_residents_of_two_files_without_ids_stay_two_messages(tmp_path: Path) -> None:
    ids = []
    for name in ("may.csv", "june.csv"):
        (tmp_path / name).write_bytes(b"score,comment\n1,Nobody came\n")
        ids += [m.id for m in read_csv(tmp_path / name, source=name, channel=None) if isinstance(m, Message)]
    assert len(set(ids)) == 2


def test_a_residents_number_is_no_id_of_a_message(tmp_path: Path) -> None:
    found = rows(tmp_path, b"resident_id,response_id,score,comment\n7,a,1,x\n7,b,1,y\n")
    assert [message.id for message in found if isinstance(message, Message)] == ["a", "b"]


def test_a_ragged_row_is_refused_by_its_line_and_the_others_go_on(tmp_path: Path) -> None:
    first, refused, last = rows(tmp_path, b'id,text\n1,"a\nb"\n2,x,y\n3,ok\n', Channel.NOTE)
    assert isinstance(refused, RefusedRow)
    assert str(refused) == "in.csv#2, line 4: 3 cells where the header has 2."
    assert isinstance(first, Message)
    assert isinstance(last, Message)


def test_an_empty_comment_is_refused_not_scored(tmp_path: Path) -> None:
    refused = rows(tmp_path, b"id,score,comment\n1,5,\n")[0]
    assert isinstance(refused, RefusedRow)
    assert "the text is empty" in refused.reason


def test_a_quote_never_closed_is_found_and_named(tmp_path: Path) -> None:
    data = b'id,text\n1,fine\n2,"open\n' + b"".join(b"%d,row\n" % n for n in range(3, 700))
    found = rows(tmp_path, data, Channel.NOTE)
    assert isinstance(found[-1], RefusedRow)
    assert found[-1].line == 3
    assert "not closed" in found[-1].reason


def test_equal_rows_without_an_id_stay_two_messages_and_keep_their_ids_when_read_again(tmp_path: Path) -> None:
    data = b"score,comment\n1,no heating\n1,no heating\n"
    first, second = rows(tmp_path, data)
    again = rows(tmp_path, data)
    assert isinstance(first, Message)
    assert isinstance(second, Message)
    assert first.id != second.id
    assert [message.id for message in again if isinstance(message, Message)] == [first.id, second.id]


def test_uk_dates_put_the_day_first_and_uk_time(tmp_path: Path) -> None:
    found = rows(tmp_path, b"id,note,taken_at\n1,x,03/07/2026 09:30\n")[0]
    assert isinstance(found, Message)
    assert found.received_at is not None
    assert found.received_at.isoformat() == "2026-07-03T09:30:00+01:00"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a,b\n1,2\n", "no column holds the words"),
        (b"text,Text\n1,2\n", "stands twice"),
    ],
)
def test_a_table_that_cannot_be_mapped_is_refused_before_any_row(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableSource, match=f"line 1: .*{reason}"):
        rows(tmp_path, data)


def test_a_row_without_a_channel_says_what_to_write(tmp_path: Path) -> None:
    refused = rows(tmp_path, b"id,text\n1,hello\n")[0]
    assert isinstance(refused, RefusedRow)
    assert "no channel given: use one of email, web_form, survey, note" in refused.reason


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.csv", b"", "the file is empty"),
        ("book.csv", b"PK\x03\x04rest", "broken or cut short"),
        ("scan.eml", b"%PDF-1.7", "this is a PDF"),
        ("noise.csv", b"\x00\x01\x02" * 50, "a binary file"),
    ],
)
def test_what_a_file_is_is_told_by_its_content(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    (error,) = read_paths([str(path)], channel=None)
    assert isinstance(error, InputError)
    assert reason in str(error)


def test_a_mail_named_csv_is_read_as_a_mail(tmp_path: Path) -> None:
    path = tmp_path / "mail.csv"
    path.write_bytes(b"From: jo@example.org\nSubject: Lift\n\nIt is out.\n")
    (message,) = read_paths([str(path)], channel=None)
    assert isinstance(message, Message)
    assert message.channel is Channel.EMAIL


def test_a_missing_file_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    good = tmp_path / "a.jsonl"
    good.write_text('{"id": "1", "text": "x", "channel": "note"}\n')
    missing, message = read_paths([str(tmp_path / "gone.csv"), str(good)], channel=None)
    assert "there is no such file" in str(missing)
    assert isinstance(message, Message)


def test_a_folder_is_read_in_order_and_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "secret.jsonl"
    outside.write_text('{"id": "s", "text": "x", "channel": "note"}\n')
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "b.jsonl").write_text('{"id": "b", "text": "x", "channel": "note"}\n')
    (folder / "a.jsonl").write_text('{"id": "a", "text": "x", "channel": "note"}\n')
    (folder / "c.jsonl").symlink_to(outside)
    found = [message.id for message in read_paths([str(folder)], channel=None) if isinstance(message, Message)]
    assert found == ["a", "b"]
