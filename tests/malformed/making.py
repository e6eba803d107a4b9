"""How a malformed mail is made, and what is expected of it."""

from base64 import encodebytes
from dataclasses import dataclass

from pipeline.domain import MessageKind

WRITTEN, MACHINE, UNREADABLE = MessageKind.WRITTEN, MessageKind.MACHINE, MessageKind.UNREADABLE

WORDS = "Nobody came about the boiler on Tuesday and nobody rang."


@dataclass(frozen=True, kw_only=True)
class Case:
    """One file. `row` is the row or incident in the list of faults it is for; `kind` None accepts any.

    `words` must all be in the text, in order or not; `absent` must not. `refused`: no message, but a reason.
    """

    name: str
    raw: bytes
    row: str
    words: tuple[str, ...] = (WORDS,)
    absent: tuple[str, ...] = ()
    kind: MessageKind | None = WRITTEN
    refused: bool = False
    subject: str | None = None
    sender: str | None = None
    mails: int = 1

    def __str__(self) -> str:
        return f"{self.row}-{self.name}"


def mail(
    body: str | bytes = WORDS + "\n",
    *,
    content: str | None = "text/plain; charset=utf-8",
    headers: str | bytes = "",
    subject: str | bytes = "Boiler",
    sender: str | bytes = "From: Jo Tarn <jo@example.org>\n",
    ident: str = "<1@example.org>",
) -> bytes:
    """A mail whose every line can be replaced, by text (UTF-8) or by bytes."""
    lines = [
        sender,
        b"To: repairs@brindlevale.example\nSubject: " + _bytes(subject) + b"\n",
        "Date: Mon, 02 Nov 2026 09:30:00 +0000\n",
        f"Message-ID: {ident}\n" if ident else "",
        headers,
        "MIME-Version: 1.0\n" + (f"Content-Type: {content}\n" if content is not None else ""),
        "\n",
        body,
    ]
    return b"".join(map(_bytes, lines))


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def part(body: str | bytes = WORDS + "\n", content: str = "text/plain; charset=utf-8", extra: str = "") -> bytes:
    """One part of a multipart."""
    return f"Content-Type: {content}\n{extra}\n".encode() + _bytes(body) + b"\n"


def multi(*parts: bytes, boundary: str = "b", end: bool = True) -> bytes:
    """The body of a multipart."""
    line = f"--{boundary}\n".encode()
    return b"".join(line + each for each in parts) + (f"--{boundary}--\n".encode() if end else b"")


def mixed(*parts: bytes, kind: str = "mixed", **given: str | bytes) -> bytes:
    """A multipart mail with these parts."""
    return mail(multi(*parts), content=f"multipart/{kind}; boundary=b", **given)


def b64(data: bytes) -> str:
    """Base64 in lines."""
    return encodebytes(data).decode()


def a_file(content: str, name: str = "a.bin", data: bytes = b"\x00\x01\x02") -> bytes:
    """A part that is an attached file."""
    extra = f'Content-Disposition: attachment; filename="{name}"\nContent-Transfer-Encoding: base64\n'
    return part(b64(data), content, extra)
