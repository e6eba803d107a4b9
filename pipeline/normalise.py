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
_PLAIN = re.compile(r"[\t\n -%'-~]*")
"""ASCII without control characters and `&`, so without HTML entities: there is nothing to repair."""
_SPACES = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
_SPACED_BREAK = re.compile(r" \n ?|\n ")
_DASHES = str.maketrans(
    {"\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2026": "...", "\u00a0": " "}
)
_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406",
    "aeopcyxiABEKMHOPCTXI",
)
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_BANNER = re.compile(
    r"^\W*(?:caution|warning|external|\[external\])\b(?=[^\n]{0,200}\b(?:e-?mail|message|sender)\b)[^\n]{0,200}"
    r"\b(?:external|outside)\b[^\n]{0,200}(?:\n[^\n]{0,200}\b(?:links?|attachments?)\b[^\n]{0,200}){0,3}\n",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"^\W*(?:disclaimer:?\W*$"
    r"|this (?:e-?mail|message|communication)\b[^\n]{0,200}\b(?:confidential|addressee|privileged)"
    r"|the information (?:contained )?in this (?:e-?mail|message)|if you (?:are not the intended|have received this)"
    r"|please consider the environment before)",
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
    r"^[> ]{0,9}(?:-{2,20} ?forwarded message ?-{2,20}|begin forwarded message:?) *$", re.IGNORECASE | re.MULTILINE
)
_ORIGINAL = re.compile(r"^[> ]{0,9}-{2,20} ?original message ?-{2,20} *$", re.IGNORECASE | re.MULTILINE)
_FORWARD_SUBJECT = re.compile(r"^\s*fwd?\s*:", re.IGNORECASE)
_HEADER_BLOCK = re.compile(
    r"^[* ]*from:[^\n]*\n(?:[* ]*(?:sent|date|to|cc|subject|reply-to):[^\n]*\n){1,6}", re.IGNORECASE | re.MULTILINE
)
_RE_PREFIX = re.compile(r"^(?:\s*(?:re|fw|fwd|aw|sv)\s*(?:\[\d+\])?:\s*)+", re.IGNORECASE)
_AFTERTHOUGHT = re.compile(
    r"^\W*p\.?s\b|[?!]|\b(?:is|are|was|not|no|still|please|need|want|gas|leak\w*)\b", re.IGNORECASE
)
_SIGNATURE_LINES = 10
_NAME_WORDS = 6
_PARSED = 12_000
_MAY_QUOTE = re.compile(
    r"[:_-](?:(?<=wrote:)|(?<=from:)|(?<=sent:)|(?<=to:)|(?<=subject:)|(?<=date:)|(?<=cc:)|(?<=organization:)"
    r"|(?<=[_-]{5}))",
    re.IGNORECASE,
)
"""What the reply parser looks for above a quotation. Where there is none it only strips the lines."""
_COVER = re.compile(
    r"^\W*(?:(?:hi|hello|dear|all|team|morning|afternoon)\b[^\n]{0,30}\W*)?(?:please|pls|can (?:you|someone)"
    r"|could (?:you|someone)|fyi|for (?:info|action|logging)|see below"
    r"|one for you|to log|log(?:ging)?)\b[^\n]{0,120}(?:\n[^\n]{0,60}){0,4}$",
    re.IGNORECASE,
)


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
    text = text[:READ_LIMIT]
    if not _PLAIN.fullmatch(text):
        text = _repaired(text)
    text = _SPACES.sub(" ", text)
    text = _SPACED_BREAK.sub("\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _repaired(text: str) -> str:
    text = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    text = ftfy.fix_text(text, _TEXT_FIXES)
    plain = unicodedata.normalize("NFKC", text)
    text = plain if len(plain) <= len(text) + 20 else text
    return _latin(_INVISIBLE.sub("", text).translate(_DASHES))


def _latin(text: str) -> str:
    """Cyrillic letters that look Latin as Latin ones, unless others show that the text is Cyrillic."""
    latin = text.translate(_LOOKALIKES)
    return text if _CYRILLIC.search(latin) else latin


def resident_words(text: str, subject: str, *, mail: bool) -> Words:
    """The words to judge: subject and body as the resident wrote them.

    With `mail`, quoted replies, signatures, disclaimers and banners are cut away; of a forwarded mail the forwarded
    words are taken, without a covering line such as "please log". If cutting leaves nothing, nothing is cut.
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
    return _without_signature(_without_quotes(_newest_reply(body))).strip()


def _newest_reply(body: str) -> str:
    """What stands above the first quoted reply. Long bodies are left whole: the parser's patterns are quadratic."""
    if len(body) > _PARSED:
        return body
    if not _MAY_QUOTE.search(body):
        return "\n".join(map(str.strip, body.split("\n"))).strip()
    replies = EmailReplyParser(languages=["en"]).read(body).replies
    return replies[0].full_body if replies and replies[0].full_body else body


def _forwarded_words(body: str, *, forwarded: bool) -> str:
    """Of a forwarded mail the forwarded words, with what the forwarder added unless it only passes them on.

    A block of headers also stands over what a reply quotes, so it marks a forward only where the subject says so.
    """
    mark = _FORWARD.search(body) or (forwarded and (_ORIGINAL.search(body) or _HEADER_BLOCK.search(body))) or None
    if mark is None:
        return body
    cover, inner = body[: mark.start()].strip(), body[mark.end() :].lstrip("\n")
    header = _HEADER_BLOCK.match(inner)
    inner = re.sub(r"^> ?", "", inner[header.end() :] if header else inner, flags=re.MULTILINE).strip()
    return inner if inner and is_cover(cover) else f"{cover}\n\n{inner}".strip()


def is_cover(words: str) -> bool:
    """Whether words only pass a message on ("please log this"), so that they say nothing themselves."""
    return not words.strip() or _COVER.match(_without_signature(words).strip()) is not None


def _without_quotes(body: str) -> str:
    header = _HEADER_BLOCK.search(body)
    if header and body[: header.start()].strip():
        body = body[: header.start()]
    return "\n".join(line for line in body.split("\n") if not line.lstrip().startswith(">"))


def _without_signature(body: str) -> str:
    lines = body.rstrip().split("\n")
    for number, line in enumerate(lines):
        if number and (line.strip() in {"--", "__"} or _DISCLAIMER.match(line) or _DEVICE.match(line)):
            lines = lines[:number]
            break
    first = max(1, len(lines) - _SIGNATURE_LINES)
    for number in range(first, len(lines)):
        if _SIGN_OFF.match(lines[number]) and all(map(_is_signature, lines[number + 1 :])):
            return "\n".join(lines[: number + 1])
    return "\n".join(lines)


def _is_signature(line: str) -> bool:
    """Whether a line may be a name, a post, an address or a telephone number, and no afterthought."""
    return len(line.split()) <= _NAME_WORDS and not _AFTERTHOUGHT.search(line)
