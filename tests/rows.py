"""Rows written one by one, as a desk is laid out for a test."""

from datetime import datetime

from sqlalchemy import Connection

from pipeline.domain import Decision, Message
from service.deadlines import Deadlines
from service.queue import QueueName
from service.store import messages, tables
from service.store.contacts import Earlier


def add_message(connection: Connection, received: Message, source: str, received_at: datetime, before: Earlier) -> None:
    row = messages.message_values(received, source, received_at, before)
    messages.insert_all(connection, tables.message, [row])


def add_decision(connection: Connection, made: Decision, at: datetime) -> None:
    messages.insert_all(connection, tables.decision, [messages.decision_values(made, at)])


def add_item(
    connection: Connection,
    made: Decision,
    queue: QueueName,
    received_at: datetime,
    dates: Deadlines,
    *,
    blind: bool = False,
) -> None:
    row = messages.item_values(made, queue, received_at, dates, blind=blind)
    messages.insert_all(connection, tables.queue_item, [row])
