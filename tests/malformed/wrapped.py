"""Words wrapped in a signature, a cipher, a calendar or a winmail.dat (rows B22, B32, B33)."""

from tests.malformed.containers import a_signature, a_winmail
from tests.malformed.making import UNREADABLE, WORDS, Case, a_file, b64, mail, mixed, part

_HTML = f"<html><body><p>{WORDS}</p></body></html>\n"


def cases() -> list[Case]:
    """Every case about what words are wrapped in."""
    return [*_sealed(), *_calendars(), *_winmail()]


def _sealed() -> list[Case]:
    secret = "-----BEGIN PGP MESSAGE-----\n\nhQEMA7z\n-----END PGP MESSAGE-----\n"
    signed = (
        f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{WORDS}\n"
        "-----BEGIN PGP SIGNATURE-----\n\niQEzBAE\n-----END PGP SIGNATURE-----\n"
    )
    signature = part("x", "application/pgp-signature", "")
    base64 = "Content-Transfer-Encoding: base64\n"
    smime = "application/pkcs7-mime; smime-type={}; name=smime.p7m"
    opaque = mail(b64(a_signature(part())), content=smime.format("signed-data"), headers=base64)
    return [
        Case(
            row="B32",
            name="pgp-encrypted",
            raw=mixed(
                part("Version: 1\n", "application/pgp-encrypted"), a_file("application/octet-stream"), kind="encrypted"
            ),
            words=(),
            kind=UNREADABLE,
        ),
        Case(row="B32", name="pgp-encrypted-inline", raw=mail(secret), words=(), kind=UNREADABLE),
        Case(row="B32", name="pgp-encrypted-under-words", raw=mail(WORDS + "\n" + secret), kind=UNREADABLE),
        Case(row="B32", name="pgp-signed-inline", raw=mail(signed), absent=("PGP", "iQEzBAE", "SHA256")),
        Case(
            row="B32",
            name="pgp-signed-inline-crlf",
            raw=mail(signed).replace(b"\n", b"\r\n"),
            absent=("PGP", "iQEzBAE"),
        ),
        Case(row="B32", name="pgp-signed-without-blank-line", raw=mail(signed.replace("\n\n", "\n"))),
        Case(row="B32", name="pgp-signature-first", raw=mail("-----BEGIN PGP SIGNATURE-----\n" + signed)),
        Case(row="B32", name="pgp-signed", raw=mixed(part(), signature, kind="signed")),
        Case(
            row="B32",
            name="smime-clear-signed",
            raw=mixed(part(), a_file("application/pkcs7-signature", "smime.p7s"), kind="signed"),
        ),
        Case(row="B32", name="smime-opaque-signed", raw=opaque),
        Case(row="B32", name="smime-opaque-signed-x", raw=opaque.replace(b"application/pkcs7", b"application/x-pkcs7")),
        Case(
            row="B32",
            name="smime-opaque-cut",
            raw=mail(b64(a_signature(part())[:-30]), content=smime.format("signed-data"), headers=base64),
            words=(),
            kind=UNREADABLE,
        ),
        Case(
            row="B32",
            name="smime-encrypted",
            raw=mail(b64(a_signature(b"", kind="enveloped")), content=smime.format("enveloped-data"), headers=base64),
            words=(),
            kind=UNREADABLE,
        ),
        Case(
            row="B32",
            name="smime-garbage",
            raw=mail("????", content=smime.format("signed-data"), headers=base64),
            words=(),
            kind=UNREADABLE,
        ),
    ]


def _calendars() -> list[Case]:
    def event(*lines: str) -> str:
        return "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""])

    folded = event("SUMMARY:Boiler", f"DESCRIPTION;LANGUAGE=en:{WORDS[:20]}", f" {WORDS[20:]}")
    kind = "text/calendar; method=REQUEST; charset=utf-8"
    return [
        Case(row="B33", name="folded", raw=mail(folded, content=kind), words=(WORDS, "Boiler")),
        Case(
            row="B33",
            name="escaped",
            raw=mail(event("SUMMARY:No heat\\, again"), content=kind),
            words=("No heat, again",),
        ),
        Case(row="B33", name="broken-line", raw=mail(event("no colon", f"DESCRIPTION:{WORDS}"), content=kind)),
        Case(row="B33", name="cut", raw=mail(f"BEGIN:VCALENDAR\nDESCRIPTION:{WORDS}", content=kind)),
        Case(row="B33", name="beside-words", raw=mixed(part(), part(event("SUMMARY:Visit"), kind)), absent=("VEVENT",)),
    ]


def _winmail() -> list[Case]:
    def attached(data: bytes, kind: str = "application/ms-tnef") -> bytes:
        return a_file(kind, "winmail.dat", data)

    plain, html, rtf = a_winmail(plain=WORDS), a_winmail(html=_HTML), a_winmail(rtf=WORDS)
    return [
        Case(row="B22", name="words-elsewhere", raw=mixed(part(), attached(plain))),
        Case(row="B22", name="plain", raw=mixed(attached(plain))),
        Case(row="B22", name="html", raw=mixed(attached(html))),
        Case(row="B22", name="rtf", raw=mixed(attached(rtf))),
        Case(row="B22", name="body-attribute", raw=mixed(attached(a_winmail(body=WORDS)))),
        Case(row="B22", name="named-only", raw=mixed(attached(plain, "application/octet-stream"))),
        Case(row="B22", name="cut", raw=mixed(attached(plain[:60])), words=(), kind=UNREADABLE),
        Case(
            row="B22",
            name="garbage",
            raw=mixed(attached(b"\x78\x9f\x3e\x22" + b"\xff" * 400)),
            words=(),
            kind=UNREADABLE,
        ),
        Case(
            row="B22", name="huge-counts", raw=mixed(attached(a_winmail(count=0xFFFFFFFF))), words=(), kind=UNREADABLE
        ),
    ]
