"""What an OLE or zip file holds, told by what is in it. Nothing is unpacked that would be too large."""

from enum import StrEnum
from pathlib import Path, PurePosixPath
from struct import error as StructError  # noqa: N812  # it is a class
from struct import unpack_from
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError  # noqa: N812  # it is a class

from olefile import OleFileIO

from pipeline.errors import UnreadableSource

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"

UNPACKED_LIMIT = 500_000_000
"""Bytes a workbook may have when unpacked."""

ENTRY_LIMIT = 10_000
"""Files a workbook may have inside."""

RATIO_LIMIT = 200
"""How many times as large as it is packed a file inside of more than `SMALL` bytes may be."""

SMALL = 20_000_000

_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_BLOCK = 1 << 20
_ENCRYPTED = 0x1
_FILE_PASS = 0x002F
_END = 0x000A
_LOCKED = "this file is protected by a password: save it without one"
_STRANGE = (BadZipFile, OSError, ValueError, LookupError, TypeError, OverflowError, RecursionError, StructError)


class Holds(StrEnum):
    """What heard reads."""

    MAIL = "mail"  # an Outlook message
    WORKBOOK = "workbook"  # .xlsx, .xlsm, .xls or .ods


def look_inside(path: Path, *, source: str) -> Holds:
    """What a file that begins with `OLE` or `ZIP` holds; UnreadableSource says what is wrong with any other."""
    with path.open("rb") as file:
        start = file.read(len(OLE))
    try:
        holds = _of_ole(path) if start == OLE else _of_zip(path)
    except (*_STRANGE, ZlibError, NotImplementedError, RuntimeError) as error:
        reason = f"this file is broken or cut short ({type(error).__name__}): get it again, or save it anew"
        raise UnreadableSource(f"{source}: {reason}.") from None
    if isinstance(holds, Holds):
        return holds
    raise UnreadableSource(f"{source}: {holds}.")


def _of_ole(path: Path) -> Holds | str:
    with path.open("rb") as file, OleFileIO(file) as ole:
        if ole.exists("__properties_version1.0"):
            return Holds.MAIL
        if ole.exists("EncryptedPackage"):
            return _LOCKED
        for name in ("Workbook", "Book"):
            if ole.exists(name):
                return _LOCKED if _is_locked_xls(ole.openstream(name).read(_BLOCK)) else Holds.WORKBOOK
    return "this is an old Office file, neither a mail nor a workbook"


def _is_locked_xls(stream: bytes) -> bool:
    """Whether a FilePass record (MS-XLS 2.4.117) stands among those about the whole book."""
    place = 0
    while place + 4 <= len(stream):
        kind, length = unpack_from("<HH", stream, place)
        if kind in {_FILE_PASS, _END}:
            return bool(kind == _FILE_PASS)
        place += 4 + length
    return False


def _of_zip(path: Path) -> Holds | str:
    with ZipFile(path) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        if "xl/workbook.bin" in entries:
            return "this is a binary workbook (.xlsb): save it as .xlsx"
        if "xl/workbook.xml" not in entries and not _is_ods(archive, entries):
            return "this is a zip file, not a workbook: unpack it first"
        return _too_large(archive.infolist()) or _strange(archive) or Holds.WORKBOOK


def _is_ods(archive: ZipFile, entries: dict[str, ZipInfo]) -> bool:
    if "mimetype" not in entries or "content.xml" not in entries:
        return False
    with archive.open("mimetype") as file:
        return file.read(len(_ODS)) == _ODS


def _too_large(entries: list[ZipInfo]) -> str:
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > ENTRY_LIMIT:
        return f"the workbook has {len(entries):,} files inside; the limit is {ENTRY_LIMIT:,}"
    if unpacked > UNPACKED_LIMIT:
        return f"the workbook would unpack to {unpacked:,} bytes; the limit is {UNPACKED_LIMIT:,}"
    if any(entry.file_size > max(SMALL, RATIO_LIMIT * entry.compress_size) for entry in entries):
        return (
            f"a file inside the workbook would unpack to more than {RATIO_LIMIT} times its size: save it as CSV (UTF-8)"
        )
    return ""


def _strange(archive: ZipFile) -> str:
    """What no program that saves workbooks does: names that lead elsewhere, one name twice, entities in the XML.

    Each file is unpacked to the end, block by block, so that what the archive says of their sizes is known to be true:
    zipfile stops at the size declared and then finds the checksum wrong.
    """
    names = [entry.filename for entry in archive.infolist()]
    if any(".." in PurePosixPath(name.replace("\\", "/")).parts or name.startswith(("/", "\\")) for name in names):
        return "a file inside the workbook has a name that leads out of it"
    if len(set(names)) < len(names):
        return "two files inside the workbook have the same name"
    for entry in archive.infolist():
        if entry.flag_bits & _ENCRYPTED or (entry.filename == "META-INF/manifest.xml" and _is_locked(archive, entry)):
            return _LOCKED
        if _declares_entities(archive, entry):
            return "the XML in the workbook declares entities, which no spreadsheet needs: save it anew"
    return ""


def _is_locked(archive: ZipFile, manifest: ZipInfo) -> bool:
    """An OpenDocument file says in its manifest how it is encrypted."""
    return manifest.file_size < SMALL and b"encryption-data" in archive.read(manifest)


def _declares_entities(archive: ZipFile, entry: ZipInfo) -> bool:
    found, end = False, b""
    with archive.open(entry) as file:
        while block := file.read(_BLOCK):
            found = found or b"<!DOCTYPE" in end + block or b"<!ENTITY" in end + block
            end = block[-16:]
    return found and entry.filename.endswith((".xml", ".rels"))
