"""The names in a wording, filled for one message."""

from sqlalchemy import RowMapping

from pipeline.policy import Profile
from service.pages import words
from service.queue import QueueItem
from service.wordings import OMBUDSMEN


def values_for(profile: Profile, item: QueueItem, message: RowMapping, officer: str) -> dict[str, str]:
    """What each name stands for."""
    return {
        "subject": " ".join(str(message["subject"]).split()) or "your message",
        "received": words.day(item.received_at),
        "item": str(item.id),
        "officer": officer,
        **by_code(profile),
    }


def by_code(profile: Profile) -> dict[str, str]:
    """What the Code in force says."""
    return {
        "acknowledge_days": str(profile.acknowledge_days),
        "answer_days": str(profile.answer_days),
        "ombudsman": OMBUDSMEN.get(profile.jurisdiction, "Ombudsman"),
    }


def example(profile: Profile, officer: str) -> dict[str, str]:
    """An invented message, for a preview."""
    about = {"subject": "Lift out again", "received": "Mon 2 Nov 2026", "item": "417"}
    return {**about, "officer": officer or "A. Khan", **by_code(profile)}
