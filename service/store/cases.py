"""Which messages belong to one case."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from service.store.review_tables import case_file, case_message
from service.store.tables import message


def exists(connection: Connection, message_id: str) -> bool:
    """Whether there is such a message."""
    return connection.scalar(select(message.c.id).where(message.c.id == message_id)) is not None


def messages_of(connection: Connection, message_id: str) -> list[str]:
    """The other messages of a message's case."""
    mine = select(case_message.c.case_id).where(case_message.c.message_id == message_id).scalar_subquery()
    query = select(case_message.c.message_id).where(case_message.c.case_id == mine)
    found = connection.scalars(query.order_by(case_message.c.message_id))
    return [name for name in found if name != message_id]


def link(connection: Connection, first: str, second: str, *, at: datetime, by: str) -> bool:
    """Put two messages, and all that belongs to them, in one case; False where they were."""
    cases = {
        row.message_id: row.case_id
        for row in connection.execute(
            select(case_message).where(case_message.c.message_id.in_([first, second])).with_for_update()
        )
    }
    if len(cases) == 2 and cases[first] == cases[second]:
        return False
    case_id = min(cases.values(), default=None)
    if case_id is None:
        opened = insert(case_file).values(opened_at=at, opened_by=by).returning(case_file.c.id)
        case_id = int(connection.execute(opened).scalar_one())
    for other in set(cases.values()) - {case_id}:
        connection.execute(update(case_message).where(case_message.c.case_id == other).values(case_id=case_id))
    for name in sorted({first, second} - set(cases)):  # in one order, or two who link at once wait for each other
        connection.execute(insert(case_message).values(message_id=name, case_id=case_id))
    return True


def unlink(connection: Connection, message_id: str, other: str) -> bool:
    """Take `other` out of the case; False where it was not in it. The last one left is in no case."""
    rest = messages_of(connection, message_id)
    if other not in rest:
        return False
    gone = [other] if len(rest) > 1 else [other, message_id]
    connection.execute(delete(case_message).where(case_message.c.message_id.in_(gone)))
    return True
