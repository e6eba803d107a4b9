"""Bytes of a mail as text, whatever they are called."""

import charset_normalizer

_ASCII = 127
_FEW = 0.3
_ALIASES = {"us-ascii": "cp1252", "ascii": "cp1252", "iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252"}


def to_text(data: bytes, charset: str | None) -> str:
    """Bytes as text: UTF-8 where valid, else the charset named, else cp1252, or a guess where few bytes are ASCII."""
    named = _ALIASES.get((charset or "").lower(), charset)
    for name in ("utf-8", named):
        try:
            if name and not (name == "utf-8" and named and named.startswith(("utf-16", "iso-2022"))):
                return data.decode(name)
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    foreign = sum(byte > _ASCII for byte in data) > len(data) * _FEW
    guess = charset_normalizer.from_bytes(data[:100_000]).best() if foreign else None
    return data.decode(guess.encoding if guess else "cp1252", "replace")
