"""Alembic asks this file how to connect: on the connection, and in the transaction, of `Database.migrate`."""

from alembic import context

from service.store import (  # noqa: F401  # their tables belong to the metadata
    audit_tables,
    desk_tables,
    import_tables,
    inbox_tables,
    model_tables,
    outbox_tables,
    people_tables,
    retention_tables,
    review_tables,
    tables,
)
from service.store.columns import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
