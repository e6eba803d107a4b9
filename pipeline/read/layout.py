"""What stands around a mail in its file, taken off: byte-order mark, UTF-16, lines that end in CR, an envelope line."""

import codecs
import re

_KNOWN = (
    rb"from|to|cc|sender|reply-to|subject|date|message-id|received|return-path|delivered-to|mime-version|content-[a-z-]+"
    rb"|in-reply-to|references|envelope-to|auto-submitted|precedence|importance|authentication-results|dkim-[a-z-]+"
    rb"|arc-[a-z-]+|list-[a-z-]+|x-[a-z0-9-]+"
)
_HEADER = re.compile(rb"[^\s:,;]+[ \t]*:")
_MAIL = re.compile(rb"^(?:" + _KNOWN + rb")[ \t]*:", re.IGNORECASE | re.MULTILINE)
_HEADERS = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]*+:[^\n]*+\n(?:[ \t][^\n]*+\n)*+){2,}")
_ENVELOPE = re.compile(rb">*From [^\n]*\n")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_SPACED = re.compile(rb"^([!-9;-~]+)[ \t]+:", re.MULTILINE)


def looks_like_mail(start: bytes) -> bool:
    """Whether a file that begins like this is one mail: a header that mail has, or two of any."""
    data = plain_lines(start)
    return _HEADERS.match(data) is not None or (_HEADER.match(data) is not None and _MAIL.search(data) is not None)


def plain_lines(raw: bytes) -> bytes:
    """A mail from its first header on, in a superset of ASCII, with lines that end in LF or CRLF."""
    data = _narrow(raw.removeprefix(codecs.BOM_UTF8))
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    data = data.lstrip(b"\r\n") if data[:1] in b"\r\n" else data
    envelope = _ENVELOPE.match(data)
    return _without_space_before_colon(data[envelope.end() :] if envelope else data)


def _narrow(data: bytes) -> bytes:
    """UTF-16, told by its mark or by a NUL in every second byte, as UTF-8."""
    head = data[:200]
    for codec, mark, zeros in (
        ("utf-16-le", codecs.BOM_UTF16_LE, head[1::2]),
        ("utf-16-be", codecs.BOM_UTF16_BE, head[::2]),
    ):
        if data.startswith(mark) or (len(head) > 20 and not zeros.strip(b"\x00")):
            return data.removeprefix(mark).decode(codec, "replace").encode("utf-8", "replace")
    return data


def _without_space_before_colon(data: bytes) -> bytes:
    end = _BLANK_LINE.search(data)
    head = data[: end.start() if end else len(data)]
    return _SPACED.sub(rb"\1:", head) + data[len(head) :] if _SPACED.search(head) else data
