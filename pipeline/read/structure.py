"""The tree of a mail: its leaves and the mails attached to it, also where the standard library finds no tree."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message as Mail
from email.parser import BytesFeedParser, BytesParser
from itertools import islice

from pipeline.read.headers import STRANGE
from pipeline.read.signed import signed_mail
from pipeline.read.transfer import content, is_encoded

DEPTH_LIMIT = 20
"""How many parts deep, or mails each attached to the next, a mail may be before a person must look."""

CONTAINER_LIMIT = 200
"""Multiparts and attached mails a mail may have; one with more is not taken apart."""

LEAF_LIMIT = 1_000
"""Parts that are read of a mail."""

MAILS = frozenset({"message/rfc822", "message/global", "message/partial", "message/news"})
SIGNED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})

_CONTAINER = re.compile(rb"^content-type:\s*(?:multipart|message)/", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(rb"^--([^\s-][^\r\n]*+)\r?\n(?=content-[a-z-]+[ \t]*:)", re.IGNORECASE | re.MULTILINE)
_DEEPEST = 100
_BLOCK = 1 << 16
_SPLIT_HERE = b"heard-split-here"


@dataclass(frozen=True, kw_only=True)
class Contents:
    """A mail taken apart. `whole` is false where something was left out for being too deep or too many."""

    mail: Mail
    leaves: tuple[Mail, ...]
    attached: tuple[Mail, ...]
    whole: bool


def parse(data: bytes) -> Mail:
    """A mail's tree; its headers and one leaf where the tree is too large or cannot be parsed."""
    if not _too_large(data):
        try:
            return _fed(data)
        except STRANGE:
            pass
    return BytesParser().parsebytes(data, headersonly=True)


def _fed(data: bytes) -> Mail:
    """As `message_from_bytes`, which needs four bytes of memory for each."""
    parser = BytesFeedParser()
    for start in range(0, len(data), _BLOCK):
        parser.feed(data[start : start + _BLOCK])
    return parser.close()


def contents(mail: Mail) -> Contents:
    """The leaves of a mail in order, without those of the mails attached to it."""
    leaves, attached, whole = list[Mail](), list[Mail](), True
    waiting = [(mail, 0)]
    while waiting and len(leaves) + len(attached) < LEAF_LIMIT:
        part, depth = waiting.pop()
        inner = _mails_in(part)
        attached += inner
        parts = [] if inner else _parts_of(part, depth)
        if not inner and not parts:
            leaves.append(part)
        whole = whole and depth <= DEPTH_LIMIT and part.get_content_type() != "message/partial"
        waiting += [(each, depth + 1) for each in reversed(parts)]
    return Contents(mail=mail, leaves=tuple(leaves), attached=tuple(attached), whole=whole and not waiting)


def every_mail(outer: Contents) -> Iterator[tuple[int, Contents]]:
    """(depth, mail) for a mail and those attached to it, in order, and those attached to them."""
    waiting = [(0, outer)]
    while waiting:
        depth, found = waiting.pop()
        yield depth, found
        if depth < _DEEPEST:
            waiting += [(depth + 1, contents(each)) for each in reversed(found.attached)]


def _too_large(data: bytes) -> bool:
    return any(True for _ in islice(_CONTAINER.finditer(data), CONTAINER_LIMIT, None))


def _mails_in(part: Mail) -> list[Mail]:
    """The mail in a part; decoded where it was encoded, which it may not be (RFC 2046, 5.2.1), but sometimes is."""
    if part.get_content_type() not in MAILS:
        return []
    payload = part.get_payload()
    inner = [each for each in payload if isinstance(each, Mail)] if isinstance(payload, list) else []
    if len(inner) == 1 and is_encoded(part) and not inner[0].keys():
        inner[0].add_header("Content-Transfer-Encoding", str(part["Content-Transfer-Encoding"]))
        return [parse(content(inner[0]))]
    return inner


def _parts_of(part: Mail, depth: int) -> list[Mail]:
    payload = part.get_payload()
    kind = part.get_content_type()
    if kind in SIGNED and depth < DEPTH_LIMIT:
        inner = signed_mail(content(part))
        return [parse(inner)] if inner else []
    if isinstance(payload, str):
        return _split(part) if _should_have_parts(part) else []
    return [each for each in payload if isinstance(each, Mail)] if kind.startswith("multipart/") else []


def _should_have_parts(part: Mail) -> bool:
    """Whether a part is a multipart, or may be one whose Content-Type is missing or no type at all."""
    given = str(part.get("Content-Type", ""))
    return part.get_content_maintype() == "multipart" or "/" not in given.partition(";")[0]


def _split(part: Mail) -> list[Mail]:
    """The parts of a body that the standard library did not split: by the boundary that the body itself uses."""
    body = content(part)
    found = _BOUNDARY.search(body)
    if found is None or _too_large(body):
        return []
    line = rb"^--" + re.escape(found[1].rstrip()) + rb"(--)?[ \t]*\r?$"
    body = re.sub(line, rb"--" + _SPLIT_HERE + rb"\1", body, flags=re.MULTILINE)
    again = parse(b"Content-Type: multipart/mixed; boundary=" + _SPLIT_HERE + b"\n\n" + body)
    inner = again.get_payload()
    return [each for each in inner if isinstance(each, Mail)] if isinstance(inner, list) else []
