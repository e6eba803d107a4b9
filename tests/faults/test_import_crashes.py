"""P18: the process ends inside an import, at a named point; run again, each row is in once and told as it was."""

import os
from pathlib import Path

import pytest

from pipeline.read.opened import Choice, open_table
from service.crashpoints import KILLED, VARIABLE
from service.deadlines import Calendar
from service.import_checks import Notes
from service.imported import Totals
from service.importing import BATCH, Import, items_of
from service.intake import Intake
from service.settings import Nation
from service.store import checks, tables
from service.store.database import Database
from tests.faults import harness
from tests.soak.imports import _PLAN, StandIn, _count, write_table

_ROWS = 2 * BATCH + 40


def take(table: Path, url: str) -> Totals:
    database, totals = Database(url), Totals()
    with open_table(table, Choice()) as opened:
        run = Import(database, Intake(database, StandIn(), Calendar(Nation.ENGLAND)), _PLAN)
        for _ in run.take(items_of(opened, Notes()), totals):
            pass
    database.close()
    return totals


@pytest.mark.parametrize("passage", [1, 2])
@pytest.mark.parametrize(
    ("point", "batches"),
    [("intake_after_message", 0), ("import_before_note", 0), ("intake_before_commit", 0), ("import_after_receive", 1)],
)
def test_a_crash_in_a_batch_leaves_it_out_whole_or_in_with_its_note(
    database_url: str, tmp_path: Path, point: str, batches: int, passage: int
) -> None:
    database, table = Database(database_url), tmp_path / "in.csv"
    database.migrate()
    database.close()
    write_table(table, _ROWS, seed=1)

    def armed() -> None:
        os.environ[VARIABLE] = f"{point}:{passage}"
        take(table, database_url)

    assert harness.exit_status(harness.in_child(armed)) == KILLED
    database = Database(database_url)
    assert _count(database, tables.message) == (batches + passage - 1) * BATCH
    totals = take(table, database_url)
    assert dict(totals.outcomes) == {"accepted": _ROWS}
    assert _count(database, tables.message) == _count(database, tables.arrival) == _ROWS
    with database.reading() as connection:
        assert checks.broken(connection) == []
    database.close()
