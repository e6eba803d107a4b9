"""winmail.dat (TNEF) -> the words in it.

Only what holds a body is looked at ([MS-OXTNEF] 2.1.3, 2.2), and each step takes bytes off, so that a broken file ends
early. `tnefparse` was not taken: it believes the counts in a file and loops up to four thousand million times.
"""

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from pipeline.read.decoding import to_text
from pipeline.read.html import html_to_text
from pipeline.read.rtf import rtf_words

SIGNATURE = b"\x78\x9f\x3e\x22"
_MESSAGE, _BODY, _MAPI, _CODEPAGE = 1, 0x800C, 0x9003, 0x9007
_PLAIN, _RTF, _HTML, _INTERNET_CODEPAGE = 0x1000, 0x1009, 0x1013, 0x3FDE
_MANY, _NAMED = 0x1000, 0x8000
_SIZES = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_WIDE = 0x1F


class _Bytes:
    """Bytes taken from the front; struct.error where there are not enough."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        if len(found) < count:
            raise struct.error
        self._at += count
        return found

    def numbers(self, form: str) -> tuple[int, ...]:
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))

    def padded(self) -> bytes:
        (count,) = self.numbers("I")
        return self.take(count + -count % 4)[:count]


@dataclass(frozen=True, kw_only=True)
class _Property:
    tag: int
    kind: int
    value: bytes


def tnef_words(data: bytes) -> str:
    """The body in a winmail.dat: plain text, else HTML, else RTF; "" if none could be read."""
    if not data.startswith(SIGNATURE):
        return ""
    bodies, codepage, mapi = list[bytes](), "", list[_Property]()
    for name, value in _attributes(data):
        if name == _BODY:
            bodies.append(value)
        elif name == _CODEPAGE:
            codepage = f"cp{int.from_bytes(value[:4], 'little')}"
        elif name == _MAPI:
            mapi += _properties(value)
    return _best(bodies, codepage, {found.tag: found for found in mapi})


def _best(bodies: list[bytes], codepage: str, mapi: dict[int, _Property]) -> str:
    internet = mapi.get(_INTERNET_CODEPAGE)
    page = int.from_bytes(internet.value, "little") if internet else 0
    charset = "utf-8" if page == 65001 else f"cp{page}" if page else codepage
    plain, html, rtf = (mapi.get(tag) for tag in (_PLAIN, _HTML, _RTF))
    found = [to_text(body, charset) for body in bodies]
    found += [_text(plain, charset)] if plain else []
    found += [html_to_text(_text(html, charset))] if html else []
    found += [rtf_words(rtf.value) or ""] if rtf else []
    return next((text.strip() for text in found if text.strip()), "")


def _text(found: _Property, charset: str) -> str:
    return to_text(found.value, "utf-16-le" if found.kind == _WIDE else charset)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(name, value) of each attribute of the message itself."""
    rest = _Bytes(data[6:])
    with suppress(struct.error):
        while True:
            level, name, _, length = rest.numbers("BHHI")
            value = rest.take(length)
            rest.take(2)
            if level == _MESSAGE:
                yield name, value


def _properties(data: bytes) -> Iterator[_Property]:
    rest = _Bytes(data[4:])
    with suppress(struct.error):
        while True:
            kind, tag = rest.numbers("HH")
            if tag & _NAMED:
                rest.take(16)
                rest.padded() if rest.numbers("I") != (0,) else rest.take(4)
            for value in _values(rest, kind):
                yield _Property(tag=tag, kind=kind & ~_MANY, value=value)


def _values(rest: _Bytes, kind: int) -> Iterator[bytes]:
    size = _SIZES.get(kind & ~_MANY)
    (count,) = (1,) if size and not kind & _MANY else rest.numbers("I")
    for _ in range(count):
        yield rest.take(size) if size else rest.padded()
