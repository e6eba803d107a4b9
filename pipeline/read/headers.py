"""Headers of a mail -> text, sender and time of receipt. Nothing here raises on a strange header.

`email.header.decode_header` raises on a broken encoded word and loses what is neither ASCII nor encoded, so encoded
words (RFC 2047) are read here.
"""

import quopri
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.errors import MessageError
from email.message import Message as Mail
from email.utils import parseaddr, parsedate_to_datetime
from itertools import groupby
from typing import TypeVar

from pipeline.read.decoding import printable, to_text
from pipeline.read.transfer import from_base64

STRANGE = (MessageError, ValueError, TypeError, LookupError, OverflowError, RecursionError, AttributeError)
"""What the standard library raises on strange mail."""

_ADDRESS_LIMIT = 1_000
_FIRST_YEAR = 2000
_ADDRESS = re.compile(r"[^\s<>@,;:()\"]+@[^\s<>@,;:()\"]+")
_ENCODED = re.compile(r"=\?([^?\s]+)\?([bq])\?([^?]*)\?=", re.IGNORECASE)
_BETWEEN = re.compile(r"(?<=\?=)\s+(?==\?[^?\s]+\?[bq]\?)", re.IGNORECASE)

_Answer = TypeVar("_Answer")


def first(mail: Mail, name: str) -> str:
    """The first header of this name on one line: encoded words decoded, line ends and NUL left out; "" if none."""
    return _decoded(_as_it_stands(mail, name))


def _as_it_stands(mail: Mail, name: str) -> str:
    found = next((value for key, value in mail.raw_items() if key.lower() == name.lower()), "")
    return to_text(str(found).encode("utf-8", "surrogateescape"), None)


def _decoded(value: str) -> str:
    value = _BETWEEN.sub("", value)
    pieces, end = list[tuple[str, bytes]](), 0
    for word in _ENCODED.finditer(value):
        pieces += [("", value[end : word.start()].encode()), (word[1].lower().partition("*")[0], _word(word))]
        end = word.end()
    pieces = [piece for piece in [*pieces, ("", value[end:].encode())] if piece[1]]
    text = "".join(
        to_text(b"".join(data for _, data in same), charset or "utf-8")
        for charset, same in groupby(pieces, key=lambda piece: piece[0])
    )
    return re.sub(r"\s+", " ", printable(text)).strip()


def _word(word: "re.Match[str]") -> bytes:
    data = word[3].encode()
    return from_base64(data) if word[2] in "bB" else quopri.decodestring(data, header=True)


def sender_of(mail: Mail) -> str:
    """The first address in From; "" where there is none, as in a group or in garbage.

    It is looked for before encoded words are decoded, so that none in a name is taken for it.
    """
    value = _as_it_stands(mail, "From")[:_ADDRESS_LIMIT]
    found = asked(lambda: parseaddr(" ".join(value.split()))[1], otherwise="")
    if _ADDRESS.fullmatch(found):
        return found
    match = _ADDRESS.search(_decoded(value))
    return match[0] if match else ""


def asked(question: Callable[[], _Answer], *, otherwise: _Answer) -> _Answer:
    """What the standard library answers, or `otherwise` where it raises."""
    try:
        return question()
    except STRANGE:
        return otherwise


def charset_of(part: Mail) -> str | None:
    """The charset that a part names."""
    named = re.search(r"charset\*?=[\"']?([^\s\"';]+)", str(part.get("Content-Type", "")), re.IGNORECASE)
    return asked(part.get_content_charset, otherwise=named[1] if named else None)


def file_name(part: Mail) -> str:
    """The name under which a part is attached, for telling its kind only; "" if it has none."""
    return asked(lambda: part.get_filename() or "", otherwise="?")


def received_at(mail: Mail, delivered: str) -> datetime | None:
    """When our side got it: the newest Received line, else what the mailbox noted; never the sender's Date."""
    for stamp in (first(mail, "Received").rpartition(";")[2], delivered):
        moment = _moment(stamp)
        if moment is not None:
            return moment
    return None


def _moment(stamp: str) -> datetime | None:
    stamp = " ".join(stamp.split())
    for parse in (parsedate_to_datetime, _ctime):
        try:
            moment = parse(stamp)
            moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
            if moment.year >= _FIRST_YEAR:
                return moment
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None


def _ctime(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
