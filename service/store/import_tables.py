"""The tables of `heard import`: a source's map, what an import was run on, and how far it has come."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text

from service.imported import Outcome
from service.store.columns import Moment, metadata, one_of, serial

import_map = Table(
    "import_map",
    metadata,
    Column("source", String(200), primary_key=True),
    Column("pairs", JSON, nullable=False),
    Column("saved_at", Moment, nullable=False),
)

import_run = Table(
    "import_run",
    metadata,
    Column("id", serial(), primary_key=True, autoincrement=True),
    Column("source", String(200), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("file_sha256", String(64), nullable=False),
    Column("plan_sha256", String(64), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("accepted", Integer),
    Column("refused", Integer),
    Column("duplicate", Integer),
    Column("pairs", JSON, nullable=False, server_default="[]"),
    Column("channel", String(20)),
    Index(None, "source", "file_sha256"),
)

import_row = Table(
    "import_row",
    metadata,
    Column("run_id", ForeignKey("import_run.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("outcome", String(20), nullable=False),
    one_of("outcome", Outcome),
)
"""Of runs that have not ended only: a row for each message or refusal, in the order of the file."""
