"""What the service does beside answering: it sends webhooks, and publishes the head of the audit record."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from service.audit_head import HeadPublisher
from service.sender import Sender
from service.settings import Settings
from service.store.database import Database
from service.webhook_post import Poster


@contextmanager
def background(settings: Settings, database: Database) -> Iterator[None]:
    """Work in threads to the end of the block. With `deliver` off, `heard deliver` sends instead."""
    stop = Event()
    work = [HeadPublisher(database, settings.audit_head_file).run]
    if settings.deliver:
        work.append(Sender(database, Poster()).run)
    threads = [Thread(target=one, args=(stop,), daemon=True) for one in work]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
