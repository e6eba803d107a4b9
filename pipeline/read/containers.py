"""What an OLE or zip file holds, told by what is in it. Nothing is unpacked that would be too large."""

from enum import StrEnum
from pathlib import Path
from struct import error as StructError  # noqa: N812  # it is a class
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

_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
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
            return "this file is protected by a password: save it without one"
        if ole.exists("Workbook") or ole.exists("Book"):
            return Holds.WORKBOOK
    return "this is an old Office file, neither a mail nor a workbook"


def _of_zip(path: Path) -> Holds | str:
    with ZipFile(path) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        if "xl/workbook.bin" in entries:
            return "this is a binary workbook (.xlsb): save it as .xlsx"
        if "xl/workbook.xml" not in entries and not _is_ods(archive, entries):
            return "this is a zip file, not a workbook: unpack it first"
        return _too_large(archive.infolist()) or Holds.WORKBOOK


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
    return ""
