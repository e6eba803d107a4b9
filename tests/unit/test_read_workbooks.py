import io
import logging
import re
import struct
import subprocess
import warnings
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.chart import BarChart
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from pipeline.domain import Channel, Message
from pipeline.errors import InputError, RefusedRow, UnreadableSource
from pipeline.read.files import read_again, read_paths
from tests.outlook import an_old_workbook, compound

_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)


def a_workbook(*rows: tuple[Any, ...], **sheets: tuple[tuple[Any, ...], ...]) -> Workbook:
    """A workbook with these rows in its first sheet, and further sheets by name."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for name, more in sheets.items():
        sheet = book.create_sheet(name)
        for row in more:
            sheet.append(row)
    return book


def saved(book: Workbook, *, change: Callable[[bytes], bytes] = lambda xml: xml) -> bytes:
    """The bytes of an .xlsx, the XML of its first sheet perhaps changed."""
    first, second = io.BytesIO(), io.BytesIO()
    book.save(first)
    with zipfile.ZipFile(first) as old, zipfile.ZipFile(second, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name.endswith("sheet1.xml") else old.read(name))
    return second.getvalue()


def an_ods(*rows: tuple[str, ...]) -> bytes:
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    lines = "".join(f"<table:table-row>{''.join(map(cell.format, row))}</table:table-row>" for row in rows)
    table = f'<table:table table:name="Notes">{lines}</table:table>'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", _ODS)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f"<office:document-content {_NAMES}><office:body><office:spreadsheet>{table}"
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return file.getvalue()


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], list[Message | InputError]]:
    monkeypatch.chdir(tmp_path)

    def of(data: bytes) -> list[Message | InputError]:
        Path("in.csv").write_bytes(data)
        return list(read_paths(["in.csv"], channel=None))

    return of


Read = Callable[[bytes], list[Message | InputError]]


def messages(found: list[Message | InputError]) -> list[Message]:
    assert all(isinstance(item, Message) for item in found), found
    return [item for item in found if isinstance(item, Message)]


@pytest.mark.parametrize(
    "data",
    [
        saved(a_workbook(("note_id", "note"), ("N1", "cust chasing"), ("N2", "no heat"))),
        an_old_workbook(("note_id", "note"), ("N1", "cust chasing"), ("N2", "no heat")),
        an_ods(("note_id", "note"), ("N1", "cust chasing"), ("N2", "no heat")),
    ],
    ids=["xlsx", "xls", "ods"],
)
def test_a_workbook_is_read_like_a_csv_whatever_its_name(read: Read, data: bytes) -> None:
    found = messages(read(data))
    assert [(m.id, m.text, m.source) for m in found] == [
        ("N1", "cust chasing", "in.csv#1"),
        ("N2", "no heat", "in.csv#2"),
    ]
    assert {m.channel for m in found} == {Channel.NOTE}


def test_dates_and_whole_numbers_stand_as_in_a_csv(read: Read) -> None:
    moment = datetime(2026, 7, 3, 9, 30)  # noqa: DTZ001  # a workbook knows no zones
    rows = (("id", "score", "comment", "date", "prior_contacts"), (17, 1, "No heat", moment, 2))
    whole = (18, 1, "No heat", date(2026, 11, 2), None)
    first, second = messages(read(saved(a_workbook(*rows, whole))))
    assert (first.id, first.prior_contacts, second.id) == ("17", 2, "18")
    assert first.received_at is not None
    assert first.received_at.isoformat() == "2026-07-03T09:30:00+01:00"
    assert second.received_at is not None
    assert second.received_at.isoformat() == "2026-11-02T00:00:00+00:00"


def test_empty_rows_are_passed_over_and_lines_are_the_sheets(read: Read) -> None:
    book = a_workbook((), (), ("note", "date"), ("one", None), (), ("two", "soon"))
    first, refused = read(saved(book))
    assert isinstance(first, Message)
    assert first.source == "in.csv#1"
    assert isinstance(refused, RefusedRow)
    assert str(refused).startswith("in.csv#3, line 6: the time is not understood")


def test_every_visible_sheet_is_read_under_its_name_and_hidden_ones_are_noted(
    read: Read, caplog: pytest.LogCaptureFixture
) -> None:
    rows = (("note", "date"), ("no heat", None))
    book = a_workbook(*rows, Answers=rows, Old=rows)
    book["Old"].sheet_state = "hidden"
    with caplog.at_level(logging.WARNING):
        found = messages(read(saved(book)))
    assert [m.source for m in found] == ["in.csv#Sheet#1", "in.csv#Answers#1"]
    assert len({m.id for m in found}) == 2
    assert "the sheet 'Old' is hidden and was not read" in caplog.text


def test_a_sheet_without_words_is_named_and_the_others_are_read(read: Read) -> None:
    error, found = read(saved(a_workbook(("code", "ward"), (1, "Tarn"), Answers=(("note",), ("no heat",)))))
    assert isinstance(error, UnreadableSource)
    assert str(error).startswith("in.csv#Sheet, line 1: read as a table, no column holds the words")
    assert isinstance(found, Message)


def test_a_merged_cell_counts_once_and_hidden_rows_count(read: Read) -> None:
    book = a_workbook(("id", "note"), (1, "no heat"), (2, None), (3, "damp"))
    book.active.merge_cells("B2:B3")
    book.active.row_dimensions[4].hidden = True
    first, refused, last = read(saved(book))
    assert isinstance(first, Message)
    assert isinstance(refused, RefusedRow)
    assert "the text is empty" in refused.reason
    assert isinstance(last, Message)


def test_a_formula_gives_the_value_it_had(read: Read) -> None:
    def with_value(xml: bytes) -> bytes:
        return xml.replace(b"<v></v>", b"<v>no heat</v>").replace(b"<v />", b"<v>no heat</v>")

    book = a_workbook(("id", "note"), (1, '=CONCAT("no", " heat")'))
    (found,) = messages(read(saved(book, change=lambda xml: with_value(xml).replace(b'r="B2"', b'r="B2" t="str"'))))
    assert found.text == "no heat"


def test_a_row_kept_is_read_again_as_the_same_words(read: Read) -> None:
    (found,) = messages(read(saved(a_workbook(("note_id", "note"), ("N1", 'he said "no, heat"\nagain')))))
    again = read_again(found.raw, source="in.csv", channel=None)
    assert isinstance(again, Message)
    assert (again.id, again.text) == (found.id, found.text)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (saved(a_workbook()), "no visible sheet with rows"),
        (saved(a_workbook(("note",)))[:-600], "broken or cut short"),
        (compound({"EncryptedPackage": b"x", "EncryptionInfo": b"x"}), "protected by a password"),
        (compound({"Workbook": b"\0" * 5000}), "no visible sheet with rows"),
        (b"PK\x03\x04rest", "broken or cut short"),
    ],
)
def test_a_workbook_that_cannot_be_read_is_a_sentence(read: Read, data: bytes, reason: str) -> None:
    (error,) = read(data)
    assert isinstance(error, UnreadableSource)
    assert reason in str(error)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["xl/workbook.bin"], "a binary workbook (.xlsb): save it as .xlsx"),
        (["word/document.xml"], "a zip file, not a workbook"),
        (["xl/workbook.xml", *(f"{n}" for n in range(10_000))], "10,001 files inside; the limit is 10,000"),
    ],
)
def test_what_is_no_workbook_is_told_by_what_is_inside(read: Read, names: list[str], reason: str) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    (error,) = read(file.getvalue())
    assert reason in str(error)


def test_a_workbook_that_would_unpack_to_too_much_is_refused_before_it_is(read: Read) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "")
    data = bytearray(file.getvalue())
    size = data.index(b"PK\x01\x02") + 24
    data[size : size + 4] = (501_000_000).to_bytes(4, "little")
    (error,) = read(bytes(data))
    assert str(error) == "in.csv: the workbook would unpack to 501,000,000 bytes; the limit is 500,000,000."


@pytest.mark.parametrize("far", [b"XFD1048576", b"XFD9999999999"])
def test_two_cells_in_opposite_corners_are_refused_and_the_next_file_is_read(tmp_path: Path, far: bytes) -> None:
    bomb = saved(a_workbook(("note", "x")), change=lambda xml: xml.replace(b'r="B1"', b'r="' + far + b'"'))
    (tmp_path / "a.xlsx").write_bytes(bomb)
    (tmp_path / "b.xlsx").write_bytes(saved(a_workbook(("note",), ("no heat",))))
    error, found = read_paths([str(tmp_path)], channel=None)
    assert isinstance(error, UnreadableSource)
    assert "needs more than 2,000 MB of memory" in str(error) or "broken" in str(error)
    assert isinstance(found, Message)


def zipped(files: dict[str, bytes], *, twice: str | None = None) -> bytes:
    """An .xlsx by its files, one of them perhaps twice under its name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        if twice is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                archive.writestr(twice, b"<x/>")
    return file.getvalue()


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


