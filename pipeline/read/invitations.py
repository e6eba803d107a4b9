"""text/calendar (RFC 5545) -> what a person wrote in it."""

from contextlib import suppress

from icalendar.parser import Contentline, Contentlines

_WORDS = ("SUMMARY", "DESCRIPTION", "COMMENT")
_TEXT_LIMIT = 200_000


def invitation_words(text: str) -> str:
    """Summary, description and comments, each once, as they stand; lines that are none of a calendar are left out."""
    found = list[str]()
    for line in Contentlines.from_ical(text[:_TEXT_LIMIT]):  # type: ignore[no-untyped-call]  # this one has no types
        if isinstance(line, Contentline) and line.upper().startswith(_WORDS):
            with suppress(ValueError):
                found.append(str(line.parts()[2]).strip())
    return "\n".join(dict.fromkeys(filter(None, found)))
