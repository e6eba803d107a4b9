"""The tables of what each officer has set up for themselves on the pages."""

from sqlalchemy import Boolean, Column, String, Table, Text, false

from service.store.columns import metadata

officer_choice = Table(
    "officer_choice",
    metadata,
    Column("officer", String(100), primary_key=True),
    Column("single_keys", Boolean, nullable=False),
    Column("suggestion_first", Boolean, nullable=False),
    Column("toured", Boolean, server_default=false(), nullable=False),
    Column("team", String(100), server_default="", nullable=False),
)

saved_view = Table(
    "saved_view",
    metadata,
    Column("officer", String(100), primary_key=True),
    Column("name", String(60), primary_key=True),
    Column("query", Text, nullable=False),
)
