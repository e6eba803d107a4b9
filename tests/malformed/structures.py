"""Trees of parts (rows B17 to B21, B25 to B27, B31, B42)."""

from tests.malformed.making import UNREADABLE, WORDS, Case, a_file, b64, mail, mixed, multi, part

_HTML = f"<html><body><p>{WORDS}</p></body></html>\n"
_OTHER = "Thank you for the lovely bench by the pond, the children sit there every single day."


def cases() -> list[Case]:
    """Every case about parts."""
    return [*_boundaries(), *_alternatives(), *_only_files(), *_attached(), *_nested()]


def _boundaries() -> list[Case]:
    body = multi(part(), a_file("image/jpeg"))
    long = "x" * 7_000
    types = {
        "none": "multipart/mixed",
        "empty": 'multipart/mixed; boundary=""',
        "folded": 'multipart/mixed; boundary="a\n b"',
        "another": "multipart/mixed; boundary=other",
        "unquoted-with-colon": "multipart/mixed; boundary=b:c",
        "single-quotes": "multipart/mixed; boundary='b'",
        "type-without-subtype": "multipart; boundary=b",
        "no-type-at-all": None,
    }
    found = [Case(row="B27", name=f"boundary-{name}", raw=mail(body, content=given)) for name, given in types.items()]
    similar = multi(
        part(multi(part(), part(_HTML, "text/html"), boundary="bb"), "multipart/alternative; boundary=bb"),
        a_file("image/jpeg"),
    )
    quoted = f"{WORDS}\n\n> --b\n> Content-Type: text/plain\n>\n> old words\n"
    encoded = mail(b64(body), content="multipart/mixed; boundary=b", headers="Content-Transfer-Encoding: base64\n")
    return [
        *found,
        Case(row="B27", name="never-appears", raw=mail(content="multipart/mixed; boundary=b"), kind=UNREADABLE),
        Case(row="B27", name="no-boundary-no-parts", raw=mail(content="multipart/mixed"), kind=UNREADABLE),
        Case(row="B27", name="no-closing", raw=mail(multi(part(), end=False), content="multipart/mixed; boundary=b")),
        Case(row="B27", name="similar", raw=mail(similar, content="multipart/mixed; boundary=b")),
        Case(row="B27", name="prefix", raw=mail(similar.replace(b"bb", b"b-"), content="multipart/mixed; boundary=b")),
        Case(row="B27", name="quoted", raw=mail(multi(part(quoted)), content="multipart/mixed; boundary=b")),
        Case(
            row="B27",
            name="7-kb",
            raw=mail(multi(part(), boundary=long), content=f'multipart/mixed; boundary="{long}"'),
        ),
        Case(
            row="B27",
            name="spaces-after",
            raw=mail(body.replace(b"--b\n", b"--b  \t\n"), content="multipart/mixed; boundary=b"),
        ),
        Case(row="B27", name="crlf", raw=mail(body, content="multipart/mixed; boundary=b").replace(b"\n", b"\r\n")),
        Case(row="B27", name="crlf-none", raw=mail(body, content="multipart/mixed").replace(b"\n", b"\r\n")),
        Case(
            row="B27",
            name="words-before-first",
            raw=mail(WORDS.encode() + b"\n" + multi(a_file("image/jpeg")), content="multipart/mixed; boundary=b"),
            kind=UNREADABLE,
        ),
        Case(
            row="B27",
            name="words-after-last",
            raw=mail(multi(a_file("image/jpeg")) + WORDS.encode(), content="multipart/mixed; boundary=b"),
            kind=UNREADABLE,
        ),
        Case(row="B27", name="multipart-in-base64", raw=encoded),
        Case(row="B27", name="cut-in-headers", raw=mixed(part())[:260], words=(), kind=None),
        Case(
            row="B27", name="part-without-blank-line", raw=mixed(b"Content-Type: text/plain\n" + WORDS.encode() + b"\n")
        ),
        Case(row="B27", name="part-without-headers", raw=mixed(WORDS.encode() + b"\n")),
        Case(
            row="B27",
            name="no-parts",
            raw=mail("--b--\n", content="multipart/mixed; boundary=b", subject=""),
            words=(),
            kind=UNREADABLE,
        ),
    ]


def _alternatives() -> list[Case]:
    html = part(_HTML, "text/html; charset=utf-8")
    hidden = "<style>p{color:red}</style><script>steal()</script>"
    comment = mail("<!-- open " + _HTML, content="text/html")
    return [
        Case(row="B17", name="html-only", raw=mail(hidden + _HTML, content="text/html"), absent=("steal", "color")),
        Case(row="B18", name="plain-blank", raw=mixed(part("\n \n"), html, kind="alternative")),
        Case(row="B18", name="view-in-browser", raw=mixed(part("View in browser\n"), html, kind="alternative")),
        Case(
            row="B18",
            name="long-pointer",
            raw=mixed(part("Your mail program cannot show this mail, open it elsewhere\n"), html, kind="alternative"),
        ),
        Case(row="B19", name="two-meanings", raw=mixed(part(_OTHER), html, kind="alternative"), words=(WORDS, _OTHER)),
        Case(
            row="B19",
            name="plain-then-html",
            raw=mixed(part(_OTHER), a_file("image/jpeg"), html),
            words=(WORDS, _OTHER),
        ),
        Case(row="B19", name="same", raw=mixed(part(), html, kind="alternative")),
        Case(row="B20", name="only-a-subject", raw=mail("", subject=WORDS), words=(), subject=WORDS),
        Case(
            row="B20",
            name="only-a-subject-html",
            raw=mail("<html></html>", content="text/html", subject=WORDS),
            words=(),
            subject=WORDS,
        ),
        Case(row="B42", name="unclosed-comment", raw=comment, kind=None),
        Case(row="B42", name="nested-div", raw=mail("<div>" * 5_000 + WORDS, content="text/html")),
        Case(
            row="B42", name="links-5001", raw=mail(_HTML + "<a href='http://a.test'>x</a>" * 5_001, content="text/html")
        ),
        Case(row="incident", name="body-over-5000-links", raw=mail(WORDS + " http://a.test" * 5_001)),
    ]


