"""Raw text -> the words the resident wrote.

Cleaning (mojibake, curly quotes, invisible characters) applies to every channel; cutting away quoted replies,
signatures, disclaimers and banners only to e-mail, where they occur. The original is kept elsewhere, unchanged.
"""

import re
import unicodedata
from dataclasses import dataclass

import ftfy

from pipeline.addressed import part
from pipeline.greetings import without_greeting
from pipeline.threads import newest_words

READ_LIMIT = 60_000
"""Characters of a message that are looked at at all; what a person wrote is never that long."""

WINDOW = 6_000
"""Characters the model reads (about 1,000 words). Longer messages carry the flag `windowed`."""

_TEXT_FIXES = ftfy.TextFixerConfig(unescape_html="auto", normalization="NFC", max_decode_length=10_000, explain=False)
_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]"
)
_LOOKS_LATIN = (
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406"
)
_DISGUISE = re.compile(
    rf"[^\W\d_](?:{_INVISIBLE.pattern})+[^\W\d_]|[{_LOOKS_LATIN}\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7cb]"
)
"""Where a word may be unlike itself: broken up by signs nobody sees, or in letters that only look like its own."""
_AS_THEY_CAME = _TEXT_FIXES._replace(fix_character_width=False, fix_latin_ligatures=False)
_PLAIN = re.compile(r"[\t\n -%'-~\u00a3]*")
"""Pound signs and ASCII without control characters and `&`, so without HTML entities: there is nothing to repair."""
_SPACES = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
_SPACED_BREAK = re.compile(r" \n ?|\n ")
_DASHES = str.maketrans(
    {"\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2026": "...", "\u00a0": " "}
)
_LOOKALIKES = str.maketrans(_LOOKS_LATIN, "aeopcyxiABEKMHOPCTXI")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_FORWARD_SUBJECT = re.compile(r"^\s*fwd?\s*:", re.IGNORECASE)
_RE_PREFIX = re.compile(r"^(?:\s*(?:re|fw|fwd|aw|sv)\s*(?:\[\d+\])?:\s*)+", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Words:
    """What the resident wrote, in whole (`text`), whether more was there than the model reads, and whether a sentence
    addressed to software was.
    """

    subject: str
    text: str
    windowed: bool
    addressed: bool


def may_be_disguised(text: str) -> bool:
    """Whether `clean` does more to a text than to its punctuation: then its letters as they came may say otherwise."""
    return not text.isascii() and _DISGUISE.search(text[:READ_LIMIT]) is not None


def clean(text: str, *, disguised: bool = False) -> str:
    """The same words in plain characters: encodings repaired, invisible characters gone, white space folded.

    Full-width and styled letters become plain ones only where that does not make the text longer (NFKC can
    grow a text eighteenfold). `disguised` leaves the letters as they came.
    """
    text = text[:READ_LIMIT]
    if disguised:
        text = ftfy.fix_text(_encodable(text), _AS_THEY_CAME).translate(_DASHES)
    elif not _PLAIN.fullmatch(text):
        text = _repaired(text)
    text = _SPACES.sub(" ", text)
    text = _SPACED_BREAK.sub("\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _repaired(text: str) -> str:
    text = ftfy.fix_text(_encodable(text), _TEXT_FIXES)
    plain = unicodedata.normalize("NFKC", text)
    text = plain if len(plain) <= len(text) + 20 else text
    return _latin(_INVISIBLE.sub("", text).translate(_DASHES))


def _encodable(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _latin(text: str) -> str:
    """Cyrillic letters that look Latin as Latin ones, unless others show that the text is Cyrillic."""
    latin = text.translate(_LOOKALIKES)
    return text if _CYRILLIC.search(latin) else latin


def resident_words(text: str, subject: str, *, mail: bool, disguised: bool = False) -> Words:
    """The words to judge: subject and body as the resident wrote them, without sentences addressed to software and
    without the greeting.

    With `mail`, quoted replies, signatures, disclaimers and banners are cut away; of a forwarded mail the forwarded
    words are taken, without a covering line such as "please log". If cutting leaves nothing, nothing is cut.
    `disguised` leaves the letters as they came.
    """
    body = clean(text, disguised=disguised)
    title = _RE_PREFIX.sub("", clean(subject, disguised=disguised)).replace("\n", " ")
    if mail:
        body = newest_words(body, forwarded=_FORWARD_SUBJECT.match(subject) is not None) or body
    parted, parted_title = part(body), part(title)
    whole = _joined(parted_title.text, without_greeting(parted.text)) or _joined(title, body)
    return Words(
        subject=title,
        text=whole[:WINDOW].rstrip(),
        windowed=len(whole) > WINDOW or len(text) > READ_LIMIT,
        addressed=parted.addressed or parted_title.addressed,
    )


def _joined(title: str, body: str) -> str:
    return (f"{title}\n\n{body}" if title and not _repeats(title, body) else body or title).strip()


def _repeats(title: str, body: str) -> bool:
    return body.casefold().startswith(title.casefold())