BOOK = parts(saved(a_workbook(("note",), ("no heat",))))


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"xl/sharedStrings.xml": b"<si><t>" + b"a" * 200_000_000}, "unpack to more than 200 times its size"),
        ({"xl/worksheets/sheet9.xml": b" " * 200_000_000}, "unpack to more than 200 times its size"),
        ({"../../outside.xml": b"<x/>"}, "a name that leads out of it"),
        ({"xl\\..\\..\\outside.xml": b"<x/>"}, "a name that leads out of it"),
        ({"/etc/outside.xml": b"<x/>"}, "a name that leads out of it"),
        ({"xl/styles.xml": b'<!DOCTYPE a [<!ENTITY b "no heat">]><a>&b;</a>'}, "declares entities"),
        ({"xl/comments1.xml": b" " * 3_000_000 + b'<!DOCTYPE a SYSTEM "file:///x"><a/>'}, "declares entities"),
    ],
    ids=["strings", "sheet", "up", "up-backslash", "root", "entity", "external"],
)
def test_a_bomb_is_refused_before_the_workbook_is_opened(
    read: Read, files: dict[str, bytes], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    (error,) = read(zipped(BOOK | files))
    assert isinstance(error, UnreadableSource)
    assert reason in str(error)


def test_two_files_under_one_name_are_refused(read: Read) -> None:
    (error,) = read(zipped(BOOK, twice="xl/workbook.xml"))
    assert "two files inside the workbook have the same name" in str(error)


def test_a_file_that_is_larger_than_it_says_is_refused(read: Read) -> None:
    data = bytearray(zipped(BOOK | {"xl/styles.xml": b"<a>" + b"b" * 50_000 + b"</a>"}))
    for start, size in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        places = [found.start() for found in re.finditer(re.escape(start), data)]
        for place in places:
            if data[place + size : place + size + 4] == (50_007).to_bytes(4, "little"):
                data[place + size : place + size + 4] = (100).to_bytes(4, "little")
    (error,) = read(bytes(data))
    assert "broken or cut short" in str(error)


def test_a_zip_inside_a_workbook_is_left_alone(read: Read) -> None:
    (found,) = messages(read(zipped(BOOK | {"xl/embeddings/inner.zip": zipped({"a": b"b"})})))
    assert found.text == "no heat"


def test_macros_comments_and_links_elsewhere_are_neither_run_nor_fetched(read: Read) -> None:
    extra = {
        "xl/vbaProject.bin": b"macro",
        "xl/connections.xml": b'<connections><connection url="http://127.0.0.1:9/"/></connections>',
        "xl/externalLinks/externalLink1.xml": b"<externalLink/>",
    }
    (found,) = messages(read(zipped(BOOK | extra)))
    assert found.text == "no heat"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<!DOCTYPE html><html><table><tr><td>note</td></tr></table></html>", "a web page or XML, not a table"),
        (b"%PDF-1.7", "a PDF"),
    ],
)
def test_what_only_has_the_name_of_a_workbook_is_told(read: Read, data: bytes, reason: str) -> None:
    (error,) = read(data)
    assert reason in str(error)


