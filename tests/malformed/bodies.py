"""Charsets and encodings of bodies (rows B10 to B12, B15, B16, B28, B29, B49)."""

import codecs
import gzip
import quopri

from tests.malformed.making import UNREADABLE, WORDS, Case, b64, mail, mixed, part

_SIGNS = "I paid £40 \u2013 it\u2019s wrong, café."
_CHINESE = "锅炉坏了\uff0c没有人来。朋友很生气"
_JAPANESE = "ボイラーが壊れました。誰も来ません"
_KOREAN = "보일러가 고장 났습니다. 아무도 오지 않았어요"
_RUSSIAN = "Бойлер сломан, никто не пришёл"
_HEBREW = "הדוד מקולקל ואף אחד לא בא"


def cases() -> list[Case]:
    """Every case about how a body is written."""
    return [*_unknown_charsets(), *_true_charsets(), *_lies(), *_transfers(), *_layouts(), *_control()]


def _body(data: bytes, charset: str, transfer: str = "8bit") -> bytes:
    return mail(data, content=f"text/plain; charset={charset}", headers=f"Content-Transfer-Encoding: {transfer}\n")


def _unknown_charsets() -> list[Case]:
    names = (
        *(
            "x-unknown",
            "unknown-8bit",
            "136",
            "cp-850",
            "iso-8859-8-i",
            "charset=us-ascii",
            '"us-ascii; charset=us-ascii"',
        ),
        *("punycode", "idna", "unicode_escape", "undefined", "rot13", "zip", "hex", '""', "\u00fctf-8", "a" * 3_000),
    )
    return [Case(row="B10", name=f"charset-{name[:16]}", raw=_body(WORDS.encode(), name)) for name in names]


def _true_charsets() -> list[Case]:
    texts = {
        "gb2312": (_CHINESE + "\u9555", "gbk"),
        "gbk": (_CHINESE, "gbk"),
        "hz-gb-2312": (_CHINESE, "hz"),
        "big5": ("\u934b\u7210\u58de\u4e86\uff0c\u6c92\u6709\u4eba\u4f86", "big5"),
        "ks_c_5601-1987": (_KOREAN, "cp949"),
        "iso-2022-jp": (_JAPANESE, "iso2022_jp"),
        "shift_jis": (_JAPANESE + "\u2460", "cp932"),
        "euc-jp": (_JAPANESE, "euc_jp"),
        "koi8-r": (_RUSSIAN, "koi8_r"),
        "windows-1251": (_RUSSIAN, "cp1251"),
        "iso-8859-8-i": (_HEBREW, "iso8859_8"),
        "utf-7": (_SIGNS, "utf-7"),
        "utf-16": (_SIGNS, "utf-16"),
        "utf-16le": (_SIGNS, "utf-16-le"),
        "cp-850": ("Caf\u00e9 \u00a340", "cp850"),
    }
    found = [
        Case(row="B11", name=f"in-{label}", raw=_body(b64(text.encode(codec)).encode(), label, "base64"), words=(text,))
        for label, (text, codec) in texts.items()
    ]
    damaged = (_JAPANESE * 3).encode("cp932") + b"\x81"
    vendor = "\u30dc\u30a4\u30e9\u30fc\u304c".encode("iso2022_jp").replace(b"\x1b(B", b"-!\x1b(B")
    return [
        *found,
        Case(row="B11", name="shift-jis-cut", raw=_body(damaged, "shift_jis"), words=(_JAPANESE,)),
        Case(
            row="B11",
            name="iso-2022-jp-vendor",
            raw=_body(vendor, "iso-2022-jp"),
            words=("\u30dc\u30a4\u30e9\u30fc\u304c",),
        ),
    ]


def _lies() -> list[Case]:
    windows = _SIGNS.encode("cp1252")
    found = [
        Case(row="B12", name=f"cp1252-as-{label}", raw=_body(windows, label), words=(_SIGNS,))
        for label in ("us-ascii", "iso-8859-1", "utf-8", "iso-8859-15-x", "unknown-8bit")
    ]
    found += [
        Case(row="B12", name=f"utf-8-as-{label}", raw=_body(_SIGNS.encode(), label), words=(_SIGNS,))
        for label in ("us-ascii", "iso-8859-1", "windows-1252", "utf-16", "koi8-r")
    ]
    page = f'<html><head><meta charset="koi8-r"></head><p>{_RUSSIAN}</p>'.encode("koi8_r")
    cut = ("caf\u00e9 " * 50 + WORDS).encode() + b"\xc3"
    return [
        *found,
        Case(row="B12", name="no-charset", raw=mail(windows, content="text/plain"), words=(_SIGNS,)),
        Case(row="B12", name="no-content-type", raw=mail(windows, content=None), words=(_SIGNS,)),
        Case(row="B12", name="charset-only-in-html", raw=mail(page, content="text/html"), words=(_RUSSIAN,)),
        Case(row="B12", name="utf-8-cut-within-a-character", raw=_body(cut, "utf-8"), words=(WORDS, "caf\u00e9")),
    ]


