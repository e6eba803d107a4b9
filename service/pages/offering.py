"""What an officer says was sent to a resident: a version of a wording, as it stands or edited."""

from service import wordings
from service.pages.filling import values_for
from service.pages.work import Work
from service.store import messages
from service.store.wordings import Version
from service.wording_rules import filled


def sent_words(at: Work) -> tuple[Version | None, str]:
    """The version, and the words where they are not that version as it is filled for this message."""
    version, text = _version_sent(at), at.typed["wording"].strip()
    return version, "" if version and _filled(at, version.text) == text else text


def _version_sent(at: Work) -> Version | None:
    """The one the page was shown with, for an administrator may have written another meanwhile."""
    number = at.typed["wording_version"]
    if not number.isdecimal() or len(number) > 6:
        return None
    with at.parts.database.writing() as connection:
        profile = at.parts.classifier.profile.name
        return wordings.sent(connection, profile, at.typed["wording_id"], int(number))


def _filled(at: Work, text: str) -> str:
    with at.parts.database.reading() as connection:
        message = messages.message_row(connection, at.item.message_id)
    values = values_for(at.parts.classifier.profile, at.item, message, at.officer) if message else {}
    return filled(text, values)
