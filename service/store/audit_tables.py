"""The table of the audit record; migration 0010 adds the triggers that refuse to change or remove a row of it."""

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from service.store.columns import Moment, metadata

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # counted here: a gap is a row removed
    Column("at", Moment, nullable=False),
    Column("kind", String(60), nullable=False),
    Column("actor", String(100), nullable=False),
    Column("about", String(220), nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "about"),
)