def test_a_csv_named_xlsx_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"note_id,note\nN1,no heat\n")
    (found,) = messages(list(read_paths([str(tmp_path / "a.xlsx")], channel=None)))
    assert found.text == "no heat"


def test_an_encrypted_ods_is_told(read: Read) -> None:
    locked = b'<manifest><file-entry full-path="content.xml"><encryption-data/></file-entry></manifest>'
    files = parts(an_ods(("note",), ("x",))) | {"META-INF/manifest.xml": locked, "content.xml": b"\x93noise"}
    (error,) = read(zipped(files))
    assert "protected by a password" in str(error)


def test_an_encrypted_xls_is_told(read: Read) -> None:
    begin = struct.pack("<HHHHHHII", 0x0809, 16, 0x0600, 5, 0x0DBB, 0x07CC, 0, 6)
    locked = struct.pack("<HHHHH", 0x002F, 6, 1, 1, 1) + b"\0" * 48
    (error,) = read(compound({"Workbook": (begin + locked).ljust(5000, b"\0")}))
    assert "protected by a password" in str(error)


def test_a_sheet_that_claims_every_cell_there_can_be_is_read_as_what_it_holds(read: Read) -> None:
    def claims(xml: bytes) -> bytes:
        return re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', xml)

    (found,) = messages(read(saved(a_workbook(("note",), ("no heat",)), change=claims)))
    assert found.text == "no heat"


