"""A mail's body -> the words its writer wrote: without quoted replies, signatures, disclaimers and banners.

Of a forwarded mail the forwarded words are taken, without a covering line such as "please log".
"""

import re

from mailparser_reply import EmailReplyParser

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
_HEADER_BLOCK = re.compile(
    r"^[* ]*from:[^\n]*\n(?:[* ]*(?:sent|date|to|cc|subject|reply-to):[^\n]*\n){1,6}", re.IGNORECASE | re.MULTILINE
)
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


def newest_words(body: str, *, forwarded: bool) -> str:
    """What the writer of a mail wrote. `forwarded`: the subject says that the mail passes another on."""
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
