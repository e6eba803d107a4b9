"""What the service does beside answering: webhooks, the head of the audit record, a challenger in the shadow."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from service.audit_head import HeadPublisher
from service.sender import Sender
from service.settings import Settings
from service.shadow_process import Keeper
from service.store.database import Database
from service.vault import Vault
from service.webhook_post import Poster


@contextmanager
def background(settings: Settings, database: Database) -> Iterator[None]:
    """Work in threads to the end of the block. With `deliver` off, `heard deliver` sends instead."""
    stop = Event()
    work = [HeadPublisher(database, settings.audit_head_file).run]
    work.append(Keeper(settings, database).run)
    if settings.deliver:
        work.append(Sender(database, Poster(), vault=Vault.of(settings)).run)
    threads = [Thread(target=one, args=(stop,), daemon=True) for one in work]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
