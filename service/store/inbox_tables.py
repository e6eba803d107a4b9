"""The tables of the watcher: how each source fares, and how far each folder of a mailbox has been read."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Float, ForeignKey, Integer, String, Table, Text

from service.store.columns import Moment, metadata, one_of

SOURCE_KINDS = ("mailbox", "folder")

inbox_source = Table(
    "inbox_source",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("since", Moment, nullable=False),
    Column("looked_at", Moment),
    Column("message_at", Moment),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failure", Text, nullable=False, server_default=""),
    Column("refused_at", Moment),
    Column("silent_after", Float, nullable=False),
    Column("stopped_after", Float, nullable=False),
    one_of("kind", SOURCE_KINDS),
)

inbox_cursor = Table(
    "inbox_cursor",
    metadata,
    Column("source", ForeignKey("inbox_source.name"), primary_key=True),
    Column("folder", String(500), primary_key=True),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("last_uid", BigInteger, nullable=False),
    Column("tidied_uid", BigInteger, nullable=False),
    Column("delivered_at", Moment),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("vanished", Integer, nullable=False, server_default="0"),
    CheckConstraint("0 <= tidied_uid AND tidied_uid <= last_uid", name="order"),
)
