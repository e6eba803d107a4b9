"""What is too large, no mail at all, or several mails (rows B24, B31, B41, B50, B51)."""

import random

from tests.malformed.making import UNREADABLE, WORDS, Case, a_file, mail, mixed, part

_ENVELOPE = b"From jo@example.org Mon Nov  2 09:31:00 2026\n"
_LIFT = "The lift is out again."


def cases() -> list[Case]:
    """Every case about sizes and kinds of file."""
    return [*_large(), *_slow_to_match(), *_no_mail(), *mailboxes()]


def _large() -> list[Case]:
    line = "nobody came " * 175_000
    return [
        Case(row="B41", name="text-10-mb", raw=mail((WORDS + "\n") * 175_000)),
        Case(row="B41", name="line-2-mb", raw=mail(line), words=("nobody came",)),
        Case(row="B41", name="line-2-mb-without-spaces", raw=mail("x" * 2_000_000), words=("xxx",)),
        Case(
            row="B41",
            name="text-10-mb-base64",
            raw=mail("Tm9ib2R5IGNhbWUu\n" * 600_000, headers="Content-Transfer-Encoding: base64\n"),
            words=("Nobody came.",),
        ),
        Case(row="B41", name="blank-lines-10-mb", raw=mail("\n" * 10_000_000 + WORDS)),
        Case(row="B31", name="file-40-mb", raw=mixed(part(), a_file("application/pdf", "a.pdf", b"\x00" * 40_000_000))),
        Case(
            row="B31",
            name="over-the-limit",
            raw=mail(WORDS + "\n" + "x" * 99 + "\n" * 60_000_000),
            words=(),
            refused=True,
        ),
    ]


def _slow_to_match() -> list[Case]:
    """Text that takes a careless pattern minutes."""
    blanks = "x" + " " * 1_000_000 + "y\n"
    marks = "-----BEGIN PGP SIGNED MESSAGE-----\n" * 30_000
    envelope = "\nFrom " + "Mon Nov 2 09:31 " * 60_000 + "2026 y\n"
    return [
        Case(
            row="B41",
            name="boundary-then-spaces",
            raw=mail("--" + blanks + WORDS, content="multipart/mixed"),
            kind=None,
        ),
        Case(row="B41", name="signature-marks", raw=mail(WORDS + "\n" + marks)),
        Case(row="B41", name="envelope-marks", raw=_ENVELOPE + mail(WORDS + "\n" + envelope)),
        Case(row="B41", name="header-of-spaces", raw=mail(headers=blanks)),
        Case(row="B41", name="almost-base64", raw=mail("A" * 2_000_000 + "!\n" + WORDS)),
        Case(row="B41", name="spaces-between-encoded-words", raw=mail(subject="=?utf-8?q?a?=" + blanks)),
        Case(
            row="B41", name="angle-brackets", raw=mail("<" * 300_000 + WORDS, content="text/x-letter"), kind=UNREADABLE
        ),
    ]


def _no_mail() -> list[Case]:
    noise = random.Random(20261127).randbytes(5_000)
    return [
        Case(row="B51", name="empty", raw=b"", words=(), refused=True),
        Case(row="B51", name="only-blank-lines", raw=b"\r\n\r\n", words=(), refused=True),
        Case(row="B51", name="random", raw=b"\x00" + noise, words=(), refused=True),
        Case(row="B51", name="pdf", raw=b"%PDF-1.7\n" + noise, words=(), refused=True),
        Case(row="B24", name="broken-outlook", raw=b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + noise, words=(), refused=True),
        Case(row="B51", name="zip", raw=b"PK\x03\x04" + noise, words=(), refused=True),
        Case(row="B51", name="words-without-headers", raw=WORDS.encode() + b"\n", words=(), refused=True),
        Case(row="B51", name="headers-only", raw=mail("").rstrip(b"\n"), words=(), subject="Boiler"),
        Case(row="B51", name="header-cut", raw=mail()[:90], words=(), kind=None),
        Case(row="B51", name="noise-after-headers", raw=mail(noise, subject=""), words=(), kind=None),
    ]


