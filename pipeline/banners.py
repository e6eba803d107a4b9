"""Notices that mail servers and telephone systems put into a message: nobody wrote them."""

import re
from collections.abc import Sequence

_LONG = 500
_BANNER_LINES = 3
_MARK = re.compile(r"^\W*(?:\[ ?|\*{2,} ?)external(?: e-?mail| message| sender)?:?(?: ?\]| ?\*{2,})\W*$", re.IGNORECASE)
_OUTSIDE = re.compile(
    r"^\W*(?:caution|warning|attention|important|external|this (?:e-?mail|message))\b.{0,200}?"
    r"(?:(?:came|comes|coming|originated|originates|is|was|been|sent|received) from (?:an? )?(?:outside|external)\b"
    r"|\bexternal (?:e-?mail|sender|source)\b"
    r"|\boutside (?:of )?(?:the|your|our) (?:organi[sz]ation|council|company)\b)",
    re.IGNORECASE,
)
_EXTERNAL_MAIL = re.compile(
    r"^\W*external (?:e-?mail|message|sender)\b.{0,100}\b(?:links?|attachments?)\b", re.IGNORECASE
)
_ABOUT_MAIL = re.compile(r"\b(?:e-?mail|message|sender)\b", re.IGNORECASE)
_ADVICE = re.compile(
    r"\b(?:links?|attachments?|(?:know|recogni[sz]e|trust|verify) the sender|content is safe)\b", re.IGNORECASE
)
_OWN = re.compile(r"\b(?:i|i'm|i've|my|me)\b", re.IGNORECASE)
_UNKNOWN_SENDER = re.compile(
    r"^\W*(?:you|some people who received this message) don't often get e-?mail from\b", re.IGNORECASE
)
_VOICEMAIL = re.compile(
    r"^\W*(?:you have (?:received )?a )?(?:new )?voice ?(?:mail|message)(?: message)?"
    r" (?:was )?(?:from|received|left)\b",
    re.IGNORECASE,
)
_VOICEMAIL_FIELD = re.compile(
    r"^\W*(?:duration|length|received|date|time|from|to|caller|callback|number)\s*:[\s\d+:()/.,-]*"
    r"(?:(?:am|pm|gmt|bst|s|secs?|seconds|m|mins?|minutes|unknown|withheld)[\s\d:.]*){0,4}$"
    r"|^\W*(?:transcript(?:ion)?|message|voicemail text)\s*:?\s*$",
    re.IGNORECASE,
)


def without_banners(lines: Sequence[str]) -> list[str]:
    """The lines that are no notice about an outside sender and no heading of a voicemail."""
    kept = list[str]()
    at = _voicemail_end(lines)
    while at < len(lines):
        end = _banner_end(lines, at)
        if end == at:
            kept.append(lines[at])
            end += 1
        at = end
    return kept


def _banner_end(lines: Sequence[str], at: int) -> int:
    line = lines[at][:_LONG]
    if _MARK.match(line) or _UNKNOWN_SENDER.match(line):
        return at + 1
    if not _is_outside(line):
        return at
    end = at + 1
    while end < min(len(lines), at + 1 + _BANNER_LINES) and _is_advice(lines[end]):
        end += 1
    return end


def _is_outside(line: str) -> bool:
    if _OWN.search(line):
        return False
    return bool((_OUTSIDE.match(line) and _ABOUT_MAIL.search(line)) or _EXTERNAL_MAIL.match(line))


def _is_advice(line: str) -> bool:
    return _ADVICE.search(line[:_LONG]) is not None and not _OWN.search(line[:_LONG])


def _voicemail_end(lines: Sequence[str]) -> int:
    """The first line a caller spoke; 0 where the message is no voicemail in writing."""
    start = next((at for at, line in enumerate(lines) if line), 0)
    if not lines or not _VOICEMAIL.match(lines[start][:_LONG]):
        return 0
    end = start + 1
    while end < len(lines) and (not lines[end] or _VOICEMAIL_FIELD.match(lines[end][:_LONG])):
        end += 1
    return end if end < len(lines) else 0
