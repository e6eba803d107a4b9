"""Valid things with sensible defaults; a test names only what it is about."""

from datetime import UTC, datetime
from typing import Any

from pipeline.domain import (
    Category,
    Channel,
    Cue,
    CueKind,
    Decision,
    Flag,
    Jurisdiction,
    Label,
    LabelledMessage,
    Message,
    MessageKind,
    Prediction,
    PreparedMessage,
    Route,
    Thresholds,
)

RECEIVED = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)

COMPLAINT = "Nobody came on the 3rd, nobody rang, and this is the third time I have been in touch about the boiler."
REQUEST = "Hello, could you send someone to look at a dripping tap in the kitchen please? It started this morning."
THANKS = "Just to say the new bench by the pond is lovely, the children sit there every day."


def a_message(**given: Any) -> Message:
    values = {"id": "m-1", "text": COMPLAINT, "channel": Channel.WEB_FORM, "received_at": RECEIVED, **given}
    return Message(**values)


def a_cue(kind: CueKind = CueKind.REPEAT_CONTACT, flag: Flag | None = None) -> Cue:
    return Cue(kind=kind, text="third time", start=0, end=10, flag=flag)


def a_prediction(complaint: float = 0.9, service_request: float | None = None) -> Prediction:
    rest = 1 - complaint
    request = rest * 0.8 if service_request is None else service_request
    return Prediction(complaint=complaint, service_request=request, other=rest - request, topic="heating")


def a_prepared(**given: Any) -> PreparedMessage:
    values = {"text": COMPLAINT, "subject": "", "channel": Channel.WEB_FORM, "cues": (), **given}
    return PreparedMessage(**values)


def some_thresholds(review: float = 0.2, stage_1: float = 0.7) -> Thresholds:
    return Thresholds(review=review, stage_1=stage_1, alpha=0.05, delta=0.1, n=400, k=12)


def a_row(**given: Any) -> dict[str, Any]:
    return {"id": "r-1", "text": COMPLAINT, "channel": "web_form", **given}


def a_corpus_row(**given: Any) -> dict[str, Any]:
    return {
        "id": "x01-0001",
        "text": COMPLAINT,
        "channel": "email",
        "label": "complaint",
        "contested": False,
        "prior_chance": True,
        "topic": "heating",
        "author": "x01",
        "scenario": "x01-0001",
        "split": "train",
        "annotator_1": "complaint",
        **given,
    }


def a_mail(
    body: str = "The lift is out.", *, headers: str = "", subject: str = "Lift", content: str = "text/plain"
) -> bytes:
    head = (
        f"From: Jo Tarn <jo@example.org>\nTo: repairs@brindlevale.example\nSubject: {subject}\n"
        f"Date: Mon, 02 Nov 2026 09:30:00 +0000\nMessage-ID: <1@example.org>\n{headers}"
        f"MIME-Version: 1.0\nContent-Type: {content}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
    )
    return (head + body).encode()


WRITTEN = MessageKind.WRITTEN


def a_decision(complaint: float = 0.9, route: Route = Route.STAGE_1, **given: Any) -> Decision:
    prediction = a_prediction(complaint)
    values = {
        "message_id": "m-1",
        "source": None,
        "channel": Channel.WEB_FORM,
        "label": prediction.label,
        "prediction": prediction,
        "route": route,
        "reasons": (),
        "cues": (),
        "provisions": {},
        "flags": (),
        "category": Category(hos="Property Condition", lgsco="Housing"),
        "jurisdiction": Jurisdiction.HOS,
        "profile": "hos-2024",
        "profile_version": "1",
        "model_version": "x",
        "thresholds": some_thresholds(),
        "subject": "",
        "text": COMPLAINT,
        **given,
    }
    return Decision(**values)


def a_labelled(**given: Any) -> LabelledMessage:
    values = {
        "message": a_message(),
        "label": Label.COMPLAINT,
        "contested": False,
        "prior_chance": True,
        "topic": "heating",
        "author": "x01",
        "scenario": "x01-0001",
        "split": "test",
        **given,
    }
    return LabelledMessage(**values)