def mailboxes() -> list[Case]:
    """Files of several mails, or of one in the form of several."""
    first, second = mail(), mail(_LIFT + "\n", ident="<2@example.org>")
    both = (WORDS, _LIFT)
    inside = f"{WORDS}\n\nFrom x y 2026\n\nFrom then on it leaked.\n"
    exact = inside.encode()
    counted = mail(exact, headers=f"Content-Length: {len(exact)}\n")
    whole = WORDS.encode() + b"\n\n" + _ENVELOPE + second
    nested = mail(whole, headers=f"Content-Length: {len(whole)}\n")
    after = b"\n" + _ENVELOPE + second
    lying = [mail(headers=f"Content-Length: {given}\n") for given in ("7", "99999999", "-1", "x", "9" * 30)]
    return [
        Case(row="B50", name="two", raw=_ENVELOPE + first + after, words=both, mails=2),
        Case(row="B50", name="crlf", raw=(_ENVELOPE + first + after).replace(b"\n", b"\r\n"), words=both, mails=2),
        Case(row="B50", name="no-blank-between", raw=_ENVELOPE + first + _ENVELOPE + second, words=both, mails=2),
        Case(row="B50", name="blank-lines-first", raw=b"\n\r\n" + _ENVELOPE + first + after, words=both, mails=2),
        Case(row="B50", name="cut", raw=_ENVELOPE + first + after[:-8], words=(WORDS, "The lift is"), mails=2),
        Case(row="B50", name="cut-in-headers", raw=_ENVELOPE + first + after[:90], words=(WORDS,), kind=None, mails=2),
        Case(
            row="B50",
            name="quoted",
            raw=_ENVELOPE + mail(WORDS + "\n>From here on\n") + after,
            words=(WORDS, "\nFrom here on"),
            mails=2,
        ),
        Case(
            row="B50",
            name="quoted-twice",
            raw=_ENVELOPE + mail(WORDS + "\n>>From here on\n") + after,
            words=(WORDS, "\n>From here on"),
            mails=2,
        ),
        Case(
            row="B50",
            name="from-in-body",
            raw=_ENVELOPE + mail(inside) + after,
            words=("From then on", "From x y", _LIFT),
            mails=2,
        ),
        Case(
            row="B50",
            name="content-length",
            raw=_ENVELOPE + counted + after,
            words=("From then on", "From x y", _LIFT),
            mails=2,
        ),
        Case(row="B50", name="content-length-around-a-mail", raw=_ENVELOPE + nested + after, words=both, mails=2),
        *[
            Case(row="B50", name=f"content-length-lies-{number}", raw=_ENVELOPE + each + after, words=both, mails=2)
            for number, each in enumerate(lying)
        ],
        Case(
            row="B50",
            name="envelope-with-zone",
            raw=_ENVELOPE.replace(b"2026", b"GMT 2026") + first + after,
            words=both,
            mails=2,
        ),
        Case(
            row="B50",
            name="envelope-of-thunderbird",
            raw=b"From - Mon Nov 02 09:31:00 2026\n" + first + after,
            words=both,
            mails=2,
        ),
        Case(row="B50", name="envelope-alone", raw=_ENVELOPE + b"\n" + after, words=(_LIFT,), kind=None, mails=2),
        Case(
            row="B50",
            name="garbage-between",
            raw=_ENVELOPE + first + b"\n\n\x00\xff garbage\n" + after,
            words=both,
            mails=2,
        ),
        Case(
            row="B50",
            name="machine-between",
            raw=_ENVELOPE + mail("Away", headers="X-Autoreply: 1\n") + after,
            words=(_LIFT,),
            kind=None,
            mails=2,
        ),
    ]
