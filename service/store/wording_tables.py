"""The table of wordings, every version of each: an offer says which one was sent."""

from sqlalchemy import Boolean, Column, Integer, String, Table, Text, UniqueConstraint

from service.store.columns import Moment, metadata, serial

wording_version = Table(
    "wording_version",
    metadata,
    Column("id", serial(), primary_key=True, autoincrement=True),
    Column("profile", String(60), nullable=False),
    Column("wording_id", String(60), nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", String(100), nullable=False),
    Column("text", Text, nullable=False),
    Column("in_use", Boolean, nullable=False),
    Column("made_by", String(100), nullable=False),
    Column("made_at", Moment, nullable=False),
    UniqueConstraint("profile", "wording_id", "version"),
)
