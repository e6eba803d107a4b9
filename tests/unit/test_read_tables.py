import csv
from pathlib import Path

import pytest

from pipeline.domain import Channel, Message
from pipeline.errors import InputError, RefusedRow, UnreadableSource
from pipeline.formulas import formula_safe
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
        (b"Cyfeirnod,Sylwadau\n1,Dim gwres\n", "no column holds the words"),
        (b"1,Nobody came\n2,No heat\n", "no column holds the words"),
        (b"<html><table><tr><td>x</td></tr></table></html>\n", "a web page or XML, not a table"),
    ],
)
def test_a_table_that_cannot_be_mapped_is_refused_before_any_row(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableSource, match=reason):
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


def texts(found: list[Message | RefusedRow]) -> list[str]:
    return [message.text for message in found if isinstance(message, Message)]


def refusals(found: list[Message | RefusedRow]) -> list[tuple[int | None, str]]:
    return [(row.line, row.reason) for row in found if isinstance(row, RefusedRow)]


@pytest.mark.parametrize("footer", [b"Total,2,\n", b",Total:,2\n", b"Average,1.5,\n", b"Cyfanswm,2,3 %\n"])
def test_a_total_below_the_table_is_refused_by_its_line(tmp_path: Path, footer: bytes) -> None:
    found = rows(tmp_path, b"id,comment,score\n1,no heat,1\n2,damp,2\n" + footer)
    assert texts(found) == ["no heat", "damp"]
    assert refusals(found) == [(4, "this looks like a total below the table, not like a message.")]


def test_a_resident_who_writes_about_a_total_is_heard(tmp_path: Path) -> None:
    assert texts(rows(tmp_path, b"id,comment,score\n1,Total,1\n2,Total waste of time,2\n")) == [
        "Total",
        "Total waste of time",
    ]


def test_empty_rows_and_notes_below_the_table_are_refused_and_blank_lines_are_no_rows(tmp_path: Path) -> None:
    found = rows(tmp_path, b"id,comment,score\n1,no heat,1\n\n,,\nExported on 3 Nov\n,,Exported\n")
    assert texts(found) == ["no heat"]
    assert refusals(found) == [
        (4, "the row is empty."),
        (5, "1 cells where the header has 3."),
        (6, "'id' must be a text."),
    ]


def test_delimiters_at_the_end_of_rows_or_of_the_header_make_no_column(tmp_path: Path) -> None:
    assert texts(rows(tmp_path, b"id,text\n1,a,\n2,b,,\n", Channel.NOTE)) == ["a", "b"]
    assert texts(rows(tmp_path, b"id,text,\n1,a,\n", Channel.NOTE)) == ["a"]
    assert refusals(rows(tmp_path, b"id,text,\n1,a\n", Channel.NOTE)) == [(2, "2 cells where the header has 3.")]


def test_a_column_without_a_name_is_never_taken_for_another(tmp_path: Path) -> None:
    assert texts(rows(tmp_path, b",text,,id\nx,words,y,1\n", Channel.NOTE)) == ["words"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-02", "2026-11-02T00:00:00+00:00"),
        ("2026-07-03T09:30:00Z", "2026-07-03T09:30:00+00:00"),
        ("3/7/26", "2026-07-03T00:00:00+01:00"),
        ("03-Jul-2026 9:30", "2026-07-03T09:30:00+01:00"),
        ("3 July 2026 9:30 PM", "2026-07-03T21:30:00+01:00"),
        ("03.07.2026", "2026-07-03T00:00:00+01:00"),
        ("46328", "2026-11-02T00:00:00+00:00"),
        ("46328.395833", "2026-11-02T09:30:00+00:00"),
    ],
)
def test_dates_are_read_as_a_uk_table_writes_them(tmp_path: Path, written: str, read: str) -> None:
    (found,) = rows(tmp_path, f"id,note,date\n1,x,{written}\n".encode())
    assert isinstance(found, Message)
    assert found.received_at is not None
    assert found.received_at.isoformat() == read


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("11/25/2026", "the date has its month first"),
        ("Nobody came", "the time is not understood"),
        ("60", "the time is not understood"),
        ("29/02/1900", "the time is not understood"),
        ("1900-02-28", "before 2000"),
    ],
)
def test_a_date_that_is_none_is_refused_without_repeating_the_cell(tmp_path: Path, written: str, reason: str) -> None:
    ((line, said),) = refusals(rows(tmp_path, f"id,note,date\n1,x,{written}\n".encode()))
    assert line == 2
    assert reason in said
    assert written not in said


def test_an_id_stays_as_it_is_written(tmp_path: Path) -> None:
    found = rows(tmp_path, b"id,note\n00123,x\n1.23E+15,y\n")
    assert [message.id for message in found if isinstance(message, Message)] == ["00123", "1.23E+15"]


def test_five_hundred_columns_are_read(tmp_path: Path) -> None:
    names = ",".join(f"q{n}" for n in range(500))
    assert texts(rows(tmp_path, f"{names},note\n{',' * 500}last\n".encode())) == ["last"]


def test_an_id_depends_neither_on_the_order_of_rows_nor_on_the_encoding(tmp_path: Path) -> None:
    lines = ["1,no heating", "1,no heating", "2,£5 too much", "3,damp"]

    def ids(order: list[str], encoding: str) -> list[str]:
        data = "\n".join(["score,comment", *order, ""]).encode(encoding)
        return [message.id for message in rows(tmp_path, data) if isinstance(message, Message)]

    first = ids(lines, "utf-8")
    assert len(set(first)) == 4
    for encoding in ("utf-8-sig", "cp1252", "cp850", "utf-16", "utf-16-le"):
        assert ids(lines, encoding) == first
    assert set(ids(lines[::-1], "utf-8")) == set(first)
    assert set(first) < set(ids([*lines, "1,no heating"], "utf-8"))


def test_a_text_is_the_same_after_an_export_and_an_import(tmp_path: Path) -> None:
    words = ["=1+1", "'quoted", " -x", "fine\n=2", "@a\r\n+b", "\u00a0=x", "plain", "''=", "a'\n'b"]
    path = tmp_path / "out.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["heard_line", "id", "note", "heard_outcome"])
        table.writerows([n, f"r{n}", formula_safe(text), "accepted"] for n, text in enumerate(words))
    read = texts(list(read_csv(path, source="out.csv", channel=None)))
    assert read == [text.strip() for text in words]


def test_what_a_stranger_wrote_keeps_its_apostrophe(tmp_path: Path) -> None:
    assert texts(rows(tmp_path, b"id,note\n1,'tis cold\n")) == ["'tis cold"]
