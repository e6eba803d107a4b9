"""Content-Transfer-Encoding (RFC 2045, 6) undone, also where it is misspelt, broken or not what the body is in.

The standard library gives up on a name it does not know, and its uuencoding is gone from Python 3.13.
"""

import binascii
import quopri
import re
import zlib
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from email.message import Message as Mail

_UNZIPPED_LIMIT = 20_000_000
_CONTROLS = bytes(set(range(32)) - {9, 10, 12, 13, 27})
_TWO_WORDS = re.compile(rb"[A-Za-z]{2}[,.;:!?]? [A-Za-z]{2}")


def content(part: Mail) -> bytes:
    """What a leaf of a mail holds, as far as it can be read."""
    bare = copy(part)
    del bare["Content-Transfer-Encoding"]
    data = bare.get_payload(decode=True)
    if not isinstance(data, bytes):
        return b""
    return next((undo(data) for known, undo in _UNDO.items() if _name(part).startswith(known)), data)


def is_encoded(part: Mail) -> bool:
    """Whether a part says that its body must be decoded, which a multipart or a mail may not (RFC 2045, 6.4)."""
    return _name(part).startswith(tuple(_UNDO))


def _name(part: Mail) -> str:
    return re.sub(r"[^a-z0-9]", "", str(part.get("Content-Transfer-Encoding", "")).lower())


def from_base64(data: bytes) -> bytes:
    """Base64 with whatever does not belong into it left out; text that was never encoded stays as it is."""
    chunks = re.findall(rb"[^=]+=*", data)
    return b"".join(map(_chunk, chunks))


def _chunk(data: bytes) -> bytes:
    clean = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    clean = clean[:-1] if len(clean) % 4 == 1 else clean
    found = binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
    return data if _TWO_WORDS.search(data) and is_binary(found) else found


def is_binary(data: bytes) -> bool:
    """Whether more than one byte in fifty is a control character that no text has."""
    sample = data[:4000]
    return len(sample) - len(sample.translate(None, _CONTROLS)) > len(sample) / 50


def _from_uu(data: bytes) -> bytes:
    start = re.search(rb"^begin [0-7]{3,4} [^\n]*\n", data, re.MULTILINE)
    found = list[bytes]()
    for line in data[start.end() if start else 0 :].splitlines():
        if line.strip() in {b"end", b"`"}:
            break
        with suppress(binascii.Error):
            found.append(binascii.a2b_uu(line[: 1 + ((line[0] - 32 & 63) + 2) // 3 * 4]) if line else b"")
    return b"".join(found)


def _from_gzip64(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(from_base64(data), _UNZIPPED_LIMIT)
    except zlib.error:
        return b""


_UNDO: dict[str, Callable[[bytes], bytes]] = {
    "base64": from_base64,
    "quotedprintable": quopri.decodestring,
    "xuu": _from_uu,
    "uu": _from_uu,
    "xgzip64": _from_gzip64,
}
