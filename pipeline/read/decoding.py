"""Bytes of a mail as text, whatever they are called."""

import codecs
import re
from collections.abc import Iterator

import charset_normalizer

_FEW = 0.3
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "iso2022_jp": "iso2022_jp_ext",
    "iso-8859-8-i": "iso8859_8",
    "ks_c_5601-1987": "cp949",
}
"""Encoding -> the one that mail under its name is really written in. cp1252 is what Windows calls Latin-1."""
_NOT_FOR_MAIL = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})
_OF_ASCII_BYTES = ("utf-7", "iso2022", "hz")
_UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")


def to_text(data: bytes, charset: str | None) -> str:
    """Bytes as text: UTF-8 where valid, else the charset named, else cp1252, or a guess where few bytes are ASCII.

    A charset that fits but for a few characters is kept to, with U+FFFD for those. NUL is left out: PostgreSQL, like
    other tools, takes no text that has it.
    """
    for name in _candidates(data, charset):
        text = data.decode(name, "replace")
        broken = text.count("\ufffd")
        if not broken or broken * 5 <= sum(char > "\x7f" for char in text) - broken:
            return printable(text)
    return printable(data.decode(_guess(data), "replace"))


def printable(text: str) -> str:
    """Text that every database and file can hold: without NUL and lone surrogates."""
    return _UNPRINTABLE.sub(lambda found: "" if found[0] == "\x00" else "\ufffd", text)


def _candidates(data: bytes, charset: str | None) -> Iterator[str]:
    named = _known(charset)
    if named and named.startswith(_OF_ASCII_BYTES):
        yield named
    if named and named.startswith(("utf-16", "utf-32")):
        named = named if b"\x00" in data else None
        yield from [named] if named else []
    yield "utf-8"
    if named:
        yield named


def _known(charset: str | None) -> str | None:
    """The codec that mail with this charset is in; None if there is none."""
    asked = re.findall(r"[a-z0-9_.:-]+", (charset or "").lower())
    for name in [form for each in reversed(asked) for form in (each, re.sub(r"[^a-z0-9]", "", each))]:
        if name in _WIDER:
            return _WIDER[name]
        try:
            found = codecs.lookup(name)
            b"".decode(name)
        except (LookupError, ValueError):
            continue
        if found.name not in _NOT_FOR_MAIL:
            return _WIDER.get(found.name, found.name)
    return None


def _guess(data: bytes) -> str:
    if len(data) - len(data.translate(None, bytes(range(128, 256)))) <= len(data) * _FEW:
        return "cp1252"
    guess = charset_normalizer.from_bytes(data[:100_000]).best()
    return guess.encoding if guess else "cp1252"