@pytest.mark.parametrize("epoch", [CALENDAR_WINDOWS_1900, CALENDAR_MAC_1904])
def test_a_date_is_the_same_in_both_of_excels_calendars(read: Read, epoch: datetime) -> None:
    book = a_workbook(("note", "date"))
    book.epoch = epoch
    book.active.append(("no heat", datetime(2026, 11, 2, 9, 30)))  # noqa: DTZ001  # a workbook knows no zones
    (found,) = messages(read(saved(book)))
    assert found.received_at is not None
    assert found.received_at.isoformat() == "2026-11-02T09:30:00+00:00"


def test_excels_29_february_1900_is_refused_and_a_plain_serial_number_is_a_date(read: Read) -> None:
    book = a_workbook(("id", "note", "date"), (1, "no heat", 60), (2, "damp", 46328))
    book.active["C2"].number_format = "dd/mm/yyyy"
    refused, found = read(saved(book))
    assert isinstance(refused, RefusedRow)
    assert "before 2000" in refused.reason
    assert isinstance(found, Message)
    assert found.received_at is not None
    assert found.received_at.date() == date(2026, 11, 2)


def test_hidden_columns_and_filtered_rows_are_read(read: Read) -> None:
    book = a_workbook(("id", "note"), (1, "no heat"), (2, "damp"))
    book.active.column_dimensions["B"].hidden = True
    book.active.auto_filter.ref = "A1:B3"
    book.active.row_dimensions[3].hidden = True
    assert [m.text for m in messages(read(saved(book)))] == ["no heat", "damp"]


def test_a_chart_sheet_is_passed_over(read: Read) -> None:
    book = a_workbook(("note",), ("no heat",))
    book.create_chartsheet("Chart").add_chart(BarChart())
    assert [m.text for m in messages(read(saved(book)))] == ["no heat"]


@pytest.mark.parametrize("value", [b"", b"<v>#REF!</v>"], ids=["no value", "an error"])
def test_a_formula_without_a_value_is_refused_and_not_worked_out(read: Read, value: bytes) -> None:
    book = a_workbook(("id", "note"), (1, '=CONCAT("no", " heat")'))

    def change(xml: bytes) -> bytes:
        kind = b'r="B2" t="e"' if value else b'r="B2"'
        return re.sub(rb"(</f>)<v ?/>|(</f>)<v></v>", b"</f>" + value, xml).replace(b'r="B2"', kind)

    (refused,) = read(saved(book, change=change))
    assert isinstance(refused, RefusedRow)
    assert "the text is empty" in refused.reason


def test_a_header_below_a_title_is_found(read: Read) -> None:
    book = a_workbook(("Survey of autumn",), (), ("id", "note"), (1, "no heat"))
    (found,) = messages(read(saved(book)))
    assert (found.text, found.source) == ("no heat", "in.csv#1")


@given(noise=st.binary(max_size=2048))
@settings(deadline=None, max_examples=50)
def test_noise_that_begins_as_a_zip_file_is_only_ever_refused(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.xlsx"
    path.write_bytes(b"PK\x03\x04" + noise)
    (found,) = read_paths([str(path)], channel=None)
    assert isinstance(found, InputError)


XLSX = saved(a_workbook(("note",), ("no heat",)))
XLS = an_old_workbook(("note",), ("no heat",))


@given(data=st.sampled_from([XLSX, XLS]), share=st.floats(0, 1), value=st.binary(min_size=1, max_size=8))
@settings(deadline=None, max_examples=15)
def test_a_workbook_with_wrong_bytes_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, share: float, value: bytes
) -> None:
    raw = bytearray(data)
    place = 8 + int(share * (len(raw) - 17))
    raw[place : place + len(value)] = value
    path = tmp_path_factory.getbasetemp() / "wrong.xlsx"
    path.write_bytes(raw)
    assert all(isinstance(item, Message | InputError) for item in read_paths([str(path)], channel=None))
