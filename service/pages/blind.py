"""Items of the blind sample: the officer decides before seeing what heard thinks, so that its misses can be counted."""

from sqlalchemy import RowMapping

from service.queue import QueueItem, QueueStatus


def is_hidden(item: QueueItem, details: RowMapping) -> bool:
    """Whether what heard thinks of this item is kept from everybody now."""
    return bool(details["blind"]) and item.status is QueueStatus.NEW
