"""Outlook messages and old workbooks, written from nothing: a compound file and what it holds. No file of a real
program went into it.
"""

import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from compressed_rtf import compress

from tests.builders import RECEIVED

_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_CUTOFF = 4096
_NOBODY = 0xFFFFFFFF

Tree = Mapping[str, "bytes | Tree"]


def compound(tree: Tree) -> bytes:
    """A compound file (version 3) with these streams (bytes) and storages (mappings)."""
    entries: list[dict[str, Any]] = [{"name": "Root Entry", "kind": 5, "next": _NOBODY, "child": _NOBODY, "data": b""}]
    _enter(tree, entries, 0)
    small, mini_fat = bytearray(), list[int]()
    for entry in entries[1:]:
        if entry["kind"] == 2 and len(entry["data"]) < _CUTOFF:
            entry["start"] = _chain(mini_fat, small, entry["data"], 64)
    sectors, fat = bytearray(), list[int]()
    for entry in entries[1:]:
        if entry["kind"] == 2 and len(entry["data"]) >= _CUTOFF:
            entry["start"] = _chain(fat, sectors, entry["data"], 512)
    entries[0]["data"] = bytes(small)
    entries[0]["start"] = _chain(fat, sectors, bytes(small), 512)
    mini = struct.pack(f"<{len(mini_fat)}I", *mini_fat)
    mini += b"\xff" * (-len(mini) % 512)
    mini_start = _chain(fat, sectors, mini, 512)
    directory = b"".join(map(_entry, entries))
    directory_start = _chain(fat, sectors, directory + _EMPTY_ENTRY * (-len(entries) % 4), 512)
    count = 1
    while (len(fat) + count) * 4 > count * 512:
        count += 1
    first = len(fat)
    fat += [_FAT] * count
    table = struct.pack(f"<{len(fat)}I", *fat)
    sectors += table + b"\xff" * (-len(table) % 512)
    places = [first + n for n in range(count)] + [_FREE] * (109 - count)
    header = struct.pack(
        "<8s16x5H6x9I109I",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, count, directory_start, 0, _CUTOFF),
        *(mini_start, len(mini) // 512, _END, 0, *places),
    )
    return header + bytes(sectors)


def a_msg(
    body: str = "The lift is out.",
    *,
    attachments: tuple[Tree, ...] = (),
    delivered: datetime | None = RECEIVED,
    **given: Any,
) -> bytes:
    """An Outlook message, in Unicode. `given` are parts by their name in `_PARTS`, or properties by their tag and type
    in hexadecimal, `p1000001E=b"..."`.
    """
    return compound(_mail({"body": body, **given}, attachments, delivered, header=32))


def an_attached_file(data: bytes = b"%PDF-1.7", name: str = "letter.pdf") -> Tree:
    """A file as a message holds it."""
    streams = {"37010102": data, "3707001F": name.encode("utf-16-le")}
    return _with_properties(streams, header=8, moment=None)


def an_attached_mail(body: str, *, subject: str = "Damp", sender: str = "sam@example.org") -> Tree:
    """A mail within a mail."""
    inner = _mail({"body": body, "subject": subject, "sender": sender}, (), RECEIVED, header=24)
    return {**_with_properties({}, header=8, moment=None), "__substg1.0_3701000D": inner}


def an_old_workbook(*rows: tuple[str | float, ...]) -> bytes:
    """An .xls (BIFF8) with one sheet."""

    def record(kind: int, data: bytes = b"") -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def begin(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))

    cells = b""
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            place = struct.pack("<HHH", row, column, 0)
            if isinstance(value, str):
                cells += record(0x0204, place + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
            else:
                cells += record(0x0203, place + struct.pack("<d", value))
    name = b"Notes"
    globals_length = len(begin(5)) + 4 + 8 + len(name) + 4
    bound = record(0x0085, struct.pack("<IBBBB", globals_length, 0, 0, len(name), 0) + name)
    book = begin(5) + bound + record(0x000A) + begin(0x10) + cells + record(0x000A)
    return compound({"Workbook": book.ljust(_CUTOFF, b"\0")})


_PARTS = {
    "kind": "001A001F",
    "subject": "0037001F",
    "sender": "5D01001F",
    "headers": "007D001F",
    "body": "1000001F",
    "html": "10130102",
    "rtf": "10090102",
}
_USUAL = {"kind": "IPM.Note", "subject": "Lift", "sender": "jo@example.org"}


def _mail(given: dict[str, Any], attachments: tuple[Tree, ...], delivered: datetime | None, *, header: int) -> Tree:
    streams = {_PARTS.get(name, name[1:]): value for name, value in {**_USUAL, **given}.items() if value}
    if "10090102" in streams and streams["10090102"][8:12] not in {b"LZFu", b"MELA"}:
        streams["10090102"] = compress(streams["10090102"])
    written = {name: text.encode("utf-16-le") if isinstance(text, str) else text for name, text in streams.items()}
    tree = _with_properties(written, header=header, moment=delivered)
    return {**tree, **{f"__attach_version1.0_#{n:08X}": each for n, each in enumerate(attachments)}}


def _with_properties(streams: dict[str, bytes], *, header: int, moment: datetime | None) -> Tree:
    table = bytes(header)
    for name, data in streams.items():
        value = data.ljust(8, b"\0") if name.endswith("0003") else len(data).to_bytes(8, "little")
        table += struct.pack("<HHI8s", int(name[4:], 16), int(name[:4], 16), 6, value)
    if moment is not None:
        ticks = int((moment - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000
        table += struct.pack("<HHIQ", 0x0040, 0x0E06, 6, ticks)
    return {
        "__properties_version1.0": table,
        **{f"__substg1.0_{name}": data for name, data in streams.items() if not name.endswith("0003")},
    }


def _enter(tree: Tree, entries: list[dict[str, Any]], parent: int) -> None:
    """The members of a storage as a chain, each to the right of the one before."""
    before: dict[str, Any] | None = None
    for name, content in tree.items():
        place = len(entries)
        is_stream = isinstance(content, bytes)
        entry = {
            "name": name,
            "kind": 2 if is_stream else 1,
            "next": _NOBODY,
            "child": _NOBODY,
            "data": b"",
            "start": 0,
        }
        entries.append(entry)
        if before is None:
            entries[parent]["child"] = place
        else:
            before["next"] = place
        before = entry
        if isinstance(content, bytes):
            entry["data"] = content
        else:
            _enter(content, entries, place)


def _chain(table: list[int], store: bytearray, data: bytes, size: int) -> int:
    """Put data into sectors of a size; the first one's number."""
    if not data:
        return _END
    first, count = len(table), -(-len(data) // size)
    store += data + bytes(-len(data) % size)
    table += [*range(first + 1, first + count), _END]
    return first


def _entry(entry: dict[str, Any]) -> bytes:
    name = entry["name"].encode("utf-16-le")
    return struct.pack(
        "<64sHBB3I36xIQ",
        *(name, len(name) + 2, entry["kind"], 1, _NOBODY, entry["next"], entry["child"]),
        *(entry.get("start", 0), len(entry["data"])),
    )


_EMPTY_ENTRY = struct.pack("<64sHBB3I36xIQ", b"", 0, 0, 0, _NOBODY, _NOBODY, _NOBODY, 0, 0)