def _only_files() -> list[Case]:
    kinds = {"pdf": "application/pdf", "photo": "image/jpeg", "voice": "audio/wav", "word": "application/msword"}
    found = [
        Case(row="B21", name=name, raw=mixed(a_file(kind, f"a.{name}")), words=(), kind=UNREADABLE)
        for name, kind in kinds.items()
    ]
    text = part(WORDS, "text/plain", "Content-Disposition: attachment; filename=letter.txt\n")
    return [
        *found,
        Case(
            row="B21",
            name="photo-alone",
            raw=mail(b64(b"\xff\xd8"), content="image/jpeg", headers="Content-Transfer-Encoding: base64\n"),
            words=(),
            kind=UNREADABLE,
        ),
        Case(
            row="B21",
            name="file-without-name",
            raw=mixed(part(b"\x00\x01", "application/octet-stream")),
            words=(),
            kind=UNREADABLE,
        ),
        Case(row="B21", name="text-file", raw=mixed(text)),
        Case(
            row="B31", name="files-300", raw=mixed(part(), *[a_file("application/pdf", f"{n}.pdf") for n in range(300)])
        ),
        Case(
            row="B31",
            name="zip-and-program",
            raw=mixed(
                part(),
                a_file("application/zip", "a.zip", b"PK\x03\x04"),
                a_file("application/x-msdownload", "a.exe", b"MZ"),
            ),
        ),
        Case(row="B31", name="contact-card", raw=mixed(part(), part("BEGIN:VCARD\nEND:VCARD\n", "text/vcard"))),
        Case(row="incident", name="files-16", raw=mixed(*[a_file("image/png", f"{n}.png") for n in range(16)], part())),
    ]


def _attached() -> list[Case]:
    inner = mail(ident="<2@example.org>", sender="From: ali@example.org\n")
    rfc822 = part(inner, "message/rfc822")
    cover = part("Please log.\n")
    again = mail(multi(cover, rfc822, boundary="c"), content="multipart/mixed; boundary=c")
    encoded = part(b64(inner), "message/rfc822", "Content-Transfer-Encoding: base64\n")
    return [
        Case(row="B25", name="under-a-cover", raw=mixed(cover, rfc822), sender="ali@example.org"),
        Case(
            row="B25",
            name="under-words",
            raw=mixed(part(_OTHER), rfc822),
            words=(_OTHER, WORDS),
            sender="jo@example.org",
        ),
        Case(row="B25", name="in-base64", raw=mixed(cover, encoded)),
        Case(row="B25", name="alone", raw=mail(inner, content="message/rfc822")),
        Case(row="B25", name="empty", raw=mixed(part(), part("", "message/rfc822"))),
        Case(
            row="B25", name="two", raw=mixed(cover, rfc822, part(mail(_OTHER), "message/rfc822")), words=(WORDS, _OTHER)
        ),
        Case(
            row="B40", name="twice-forwarded", raw=mixed(cover, part(again, "message/rfc822")), sender="ali@example.org"
        ),
    ]


def _multiparts(deep: int) -> bytes:
    within = part()
    for number in range(deep):
        within = part(multi(within, boundary=f"n{number}."), f"multipart/mixed; boundary=n{number}.")
    return mixed(within)


def _nested() -> list[Case]:
    deep = mail()
    for _ in range(60):
        deep = mail(deep, content="message/rfc822")
    shallow = mail()
    for _ in range(10):
        shallow = mail(shallow, content="message/rfc822")
    opened = b"".join(f"--m{n}\nContent-Type: multipart/mixed; boundary=m{n + 1}\n\n".encode() for n in range(900))
    never = mail(opened + b"--m900\n" + part(), content="multipart/mixed; boundary=m0")
    same = mail(
        b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 900 + part(), content="multipart/mixed; boundary=b"
    )
    return [
        Case(row="B26", name="mails-10-deep", raw=shallow),
        Case(row="B26", name="mails-60-deep", raw=deep, kind=UNREADABLE),
        Case(row="B26", name="multiparts-15-deep", raw=_multiparts(15)),
        Case(row="B26", name="multiparts-40-deep", raw=_multiparts(40), kind=UNREADABLE),
        Case(row="B26", name="multiparts-900-deep", raw=never, kind=UNREADABLE),
        Case(row="B26", name="multiparts-900-of-one-boundary", raw=same, kind=UNREADABLE),
        Case(
            row="B26",
            name="parts-10000",
            raw=mixed(*[part("Nobody came.\n")] * 10_000),
            words=("Nobody came.",),
            kind=UNREADABLE,
        ),
        Case(
            row="B26",
            name="mails-500-side-by-side",
            raw=mixed(*[part(mail(), "message/rfc822")] * 500),
            kind=UNREADABLE,
        ),
    ]
