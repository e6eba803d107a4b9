"""CSV -> records, each with its line. A quote that is never closed costs its own line only."""

import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from pipeline.errors import SettingsError, UnreadableSource
from pipeline.read.columns import holds_words
from pipeline.read.encodings import guess_encoding

FIELD_LIMIT = 2_000_000
"""Characters a cell may have."""

RECORD_LINES = 500
"""Lines one record may run over: what looks longer is a quote that is not closed."""

HEADER_LINES = 10
"""Among how many lines the header is looked for."""

DELIMITERS = ",;\t|"
_LINE_LIMIT = 2 * FIELD_LIMIT
_UNDECODED = re.compile("[\udc80-\udcff]")
_UNDECODED_16 = re.compile("\ufffd")
_PAGE = re.compile(r"\s*<(!doctype|html|table|\?xml)", re.IGNORECASE)
_TOO_LONG = f"a cell has more than {FIELD_LIMIT:,} characters."
_UNCLOSED = 'the row cannot be read: a quote (") on this line is not closed, or one inside a cell is not doubled.'


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a CSV file is written. `skip` is the number of lines before the header (`sep=;`, titles)."""

    encoding: str
    delimiter: str
    skip: int


@dataclass(frozen=True, kw_only=True)
class Record:
    """One row as it stands. `fault` says why its cells are not to be trusted, `text` is the row as it was written."""

    line: int
    cells: tuple[str, ...] = ()
    fault: str = ""
    text: str = ""


def detect(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    is_header: Callable[[Sequence[str]], bool] = holds_words,
) -> Form:
    """The encoding by `guess_encoding`; the header and with it the delimiter by what `is_header` knows.

    A header within the first lines is found below titles; where none is, the first line counts as it.
    """
    chosen = encoding or guess_encoding(path)
    with _opened(path, chosen) as file:
        lines = [file.readline(_LINE_LIMIT) for _ in range(HEADER_LINES)]
    if _PAGE.match(lines[0].lstrip("\ufeff")):
        raise UnreadableSource(f"{path}: this is a web page or XML, not a table: open it and save it as CSV (UTF-8).")
    named = int(lines[0].lower().startswith("sep="))
    found = _header(lines[named:], delimiter, is_header)
    if found is not None:
        return Form(encoding=chosen, delimiter=found[1], skip=named + found[0])
    return Form(encoding=chosen, delimiter=delimiter or most_common_delimiter(lines[named]), skip=named)


def most_common_delimiter(header: str) -> str:
    """The delimiter that stands most often in a line; a comma where none does."""
    return max(DELIMITERS, key=header.count)


def _header(
    lines: list[str], delimiter: str | None, is_header: Callable[[Sequence[str]], bool]
) -> tuple[int, str] | None:
    for number, line in enumerate(lines):
        tried = [delimiter] if delimiter else sorted(DELIMITERS, key=line.count, reverse=True)
        for one in tried:
            if is_header(next(csv.reader([line], delimiter=one), [])):
                return number, one
    return None


def _opened(path: Path, encoding: str) -> TextIO:
    """Bytes that the encoding does not know stay apart from all characters, where it allows that."""
    try:
        return path.open(
            encoding=encoding, errors="replace" if encoding.startswith("utf-16") else "surrogateescape", newline=""
        )
    except LookupError:
        raise SettingsError(f"there is no encoding {encoding!r}: use utf-8, cp1252, cp850 or utf-16.") from None


class Records:
    """The records of a CSV from its header on. Who reads the header sets `width`, so that merged rows are noticed."""

    def __init__(self, file: TextIO, form: Form) -> None:
        csv.field_size_limit(FIELD_LIMIT)
        self._form = form
        self._undecoded = _UNDECODED_16 if form.encoding.startswith("utf-16") else _UNDECODED
        self._lines = _Lines(file, form.skip)
        self._fault = ""
        self.width = 0

    def __iter__(self) -> Iterator[Record]:
        while True:
            self._lines.begin()
            line = self._lines.number + 1
            cells = self._next()
            if cells is None and not self._lines.taken:
                return
            yield self._record(line, cells)

    def _record(self, line: int, cells: list[str] | None) -> Record:
        text = "".join(self._lines.taken)
        if self._lines.too_long:
            return Record(line=line, fault=f"the line has more than {_LINE_LIMIT:,} characters.")
        if cells is None:
            return Record(line=line, fault=self._fault, text=text)
        if not text.isascii() and self._undecoded.search(text):
            fault = (
                f"the row holds bytes that are not {self._form.encoding.removesuffix('-sig')}: save the file as UTF-8."
            )
            return Record(line=line, cells=tuple(cells), fault=fault, text=text)
        return Record(line=line, cells=tuple(cells), text=text)

    def _next(self) -> list[str] | None:
        """The next row; None at the end, and where it cannot be read: then all lines but its first are read again."""
        cells = self._parsed(escape=None)
        if cells is not None and not self._swallowed(cells):
            return cells
        if cells is None and self._lines.taken:
            self._lines.rewind()
            if "\\" in self._lines.peek():
                cells = self._parsed(escape="\\")
                if cells is not None and (not self.width or len(cells) == self.width):
                    return cells
                self._lines.rewind()
            self._lines.take_one()
        return None

    def _parsed(self, escape: str | None) -> list[str] | None:
        reader = csv.reader(
            self._lines, delimiter=self._form.delimiter, strict=True, escapechar=escape, doublequote=escape is None
        )
        try:
            return next(reader, None)
        except csv.Error as error:
            self._fault = _TOO_LONG if "field limit" in str(error) else _UNCLOSED
            return None

    def _swallowed(self, cells: list[str]) -> bool:
        """Whether a quote that is not closed made one row of several: each line below it is a row by itself."""
        if len(self._lines.taken) == 1 or self.width < 2 or len(cells) == self.width:
            return False
        below = self._lines.taken[1:]
        if any(len(next(csv.reader([line], delimiter=self._form.delimiter), [])) != self.width for line in below):
            return False
        self._lines.rewind()
        self._lines.take_one()
        self._fault = _UNCLOSED
        return True


class _Lines:
    """Lines of a file, at most `RECORD_LINES` after each `begin`; those `taken` since then can be read again."""

    def __init__(self, file: TextIO, skip: int) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0
        self.too_long = False
        for _ in range(skip):
            self._read()
            self.number += 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= RECORD_LINES:
            raise StopIteration
        return self.take_one()

    def begin(self) -> None:
        """From here on it is the next record."""
        self.taken = []
        self.too_long = False

    def take_one(self) -> str:
        """The next line; StopIteration at the end."""
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self.taken.append(line)
        self.number += 1
        return line

    def peek(self) -> str:
        """The next line, which was read before."""
        return self._again[0]

    def rewind(self) -> None:
        """Back to where `begin` was."""
        self._again.extendleft(reversed(self.taken))
        self.number -= len(self.taken)
        self.taken = []

    def _read(self) -> str:
        line = self._file.readline(_LINE_LIMIT)
        if len(line) == _LINE_LIMIT and not line.endswith(("\n", "\r")):
            self.too_long = True
            while (rest := self._file.readline(_LINE_LIMIT)) and not rest.endswith(("\n", "\r")):
                pass
        return line


@contextmanager
def records_of(path: Path, form: Form) -> Iterator[Records]:
    """The records of a file, which is closed at the end."""
    with _opened(path, form.encoding) as file:
        yield Records(file, form)


def records_in(text: str, delimiter: str) -> Records:
    """The records of a text."""
    return Records(io.StringIO(text, newline=""), Form(encoding="utf-8", delimiter=delimiter, skip=0))
