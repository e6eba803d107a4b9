"""A house with a resident whose every trace can be looked for."""

import gzip
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import insert, select, update

from pipeline.domain import Label, Message
from pipeline.read.files import read_paths
from service import reconcile
from service.api.context import Context
from service.erasure import Eraser
from service.store import tables
from service.store.desk_tables import saved_view
from service.store.outbox_tables import outbox, webhook
from service.store.review_tables import offer, review, second_reading
from service.store.reviews import Review
from service.turns import Asking
from tests.builders import COMPLAINT, RECEIVED, REQUEST

CANARY = "zqcanary7"


ADDRESS = f"{CANARY}@example.org"


OTHER = "neighbour@example.net"


DESK = "A. Khan"


def a_canary_mail(number: int = 1) -> bytes:
    return (
        f"Received: from mx.example.org by in.brindlevale.example; Mon, 02 Nov 2026 09:30:00 +0000\n"
        f"From: {CANARY.title()} Moss <{ADDRESS.upper()}>\nTo: repairs@brindlevale.example\nSubject: {CANARY} boiler\n"
        f"Date: Mon, 02 Nov 2026 09:30:00 +0000\nMessage-ID: <{number}@example.org>\n\n"
        f"{COMPLAINT} It is {CANARY} {number}, at 4 {CANARY} Close, and nobody ever came.\n"
    ).encode()


class House:
    """A service that holds something of a person everywhere it can, and of somebody else too."""

    def __init__(self, context: Context, folder: Path) -> None:
        self.context, self.folder, self.url = context, folder, context.settings.database
        self.copies, self.list = folder / "copies", folder / "erasures.jsonl"
        self.copies.mkdir()
        self.eraser = Eraser(
            context.database, self.url, self.list, folders=(self.copies,), own={"repairs@brindlevale.example"}
        )

    def receive(self, mail: bytes, key: str | None = None) -> str:
        inbox = self.folder / "in"
        inbox.mkdir(exist_ok=True)
        path = inbox / f"{CANARY}.eml"
        path.write_bytes(mail)
        (message,) = read_paths([str(path)], channel=None)
        path.unlink()
        assert isinstance(message, Message)
        return self.context.intake.receive(message, source="inbox", key=key).message_id

    def item(self, message_id: str) -> int:
        with self.context.database.reading() as connection:
            found = connection.scalar(
                select(tables.queue_item.c.id).where(tables.queue_item.c.message_id == message_id)
            )
        assert found is not None
        return int(found)

    def close(self, message_id: str, note: str = "") -> None:
        """An officer decides: a service request, with a note."""
        item = self.item(message_id)
        fence = self.context.claiming.claim(item, Asking(by=DESK)).fence
        made = Review(verdict=Label.SERVICE_REQUEST, saw_suggestion=True, note=note, reason=note)
        self.context.reviewing.review(item, Asking(by=DESK), fence, made, asks_for=note)

    def scatter(self, message_id: str) -> None:
        """Words of the person where only some days bring them."""
        with self.context.database.writing() as connection:
            cue = [{"kind": "delay", "text": CANARY, "start": 0, "end": 9, "provision": "1.5"}]
            connection.execute(
                update(tables.decision)
                .where(tables.decision.c.message_id == message_id)
                .values(cues=cue, words=[{"text": CANARY, "start": 0, "end": 9, "weight": 1.0}], reasons=[CANARY])
            )
            connection.execute(
                update(tables.message)
                .where(tables.message.c.id == message_id)
                .values(case_reference=CANARY, property_reference=CANARY)
            )
            item = tables.queue_item.c.message_id == message_id
            connection.execute(update(tables.queue_item).where(item).values(case_reference=CANARY))
            reviewed = connection.scalar(select(review.c.event_id))
            connection.execute(insert(offer).values(event_id=reviewed, wording_id="w", wording=f"Dear {CANARY}"))
            connection.execute(
                insert(second_reading).values(
                    event_id=reviewed,
                    item_id=select(tables.queue_item.c.id).where(item).scalar_subquery(),
                    share=1,
                    drawn_at=RECEIVED,
                    read_at=RECEIVED,
                    read_by="S. Patel",
                    verdict="other",
                    note=f"{CANARY} rang me too",
                )
            )
            connection.execute(
                insert(webhook).values(
                    id=1,
                    url="https://cases.example/",
                    events=[],
                    with_text=False,
                    allow_private=False,
                    secret="s",
                    added_at=RECEIVED,
                )
            )
            connection.execute(
                insert(outbox).values(
                    webhook_id=1,
                    event_id="e",
                    kind="message.decided",
                    message_id=message_id,
                    at=RECEIVED,
                    data=json.dumps({"item": CANARY}),
                    status="waiting",
                    due_at=RECEIVED,
                )
            )
            connection.execute(insert(saved_view).values(officer=DESK, name="v", query=f"words={CANARY}%40example.org"))

    def write_copies(self) -> None:
        row = json.dumps({"sender": ADDRESS, "text": CANARY})
        (self.copies / "export.jsonl").write_text(row + "\n")
        (self.copies / "export.csv").write_bytes(f"sender,text\n{ADDRESS},{CANARY}\n".encode("utf-16-le"))
        with gzip.open(self.copies / "export.jsonl.gz", "wt") as packed:
            packed.write(row)
        with zipfile.ZipFile(self.copies / "export.xlsx", "w", zipfile.ZIP_DEFLATED) as workbook:
            workbook.writestr("xl/sharedStrings.xml", f"<t>{ADDRESS}</t>")
        pq.write_table(pa.table({"sender": [ADDRESS], "text": [CANARY]}), self.copies / "export.parquet")
        (self.copies / "others.jsonl").write_text(json.dumps({"sender": OTHER, "text": REQUEST}) + "\n")

    def holds(self) -> bool:
        """Whether nothing vanished, as `heard reconcile` says."""
        return reconcile.print_balances(self.context.database)

    def texts(self) -> dict[str, str]:
        with self.context.database.reading() as connection:
            rows = connection.execute(select(tables.message.c.id, tables.message.c.text)).all()
        return {row.id: row.text for row in rows}
