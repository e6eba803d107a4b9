"""Raw text -> the words the resident wrote.

Cleaning (mojibake, curly quotes, invisible characters) applies to every channel; cutting away quoted replies,
signatures, disclaimers and banners only to e-mail, where they occur. The original is kept elsewhere, unchanged.
"""

import re
import unicodedata
from dataclasses import dataclass

import ftfy
from mailparser_reply import EmailReplyParser

READ_LIMIT = 60_000
"""Characters of a message that are looked at at all; what a person wrote is never that long."""

WINDOW = 6_000
"""Characters the model reads (about 1,000 words). Longer messages carry the flag `windowed`."""

_TEXT_FIXES = ftfy.TextFixerConfig(unescape_html="auto", normalization="NFC", max_decode_length=10_000, explain=False)
_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]"
)
_DASHES = str.maketrans(
    {"\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2026": "...", "\u00a0": " "}
)
_BANNER = re.compile(
    r"^\W*(?:caution|warning|external(?: e-?mail| sender)?|\[external\])\b[^\n]*(?:\n(?!\n)[^\n]*){0,3}?"
    r"(?:external|outside|links|attachments|sender)[^\n]*\n",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"^\W*(?:disclaimer\b|confidential(?:ity)?\b"
    r"|this (?:e-?mail|message|communication)\b[^\n]{0,200}\b(?:confidential|intended|privileged|monitored)"
    r"|the (?:information|contents?)[^\n]{0,120}\b(?:confidential|privileged)"
    r"|if you (?:are not|have received)[^\n]{0,80}(?:recipient|in error)"
    r"|please consider the environment|scanned (?:for|by)|registered (?:office|in england|charity)|virus[- ]free)",
    re.IGNORECASE,
)
_SIGN_OFF = re.compile(
    r"^\W*(?:(?:kind(?:est)?|best|warm(?:est)?|many|with)\s+(?:regards|wishes|thanks)|regards"
    r"|(?:yours|your)\s+(?:sincerely|faithfully|truly)"
    r"|sincerely|(?:many\s+)?thanks(?: again| in advance| very much)?|thank you(?: in advance)?"
    r"|cheers|ta|best|all the best|rgds|kr)\W*$",
    re.IGNORECASE,
)
_DEVICE = re.compile(r"^\W*(?:sent from (?:my|outlook|yahoo|mail|samsung)|get outlook for)\b", re.IGNORECASE)
_FORWARD = re.compile(
    r"^\W*(?:-+\s*forwarded message\s*-+|begin forwarded message:?)\W*$", re.IGNORECASE | re.MULTILINE
)
_ORIGINAL = re.compile(r"^\W*-+\s*original message\s*-+\W*$", re.IGNORECASE | re.MULTILINE)
_FORWARD_SUBJECT = re.compile(r"^\s*fwd?\s*:", re.IGNORECASE)
_HEADER_BLOCK = re.compile(
    r"^[*\s]*from:[^\n]*\n(?:[*\s]*(?:sent|date|to|cc|subject|reply-to):[^\n]*\n){1,6}", re.IGNORECASE | re.MULTILINE
)
_RE_PREFIX = re.compile(r"^(?:\s*(?:re|fw|fwd|aw|sv)\s*(?:\[\d+\])?:\s*)+", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?)]$")
_SIGNATURE_LINES = 10
_SHORT_COVER_WORDS = 40


@dataclass(frozen=True, kw_only=True)
class Words:
    """What the resident wrote, in whole (`text`), and whether more was there than the model reads."""

    subject: str
    text: str
    windowed: bool


def clean(text: str) -> str:
    """The same words in plain characters: encodings repaired, invisible characters gone, white space folded.

    Full-width and styled letters become plain ones only where that does not make the text longer (NFKC can
    grow a text eighteenfold).
    """
    text = text[:READ_LIMIT].replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    text = ftfy.fix_text(text, _TEXT_FIXES)
    plain = unicodedata.normalize("NFKC", text)
    text = plain if len(plain) <= len(text) + 20 else text
    text = _INVISIBLE.sub("", text).translate(_DASHES)
    text = re.sub(r"[^\S\n]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def resident_words(text: str, subject: str, *, mail: bool) -> Words:
    """The words to judge: subject and body as the resident wrote them.

    With `mail`, quoted replies, signatures, disclaimers and banners are cut away; of a mail forwarded with a
    short covering line ("please log") the forwarded words are taken. If cutting leaves nothing, nothing is cut.
    """
    body = clean(text)
    title = _RE_PREFIX.sub("", clean(subject)).replace("\n", " ")
    if mail:
        body = _newest_words(body, forwarded=_FORWARD_SUBJECT.match(subject) is not None) or body
    whole = f"{title}\n\n{body}" if title and not _repeats(title, body) else body or title
    whole = whole.strip()
    return Words(subject=title, text=whole[:WINDOW].rstrip(), windowed=len(whole) > WINDOW or len(text) > READ_LIMIT)


def _repeats(title: str, body: str) -> bool:
    return body.casefold().startswith(title.casefold())


def _newest_words(body: str, *, forwarded: bool) -> str:
    body = _BANNER.sub("", body, count=1).strip()
    body = _forwarded_words(body, forwarded=forwarded)
    replies = EmailReplyParser(languages=["en"]).read(body).replies
    newest = replies[0].body if replies and replies[0].body else body
    return _without_signature(_without_quotes(newest)).strip()


def _forwarded_words(body: str, *, forwarded: bool) -> str:
    """Of a mail forwarded under a short covering line, the forwarded words; else the body itself.

    A block of headers also stands over what a reply quotes, so it marks a forward only where the subject says so.
    """
    mark = _FORWARD.search(body) or (forwarded and (_ORIGINAL.search(body) or _HEADER_BLOCK.search(body))) or None
    if mark is None:
        return body
    cover, inner = body[: mark.start()], body[mark.end() :].lstrip("\n")
    if len(_without_signature(cover).split()) > _SHORT_COVER_WORDS:
        return body
    header = _HEADER_BLOCK.match(inner)
    inner = inner[header.end() :] if header else inner
    return re.sub(r"^> ?", "", inner, flags=re.MULTILINE).strip() or body


def _without_quotes(body: str) -> str:
    header = _HEADER_BLOCK.search(body)
    if header and body[: header.start()].strip():
        body = body[: header.start()]
    return "\n".join(line for line in body.split("\n") if not line.lstrip().startswith(">"))


def _without_signature(body: str) -> str:
    lines = body.rstrip().split("\n")
    for number, line in enumerate(lines):
        if number and (line.strip() in {"--", "-- ", "__"} or _DISCLAIMER.match(line) or _DEVICE.match(line)):
            lines = lines[:number]
            break
    first = max(1, len(lines) - _SIGNATURE_LINES)
    for number in range(first, len(lines)):
        if _SIGN_OFF.match(lines[number]) and not _has_sentences(lines[number + 1 :]):
            return "\n".join(lines[: number + 1])
    return "\n".join(lines)


def _has_sentences(lines: list[str]) -> bool:
    """Whether any line reads like prose rather than a name, an address or a telephone number."""
    return any(len(line.split()) > 6 and _SENTENCE_END.search(line.strip()) for line in lines)
