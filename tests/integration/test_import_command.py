import csv
import hashlib
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select

from pipeline.classify import MessageClassifier
from pipeline.domain import Channel
from pipeline.errors import HeardError, SettingsError, UnreadableSource
from pipeline.read.columns import parse_map
from pipeline.read.opened import Choice, open_table
from service.deadlines import Calendar
from service.import_checks import Notes
from service.import_runs import Job, check, import_file, rehearse_file, with_saved_map
from service.imported import Totals
from service.importing import BATCH, Import, items_of, plan_of
from service.intake import Intake
from service.settings import Nation
from service.store import tables
from service.store.database import Database
from service.store.import_tables import import_row, import_run
from tests.builders import COMPLAINT, REQUEST, THANKS
from tests.conftest import heard


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a run answered and said."""

    status: int
    out: str
    err: str


Imported = Callable[..., Done]


@pytest.fixture
def imported(
    bare_database_url: str,
    classifier: MessageClassifier,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Imported]:
    """What the command does, in a folder of its own, without loading the model each time."""
    monkeypatch.chdir(tmp_path)
    database = Database(bare_database_url)
    intake = Intake(database, classifier, Calendar(Nation.ENGLAND))

    def run(file: str, *pairs: str, dry_run: bool = False, result: str | None = None, **choice: Any) -> Done:
        columns = parse_map(pairs) if pairs else None
        job = Job(
            file=Path(file),
            source="survey",
            choice=Choice(columns=columns, **choice),
            result=Path(result) if result else None,
        )
        job = with_saved_map(job, database)
        check(job, preview=dry_run)
        if dry_run:
            totals = rehearse_file(job, database, classifier)
        else:
            database.migrate()
            totals = import_file(job, database, intake)
        said = capsys.readouterr()
        return Done(status=totals.exit_status, out=said.out, err=said.err)

    yield run
    database.close()


def a_table(*rows: str, header: str = "Ref,Score,Comments", name: str = "in.csv") -> str:
    Path(name).write_text("\n".join([header, *rows, ""]), encoding="utf-8", newline="")
    return name


def kept(url: str) -> dict[str, str]:
    """The words of every message, by its id."""
    database = Database(url)
    with database.reading() as connection:
        found = {row.id: row.text for row in connection.execute(select(tables.message.c.id, tables.message.c.text))}
    database.close()
    return found


def arrivals(url: str) -> Counter[str]:
    database = Database(url)
    with database.reading() as connection:
        counted = Counter(connection.scalars(select(tables.arrival.c.outcome)))
    database.close()
    return counted


def results(name: str) -> list[dict[str, str]]:
    with Path(name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


MAP = ("text=Comments", "id=Ref", "score=Score")


def test_every_row_is_received_refused_or_a_duplicate_and_the_result_says_which(
    imported: Imported, bare_database_url: str
) -> None:
    table = a_table(f'1,2,"{COMPLAINT}"', "2,,", "3,1,\"=cmd()|' /c calc'!A0\"", f'1,2,"{COMPLAINT}"', "4,5,6,7")
    done = imported(table, *MAP, result="out.csv")
    assert done.status == 1, done.err
    assert "5 rows = 2 received + 2 refused + 1 duplicates." in done.out
    assert "in.csv, line 3: the text is empty." in done.err
    assert "in.csv, line 6: 4 cells where the header has 3." in done.err
    found = results("out.csv")
    assert [(row["heard_line"], row["Ref"], row["heard_outcome"]) for row in found] == [
        ("2", "1", "accepted"),
        ("3", "2", "refused"),
        ("4", "3", "accepted"),
        ("5", "1", "duplicate"),
        ("6", "4", "refused"),
    ]
    assert found[0]["Comments"] == COMPLAINT
    assert found[0]["heard_route"] in {"signpost", "review"}
    database = Database(bare_database_url)
    with database.reading() as connection:  # a score makes it a survey (HOS 1.6)
        assert set(connection.scalars(select(tables.message.c.channel))) == {"survey"}
    database.close()
    assert 0 <= float(found[0]["heard_probability"]) <= 1
    assert "repeat_contact: third time (HOS 1.5)" in found[0]["heard_cues"]
    assert (found[0]["heard_score"], found[1]["heard_reason"]) == ("2", "the text is empty.")
    assert found[2]["Comments"] == "'=cmd()|' /c calc'!A0"
    assert found[4]["heard_rest"] == "7"
    assert arrivals(bare_database_url) == {"accepted": 2, "duplicate": 1, "quarantined": 2}
    assert set(kept(bare_database_url)) == {"1", "3"}


def test_the_same_file_adds_nothing_and_one_more_row_adds_one_and_another_order_adds_nothing(
    imported: Imported, bare_database_url: str
) -> None:
    rows = ["1,no heating", "1,no heating", "2,the lift is out", "3,£5 too much"]
    header = {"header": "score,comment"}
    assert "4 rows = 4 received" in imported(a_table(*rows, **header)).out
    assert "4 rows = 0 received + 0 refused + 4 duplicates." in imported(a_table(*rows, **header)).out
    assert "5 rows = 1 received" in imported(a_table(*rows, "1,no heating", **header)).out
    done = imported(a_table(*rows[::-1], **header))
    assert done.status == 0
    assert "4 rows = 0 received" in done.out
    assert sorted(kept(bare_database_url).values()).count("no heating") == 3


def test_an_import_that_is_killed_goes_on_with_exactly_the_missing_rows(
    imported: Imported, bare_database_url: str, model: Path, tmp_path: Path
) -> None:
    words = (COMPLAINT, REQUEST, THANKS)
    rows = 3 * BATCH
    table = a_table(*(f'{n},{n % 5},"{words[n % 3]} {n}"' for n in range(rows)))
    command = [str(Path(sys.executable).parent / "heard"), "import", table, "--source", "survey", "--result", "out.csv"]
    options = [part for pair in MAP for part in ("--map", pair)] + [
        "--database",
        bare_database_url,
        "--model",
        str(model),
    ]
    process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, cwd=tmp_path)
    while process.poll() is None and (not _is_current(bare_database_url) or not kept(bare_database_url)):
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    before = len(kept(bare_database_url))
    assert before in {BATCH, 2 * BATCH}
    assert not Path("out.csv").exists()
    done = imported(table, *MAP, result="out.csv")
    assert "This file was stopped before" in done.out
    assert f"{rows} rows = {rows} received + 0 refused + 0 duplicates." in done.out
    assert set(kept(bare_database_url)) == {str(n) for n in range(rows)}
    assert arrivals(bare_database_url) == {"accepted": rows}
    assert [row["heard_outcome"] for row in results("out.csv")] == ["accepted"] * rows
    assert all(row["heard_route"] for row in results("out.csv"))
    assert f"{rows} rows = 0 received + 0 refused + {rows} duplicates." in imported(table, *MAP).out
    assert _left(bare_database_url) == (0, 2)


def test_rows_that_went_in_before_the_stop_are_told_as_they_were_then(
    imported: Imported, bare_database_url: str, classifier: MessageClassifier
) -> None:
    table = a_table("1,1,No heat", "1,1,No heat", "2,2,", "3,3,Damp", "4,4,Lift out")
    database = Database(bare_database_url)
    database.migrate()
    intake = Intake(database, classifier, Calendar(Nation.ENGLAND))
    with open_table(Path(table), Choice(columns=parse_map(MAP))) as opened:
        digest = hashlib.sha256(Path(table).read_bytes()).hexdigest()
        options = (list(parse_map(MAP).pairs), None, None, None, None)
        run = Import(database, intake, plan_of("survey", table, digest, opened.columns, options))
        taking = run.take(items_of(opened, Notes()), Totals())
        assert [next(taking).outcome.value for _ in range(4)] == ["accepted", "duplicate", "refused", "accepted"]
        taking.close()  # what is left of the batch is in as well
    database.close()
    done = imported(table, *MAP)
    assert "5 of its messages and refusals are in already" in done.out
    assert "5 rows = 3 received + 1 refused + 1 duplicates." in done.out
    assert arrivals(bare_database_url) == {"accepted": 3, "duplicate": 1, "quarantined": 1}


def _is_current(url: str) -> bool:
    database = Database(url)
    try:
        return database.is_current()
    finally:
        database.close()


def _left(url: str) -> tuple[int, int]:
    """Rows of progress left, and runs that ended."""
    database = Database(url)
    with database.reading() as connection:
        rows = connection.scalar(select(func.count()).select_from(import_row))
        runs = connection.scalar(select(func.count(import_run.c.finished_at)))
    database.close()
    return rows or 0, runs or 0


def test_a_dry_run_says_what_would_happen_and_writes_nothing(imported: Imported, bare_database_url: str) -> None:
    table = a_table(
        "1;2;£5 too much", "2;;", "3;1;No heat", "3;1;No heat", "3;1;Other words", header="Ref;Score;Comments"
    )
    done = imported(table, *MAP, dry_run=True, result="out.jsonl")
    assert done.status == 1
    assert "in.csv: CSV, encoding utf-8, delimiter semicolon, header on line 1." in done.out
    assert "Map: text=Comments, id=Ref, score=Score." in done.out
    assert "£5 too much" in done.out
    assert "5 rows = 2 would be received + 2 refused + 1 duplicates." in done.out
    assert "Routes: " in done.out
    assert "line 3: the text is empty" in done.err
    found = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert [row["outcome"] for row in found] == ["accepted", "refused", "accepted", "duplicate", "refused"]
    assert found[0]["cells"] == {"Ref": "1", "Score": "2", "Comments": "£5 too much"}
    assert not _is_current(bare_database_url)


def test_the_map_is_kept_for_the_source_and_refused_where_it_no_longer_fits(
    imported: Imported, bare_database_url: str
) -> None:
    assert imported(a_table("1,2,No heat"), *MAP).status == 0
    done = imported(a_table("2,3,Lift out", name="next.csv"))
    assert "Map: text=Comments, id=Ref, score=Score." in done.out
    assert set(kept(bare_database_url)) == {"1", "2"}
    with pytest.raises(UnreadableSource, match="no column 'Comments'; the columns are 'Ref', 'Score', 'Words'"):
        imported(a_table("3,3,Lift out", header="Ref,Score,Words"))
    assert set(kept(bare_database_url)) == {"1", "2"}


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        (("text=Ref", "id=Comments"), "'Ref' is mapped to text, but its cells look like ids"),
        (("text=Score", "id=Comments"), "'Comments' is mapped to id, but its cells are sentences"),
        (("text=Comments", "received=Ref"), "'Ref' is mapped to received, but its cells are no times"),
        (("text=Comments", "id=Other"), "there is no column 'Other'"),
    ],
)
def test_a_map_that_cannot_be_meant_is_refused_with_a_preview(
    tmp_path: Path,
    pairs: tuple[str, ...],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    table = a_table(*(f"R{n},{n},Nobody came on the day {n} at all" for n in range(8)))
    job = Job(file=Path(table), source="survey", choice=Choice(columns=parse_map(pairs)))
    with pytest.raises(HeardError, match=sentence) as refused:
        check(job, preview=False)
    assert "Nobody came" not in str(refused.value)
    assert ("Nobody came" in capsys.readouterr().out) == ("is mapped to" in sentence)


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        (("text=Comments", "mood=Ref"), "there is no field 'mood'"),
        (("id=Ref",), "nothing is mapped to text"),
        (("text",), "is not of the form field=Column"),
        (("text=a", "id=b", "id=c"), "id is mapped twice"),
    ],
)
def test_a_map_that_is_none_is_a_sentence(pairs: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        parse_map(pairs)


def test_each_answer_of_a_row_is_a_message_of_its_own(imported: Imported, bare_database_url: str) -> None:
    table = a_table(
        *('7,2,"No heat",Thanks anyway', "8,5,,Fine", "9,5,,"), header="Ref,Score,What went wrong?,Anything else?"
    )
    columns = ("text=What went wrong?", "text=Anything else?", "id=Ref")
    done = imported(table, *columns, result="out.csv")
    assert "4 answers of 3 rows = 3 received + 1 refused + 0 duplicates." in done.out
    assert kept(bare_database_url) == {
        "7/What went wrong?": "No heat",
        "7/Anything else?": "Thanks anyway",
        "8/Anything else?": "Fine",
    }
    assert [(row["heard_line"], row["heard_answer"]) for row in results("out.csv")] == [
        ("2", "What went wrong?"),
        ("2", "Anything else?"),
        ("3", "Anything else?"),
        ("4", ""),
    ]


def test_answers_of_rows_without_an_id_go_in_once(imported: Imported, bare_database_url: str) -> None:
    table = a_table("2,No heat,Damp", "2,No heat,Damp", header="Score,First,Second")
    columns = ("text=First", "text=Second", "score=Score")
    assert "4 answers of 2 rows = 4 received" in imported(table, *columns).out
    assert "4 answers of 2 rows = 0 received" in imported(table, *columns).out
    assert len(kept(bare_database_url)) == 4


def test_dates_and_ids_that_a_spreadsheet_may_have_spoilt_are_noted(imported: Imported) -> None:
    table = a_table("1.23E+15,03/07/2026,No heat", "2,25/07/2026,Damp", header="Ref,Day,Comments")
    done = imported(table, "text=Comments", "id=Ref", "received=Day", channel=Channel.NOTE)
    assert done.status == 0, done.err
    assert "1 dates could have the month first (the first on line 2)" in done.out
    assert "1 ids look like 1.23E+15 (the first on line 2)" in done.out


def test_a_workbook_with_several_sheets_needs_one_named(imported: Imported, bare_database_url: str) -> None:
    book = Workbook()
    book.active.append(("code", "ward"))
    for name, state in (("Answers", "visible"), ("Old", "hidden")):
        sheet = book.create_sheet(name)
        sheet.sheet_state = state
        sheet.append(("Ref", "Score", "Comments"))
        sheet.append((17, 2, f"No heat, {name}"))
    book.save("book.xlsx")
    with pytest.raises(UnreadableSource, match="several sheets: choose one of 'Sheet', 'Answers', 'Old' with --sheet"):
        imported("book.xlsx", *MAP)
    with pytest.raises(UnreadableSource, match="there is no sheet 'Nope'"):
        imported("book.xlsx", *MAP, sheet="Nope")
    done = imported("book.xlsx", *MAP, sheet="Answers")
    assert "workbook, sheet 'Answers', the sheet 'Old' is hidden and is not read, header on line 1." in done.out
    assert kept(bare_database_url) == {"17": "No heat, Answers"}


def test_json_lines_are_mapped_by_their_fields(imported: Imported, bare_database_url: str) -> None:
    lines = [{"ref": 1, "words": "No heat", "stars": 2}, {"ref": "2", "words": "Lift out", "stars": None}]
    Path("in.jsonl").write_text("\n".join([*map(json.dumps, lines), "{broken", ""]))
    done = imported("in.jsonl", "text=words", "id=ref", "score=stars")
    assert done.status == 1
    assert "in.jsonl, line 3: not valid JSON" in done.err
    assert kept(bare_database_url) == {"1": "No heat", "2": "Lift out"}


def test_the_result_of_an_import_gives_the_same_words_again(imported: Imported, bare_database_url: str) -> None:
    table = a_table('1,2,"=1+1"', '2,3,"\'tis cold"', '3,4,"fine\n-x"', "4,5,'=2")
    imported(table, *MAP, result="out.csv")
    before = kept(bare_database_url)
    done = imported("out.csv", result="again.csv")
    assert "4 rows = 0 received + 0 refused + 4 duplicates." in done.out, done.err
    assert kept(bare_database_url) == before
    assert list(results("again.csv")[0]) == list(results("out.csv")[0])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("gone.csv",), "there is no such file"),
        (("in.csv", "--delimiter", "::"), "a delimiter is one character"),
        (("in.csv", "--result", "in.csv"), "the result would overwrite the table"),
    ],
)
def test_what_cannot_run_ends_with_status_2_and_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    a_table("1,2,No heat", header="id,score,comment")
    done = heard("import", "--source", "survey", *options, cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in " ".join(done.stderr.replace("\u2502", " ").split())
    assert "Traceback" not in done.stderr + done.stdout
    assert not Path("heard.db").exists()


def test_the_command_says_by_its_status_that_rows_were_refused_and_draws_no_bar_in_a_pipe(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    a_table("1,2,No heat", "2,2,", header="id,score,comment")
    done = heard("import", "in.csv", "--source", "survey", "--model", str(model), cwd=tmp_path)
    assert done.returncode == 1
    assert "2 rows = 1 received + 1 refused + 0 duplicates." in done.stdout
    assert done.stderr == "in.csv, line 3: the text is empty.\n"
    assert heard("reconcile", cwd=tmp_path).returncode == 0
