"""What was decided about messages, read back from the store as the interface tells it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from service.deadlines import Today
from service.decision_schemas import KeptDecisionOut
from service.item_schemas import ItemOut
from service.store import items
from service.store import messages as store


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What was decided about a message and its item, and whether that is kept from officers now."""

    decision: KeptDecisionOut
    item: ItemOut | None
    hidden: bool


def decided(connection: Connection, message_ids: Sequence[str], today: Today) -> dict[str, Decided]:
    """By message id, where there is such a message."""
    rows = store.item_rows(connection, message_ids)
    found = {name: items.item_of(row) for name, row in rows.items()}
    return {
        name: Decided(
            decision=KeptDecisionOut.from_row(row),
            item=ItemOut.from_domain(found[name], today) if name in found else None,
            hidden=name in found and found[name].is_hidden,
        )
        for name, row in store.decision_rows(connection, message_ids).items()
    }
