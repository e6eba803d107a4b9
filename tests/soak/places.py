"""Where a soak puts its messages."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from service.store.database import Database
from tests.postgres import Cluster


@contextmanager
def a_database(wanted: str | None, folder: str) -> Iterator[tuple[str, Cluster | None]]:
    """The address of a database with our tables, and the cluster of its own that `postgresql` asks for.

    Without a wish it is a new SQLite file in the folder; any other wish is the address of an empty database.
    """
    with Cluster() if wanted == "postgresql" else nullcontext() as cluster:
        url = cluster.url if cluster else wanted or f"sqlite:///{folder}/heard.db"
        database = Database(url)
        database.migrate()
        database.close()
        yield url, cluster
