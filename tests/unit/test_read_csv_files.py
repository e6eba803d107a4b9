from pathlib import Path

import pytest

from pipeline.domain import Channel, Message
from pipeline.errors import RefusedRow, SettingsError
from pipeline.read.csv_files import FIELD_LIMIT, RECORD_LINES, detect
from pipeline.read.tables import read_csv

NEVER_CAME = "£5 too much"


def read(tmp_path: Path, data: bytes) -> list[Message | RefusedRow]:
    path = tmp_path / "in.csv"
    path.write_bytes(data)
    return list(read_csv(path, source="in.csv", channel=Channel.SURVEY))


def texts(found: list[Message | RefusedRow]) -> list[str]:
    return [message.text for message in found if isinstance(message, Message)]


def refusals(found: list[Message | RefusedRow]) -> list[tuple[int | None, str]]:
    return [(row.line, row.reason) for row in found if isinstance(row, RefusedRow)]


@pytest.mark.parametrize(
    ("encoding", "guess"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("cp1252", "cp1252"),
        ("cp850", "cp850"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_the_encoding_is_told_by_the_bytes(tmp_path: Path, encoding: str, guess: str) -> None:
    found = read(tmp_path, f"id,text\n1,{NEVER_CAME}\n2,caffè\n".encode(encoding))
    assert texts(found) == [NEVER_CAME, "caffè"]
    assert [message.id for message in found if isinstance(message, Message)] == ["1", "2"]
    assert detect(tmp_path / "in.csv").encoding == guess


@pytest.mark.parametrize(
    "data",
    [
        "id;text\n1;£5 too much\n",
        "sep=;\nid;text\n1;£5 too much\n",
        "id\ttext\n1\t£5 too much\n",
        "id|text\n1|£5 too much\n",
        "id;score;text\n1;4,5;£5 too much\n",
        "id;what, if anything, went wrong, and when;text\n1;x;£5 too much\n",
    ],
)
def test_the_delimiter_is_told_by_the_header(tmp_path: Path, data: str) -> None:
    assert texts(read(tmp_path, data.encode())) == [NEVER_CAME]


def test_a_row_in_another_encoding_is_refused_by_its_line_and_the_others_are_read(tmp_path: Path) -> None:
    lines = ["id,text", f"1,{NEVER_CAME}", "2,naïve", "3,fine"]
    data = "\n".join(lines).encode() + "\n4,£6\n".encode("cp1252") + b"5,last\n"
    found = read(tmp_path, data)
    assert texts(found) == [NEVER_CAME, "naïve", "fine", "last"]
    assert refusals(found) == [(5, "the row holds bytes that are not utf-8: save the file as UTF-8.")]
    assert next(row for row in found if isinstance(row, RefusedRow)).raw.endswith(b"4,\xa36\n")


def test_a_byte_that_its_encoding_does_not_know_costs_its_row_only(tmp_path: Path) -> None:
    found = read(tmp_path, b"id,text\n1,\xa35 \x9d thing\n2,\xa36\n")
    assert texts(found) == ["£6"]
    assert refusals(found) == [(2, "the row holds bytes that are not cp1252: save the file as UTF-8.")]


def test_an_encoding_that_does_not_exist_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,text\n")
    with pytest.raises(SettingsError, match="there is no encoding 'klingon'"):
        detect(tmp_path / "in.csv", encoding="klingon")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('"two\nlines, ""quoted"""', 'two\nlines, "quoted"'),
        ('"two\r\nlines"', "two\r\nlines"),
        ('"he said \\"no, never\\""', 'he said "no, never"'),
        ('"ends with \\"', "ends with \\"),
        ('a 5" pipe', 'a 5" pipe'),
    ],
)
def test_newlines_and_quotes_inside_a_cell_belong_to_the_text(tmp_path: Path, cell: str, text: str) -> None:
    found = read(tmp_path, f'id,text\n1,{cell}\n2,"next ""one"""\n'.encode())
    assert texts(found) == [text, 'next "one"']


@pytest.mark.parametrize("rows", [5, RECORD_LINES - 1, RECORD_LINES * 2])
def test_a_quote_never_closed_costs_its_own_line_and_merges_nothing(tmp_path: Path, rows: int) -> None:
    data = b'id,text\n1,fine\n2,"open\n' + b"".join(b"%d,row\n" % n for n in range(3, rows + 3))
    found = read(tmp_path, data)
    assert len(texts(found)) == 1 + rows
    assert [line for line, _ in refusals(found)] == [3]
    assert "is not closed" in refusals(found)[0][1]


@pytest.mark.parametrize("later", ['9,"quoted, later",5', '9,"",5', '9,"a ""b"" c",5', "9,plain,5", '9,closed,5"'])
def test_a_quote_never_closed_is_found_when_quoted_rows_follow(tmp_path: Path, later: str) -> None:
    data = "\n".join(["id,text,score", "1,fine,1", '2,"open,2', "3,next,3", "4,more,4", later, "10,last,5", ""])
    found = read(tmp_path, data.encode())
    assert {3} <= {line for line, _ in refusals(found)}
    assert texts(found)[:3] == ["fine", "next", "more"]
    assert texts(found)[-1] == "last"
    assert all("\n" not in text for text in texts(found))


def test_a_text_of_many_lines_is_one_message(tmp_path: Path) -> None:
    words = "\n".join(f"line {n}, with a comma" for n in range(RECORD_LINES - 2))
    assert texts(read(tmp_path, f'id,text\n1,"{words}"\n'.encode())) == [words]


def test_a_text_of_too_many_lines_is_refused_line_by_line_and_never_one_giant_message(tmp_path: Path) -> None:
    words = "\n".join(f"line {n}" for n in range(RECORD_LINES + 1))
    found = read(tmp_path, f'id,text\n1,"{words}"\n2,ok\n'.encode())
    assert texts(found) == ["ok"]
    assert [line for line, _ in refusals(found)] == list(range(2, RECORD_LINES + 3))


def test_a_cell_may_be_far_longer_than_the_standard_reader_allows(tmp_path: Path) -> None:
    found = read(tmp_path, b"id,text\n1," + b"damp " * 40_000 + b"\n2," + b"x" * (FIELD_LIMIT + 1) + b"\n3,ok\n")
    assert [len(text) for text in texts(found)] == [199_999, 2]
    assert refusals(found) == [(3, "a cell has more than 2,000,000 characters.")]


def test_a_line_without_an_end_is_not_read_into_memory(tmp_path: Path) -> None:
    found = read(tmp_path, b"id,text\n1," + b"x" * (3 * FIELD_LIMIT) + b"\n2,ok\n")
    assert texts(found) == ["ok"]
    assert refusals(found) == [(2, "the line has more than 4,000,000 characters.")]


def test_a_nul_in_a_cell_costs_nothing(tmp_path: Path) -> None:
    (found,) = read(tmp_path, b"id,text\n1,no\x00 heat in any of the rooms of this flat since Friday morning at six\n")
    assert isinstance(found, Message)
    assert found.text.startswith("no\x00 heat")


@pytest.mark.parametrize("above", [1, 4, 9])
def test_a_header_below_titles_is_found(tmp_path: Path, above: int) -> None:
    data = b"Survey of autumn; all areas\n" * above + b"id,text\n1,ok\n2,too,many\n"
    found = read(tmp_path, data)
    assert texts(found) == ["ok"]
    assert refusals(found) == [(above + 3, "3 cells where the header has 2.")]
