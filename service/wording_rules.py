"""What a wording may hold: names in braces that are filled for each message, and never a word that misleads. Pure."""

import re
from collections.abc import Mapping

PLACEHOLDERS = {
    "subject": "the subject of the resident's message",
    "received": "the day it was received",
    "item": "the number to quote",
    "officer": "your name",
    "acknowledge_days": "working days to acknowledge, by the Code in force",
    "answer_days": "working days to answer, by the Code in force",
    "ombudsman": "the Ombudsman whom the resident may ask",
}
"""Filled when an officer opens the item."""
MOST_NAME = 100
MOST_TEXT = 5_000
_NAMED = re.compile(r"\{([^{}]*)\}")
_MISLEADING = ("informal", "formal complaint", "stage 0", "stage zero", "triage")
"""The Codes know no complaint before a complaint: 5.2."""


def problems(name: str, text: str) -> list[str]:
    """What an administrator must mend before this can be sent to a resident, in sentences."""
    return [*_lengths(name, text), *_braces(text), *_words(text)] if text.strip() else ["Write what is to be sent."]


def filled(text: str, values: Mapping[str, str]) -> str:
    """The wording for one message. What stands in a value is never read as a name."""
    return _NAMED.sub(lambda found: values.get(found[1], found[0]), text)


def _lengths(name: str, text: str) -> list[str]:
    found = []
    if not name.strip():
        found.append("Give it a name, by which officers choose it.")
    if len(name) > MOST_NAME:
        found.append(f"Use at most {MOST_NAME} characters for the name.")
    if len(text) > MOST_TEXT:
        found.append(f"Use at most {MOST_TEXT:,} characters.")
    return found


def _braces(text: str) -> list[str]:
    unknown = sorted({name for name in _NAMED.findall(text) if name not in PLACEHOLDERS})
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    found = [f"heard cannot fill {{{name}}}. It knows {known}." for name in unknown]
    if set("{}") & set(_NAMED.sub("", text)):
        found.append("A brace has no partner: write names as {received}.")
    return found


def _words(text: str) -> list[str]:
    said = text.lower()
    found = [
        f"Do not write “{word}”: the Codes have two stages and nothing before." for word in _MISLEADING if word in said
    ]
    return found if "complain" in said else [*found, "Say that the resident can complain."]