def _transfers() -> list[Case]:
    words = WORDS.encode()
    names = ("7-bit", "8 bit", "base9000", "none", "utf-8", "7bit; x=y", "quoted/printable-ish", "text/plain")
    plain = [Case(row="B28", name=f"cte-{name[:12]}", raw=_body(words, "utf-8", name)) for name in names]
    printable = quopri.encodestring(_SIGNS.encode())
    quoted = ("quoted-printable;", "Quoted Printable", "quoted_printable", '"quoted-printable"', "quoted-printable (x)")
    plain += [
        Case(row="B28", name=f"qp-{name}", raw=_body(printable, "utf-8", name), words=(_SIGNS,)) for name in quoted
    ]
    encoded = b64(words)
    bodies = {
        "no-padding": encoded.rstrip("=\n"),
        "cut": encoded[:-7],
        "noise": encoded[:20] + "!*\n\x00" + encoded[20:],
        "blank-lines": encoded[:20] + "\n\n\n" + encoded[20:],
        "footer-after": encoded + "\nSent through a list of the Brindlevale residents\n",
        "plain-after-all": WORDS,
        "two-runs": b64(words[:25]) + b64(words[25:]),
    }
    cut = {"cut": WORDS[:40]}
    dirty = [
        Case(
            row="B29", name=f"base64-{name}", raw=_body(body.encode(), "utf-8", "base64"), words=(cut.get(name, WORDS),)
        )
        for name, body in bodies.items()
    ]
    uu = b"begin 644 words.txt\n" + b"".join(
        codecs.encode(words[n : n + 45], "uu").split(b"\n")[1] + b"\n" for n in (0, 45)
    )
    packed = b64(gzip.compress(words)).encode()
    return [
        *plain,
        *dirty,
        Case(row="B28", name="base64-as-7-bit", raw=_body(encoded.encode(), "utf-8", "7-bit"), kind=None),
        Case(row="B28", name="x-uuencode", raw=_body(uu + b"`\nend\n", "utf-8", "x-uuencode")),
        Case(row="B28", name="x-uue-without-begin-and-end", raw=_body(uu.partition(b"\n")[2], "utf-8", "x-uue")),
        Case(row="B28", name="x-gzip64", raw=_body(packed, "utf-8", "x-gzip64")),
        Case(row="B28", name="x-gzip64-broken", raw=_body(b"AAAA" * 9, "utf-8", "x-gzip64"), words=(), kind=None),
        Case(row="B29", name="qp-broken", raw=_body(words + b" =ZZ =\n=3", "utf-8", "quoted-printable")),
        Case(row="B29", name="qp-soft-break-at-end", raw=_body(words + b"=", "utf-8", "quoted-printable")),
        Case(
            row="B29",
            name="qp-lower-case",
            raw=_body(b"caf=c3=a9 " + words, "utf-8", "quoted-printable"),
            words=("caf\u00e9",),
        ),
    ]


def _layouts() -> list[Case]:
    whole = mail()
    lines = whole.split(b"\n")
    mixed_ends = b"".join(line + (b"\r\n", b"\n", b"\r")[number % 3] for number, line in enumerate(lines[:8]))
    return [
        Case(row="B49", name="crlf", raw=whole.replace(b"\n", b"\r\n")),
        Case(row="B49", name="cr-only", raw=whole.replace(b"\n", b"\r")),
        Case(row="B49", name="mixed-line-ends", raw=mixed_ends + b"\n" + WORDS.encode()),
        Case(row="B49", name="byte-order-mark", raw=codecs.BOM_UTF8 + whole),
        Case(row="B49", name="utf-16-le", raw=whole.decode().encode("utf-16")),
        Case(row="B49", name="utf-16-be", raw=codecs.BOM_UTF16_BE + whole.decode().encode("utf-16-be")),
        Case(row="B49", name="utf-16-without-mark", raw=whole.decode().encode("utf-16-le")),
        Case(row="B49", name="blank-lines-first", raw=b"\r\n\r\n\n" + whole),
        Case(row="B49", name="envelope-line", raw=b"From jo@example.org Mon Nov  2 09:31:00 2026\n" + whole),
        Case(row="B49", name="odd-envelope-line", raw=b"From jo@example.org at tea time\n" + whole),
        Case(row="B49", name="quoted-envelope-line", raw=b">From jo@example.org Mon Nov  2 09:31:00 2026\n" + whole),
        Case(row="B49", name="no-end-of-line", raw=whole.rstrip(b"\n")),
    ]


def _control() -> list[Case]:
    return [
        Case(
            row="B15",
            name="nul-in-body",
            raw=mail(b"Nobody\x00 came, nobody rang.\n"),
            words=("Nobody came, nobody rang.",),
        ),
        Case(row="B15", name="nul-in-html", raw=mail("<p>Nobody\x00 came</p>", content="text/html"), words=("Nobody",)),
        Case(row="B15", name="only-nul", raw=mail(b"\x00" * 100, subject=""), words=(), kind=UNREADABLE),
        Case(
            row="B16", name="surrogate-in-utf-8", raw=mail(b"Nobody came \xed\xa0\x80 today.\n"), words=("Nobody came",)
        ),
        Case(
            row="B16", name="surrogate-by-utf-7", raw=_body(b"Nobody came +2AA- today", "utf-7"), words=("Nobody came",)
        ),
        Case(row="incident", name="control-characters", raw=mail(b"\x01\x02\x1b[31m" + WORDS.encode())),
        Case(row="incident", name="nul-in-file", raw=mixed(part(), part(b"\x00\x00", "application/octet-stream"))),
        Case(row="B46", name="one-character", raw=mail("?"), words=("?",)),
        Case(row="B46", name="emoji", raw=mail("\U0001f621\U0001f621"), words=("\U0001f621",)),
        Case(row="B46", name="telephone-number", raw=mail("07700 900123"), words=("07700 900123",)),
    ]
