"""Which encoding a table is written in: by its byte-order mark, else by what its bytes can be."""

import codecs
from pathlib import Path

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_BLOCK = 1 << 20
_SAMPLE = 20_000_000
_START = 4096
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\v\f\r\x1b"))
_EXPECTED = frozenset("£€\u2018\u2019\u201c\u201d\u2013\u2014…•½¼¾°éèêëáàâäóòôöíìîïúùûüçñŵŷÉÈÁÀÓÍÚÇÑ")
"""Characters beyond ASCII that stand in what people in the UK write."""


def guess_encoding(path: Path) -> str:
    """A byte-order mark, else UTF-16 by its zeros, else UTF-8 where all or most lines are, else cp1252 or cp850."""
    with path.open("rb") as file:
        start = file.read(_START)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    return utf_16_without_mark(start) or ("utf-8-sig" if _is_utf_8(path) else _by_lines(path))


def utf_16_without_mark(start: bytes) -> str | None:
    """The byte order, where every other byte is mostly zero, as it is in UTF-16 of European words."""
    half = len(start) // 2
    zeros = [start[place::2].count(0) for place in (0, 1)]
    if half < 2 or min(zeros) > half // 20 or max(zeros) < half * 0.7:
        return None
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"


def is_binary(start: bytes) -> bool:
    """Whether a file that starts so is no text in any encoding: more than one byte in fifty is a control character."""
    if any(start.startswith(mark) for mark, _ in _MARKS) or utf_16_without_mark(start):
        return False
    return (len(start) - len(start.translate(None, _CONTROLS))) * 50 > len(start)


def _is_utf_8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            for block in iter(lambda: file.read(_BLOCK), b""):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _by_lines(path: Path) -> str:
    """UTF-8 where more of the lines beyond ASCII are valid than not; the others are then refused one by one."""
    valid, invalid, others = 0, 0, bytearray()
    with path.open("rb") as file:
        while file.tell() < _SAMPLE and (line := file.readline(_BLOCK)):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                valid += 1
            except UnicodeDecodeError:
                invalid += 1
                others += line
    if valid >= invalid:
        return "utf-8-sig"
    return max(("cp1252", "cp850"), key=lambda name: _expected(bytes(others), name))


def _expected(data: bytes, encoding: str) -> int:
    high = bytes(byte for byte in data if byte > 127)
    return sum(character in _EXPECTED for character in high.decode(encoding, "replace"))
