"""Headers (rows B1 to B9, B13 to B16, B30, B41) and the incidents about them."""

from base64 import b64encode

from tests.malformed.making import UNREADABLE, WORDS, Case, a_file, mail, mixed, part

_LONG = "x" * 200_000


def cases() -> list[Case]:
    """Every case about headers."""
    return [*_identities(), *_dates(), *_senders(), *_subjects(), *_parameters(), *_broken_lines(), *_large()]


def _identities() -> list[Case]:
    return [
        Case(row="B1", name="no-message-id", raw=mail(ident="")),
        Case(row="B1", name="empty-message-id", raw=mail(ident=" ")),
        Case(row="B9", name="bracketed-exchange-message-id", raw=mail(ident="<[8b2f@server.example]>")),
        Case(row="B9", name="message-id-without-end", raw=mail(ident="<8b2f@")),
        Case(row="B9", name="cc-of-a-comment", raw=mail(headers="Cc: (x): a@b.example;\n")),
        Case(row="B9", name="to-with-open-quote", raw=mail(headers='Cc: "Jo <a@b.example>\n')),
        Case(row="incident", name="two-message-ids", raw=mail(headers="Message-ID: <2@example.org>\n")),
        Case(row="incident", name="no-headers-but-subject", raw=f"Subject: Boiler\n\n{WORDS}\n".encode()),
        Case(row="incident", name="in-reply-to-garbage", raw=mail(headers="In-Reply-To: << >>\nReferences: \x01\n")),
    ]


def _dates() -> list[Case]:
    stamps = {
        "offset-9999": "Mon, 02 Nov 2026 09:30:00 +9999",
        "year-1": "Mon, 01 Jan 0001 00:00:00 +0000",
        "year-2099": "Mon, 02 Nov 2099 09:30:00 +0000",
        "garbage": "yesterday, about tea time",
        "32-nov": "Mon, 32 Nov 2026 29:70:00 +0000",
        "empty": "",
        "huge-number": "Mon, 02 Nov 99999999999999999999 09:30:00 +0000",
        "non-ascii": "lun., 02 d\u00e9c. 2026 09:30:00 +0000",
    }
    dates = [
        Case(row="B6", name=f"date-{name}", raw=mail().replace(b"Mon, 02 Nov 2026 09:30:00 +0000", stamp.encode()))
        for name, stamp in stamps.items()
    ]
    received = [
        Case(row="B6", name=f"received-{name}", raw=mail(headers=f"Received: by mx.example; {stamp}\n"))
        for name, stamp in stamps.items()
    ]
    return [*dates, *received]


def _senders() -> list[Case]:
    unknown = {
        "no-from": "",
        "empty-from": "From:\n",
        "garbage-from": "From: ;;<>@@,,\n",
        "group-only": "From: undisclosed-recipients:;\n",
        "name-only": "From: Jo Tarn\n",
        "brackets": "From: " + "(" * 3_000 + "\n",
        "x500": "From: /O=EXAMPLE/OU=FIRST/CN=RECIPIENTS/CN=JO\n",
    }
    known = {
        "two-from": "From: jo@example.org\nFrom: other@example.org\n",
        "no-closing-bracket": "From: Jo <jo@example.org\n",
        "name-with-comma": "From: Tarn, Jo <jo@example.org>\n",
        "encoded-newline": "From: =?utf-8?q?Jo=0D=0ABcc:_x=40y.example?= <jo@example.org>\n",
        "name-is-address": 'From: "other@example.org" <jo@example.org>\n',
        "raw-8-bit": b"From: Jos\xe9 <jo@example.org>\n",
        "nul": b"From: J\x00o <jo@example.org>\n",
        "folded": "From: Jo\n Tarn\n <jo@example.org>\n",
    }
    return [
        *[Case(row="B7", name=name, raw=mail(sender=line), sender="") for name, line in unknown.items()],
        *[Case(row="B7", name=name, raw=mail(sender=line), sender="jo@example.org") for name, line in known.items()],
    ]


def _subjects() -> list[Case]:
    split = "=?utf-8?b?Y2Fmww==?= =?utf-8?q?=A9?="
    subjects: dict[str, tuple[str | bytes, str]] = {
        "encoded-newline": ("=?utf-8?q?Boiler=0D=0ABcc:_x?=", "Boiler Bcc: x"),
        "raw-latin-1": (b"caf\xe9 \xa340", "caf\u00e9 \u00a340"),
        "raw-utf-8": ("caf\u00e9 \u2013 \u00a340", "caf\u00e9 \u2013 \u00a340"),
        "raw-and-encoded": (b"caf\xe9 =?utf-8?q?=C2=A340?=", "caf\u00e9 \u00a340"),
        "split-character-same-charset": ("=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=", "caf\u00e9"),
        "split-character-b-then-q": (split, "caf\u00e9"),
        "impossible-base64": ("=?utf-8?b?a?= boiler", "boiler"),
        "truncated-base64": ("=?utf-8?b?Qm9pbGV?=", "Boile"),
        "unclosed-encoded-word": ("=?utf-8?q?Boiler", "=?utf-8?q?Boiler"),
        "unknown-charset": ("=?x-unknown?q?Boiler=A340?=", "Boiler\u00a340"),
        "charset-with-language": ("=?utf-8*en?q?Boiler?=", "Boiler"),
        "space-in-encoded-word": ("=?utf-8?q?Boiler is out?=", "Boiler is out"),
        "nul": (b"Boi\x00ler", "Boiler"),
        "surrogate-by-utf-7": ("=?utf-7?q?Boiler+2AA-?=", "Boiler\ufffd"),
        "gb2312-with-gbk": (b"=?gb2312?b?" + b64encode("\u9555\u9555".encode("gbk")) + b"?=", "\u9555\u9555"),
        "backslash-u": ("C:\\users \\u0041", "C:\\users \\u0041"),
    }
    found = [
        Case(row="B8-B16", name=f"subject-{name}", raw=mail(subject=line), subject=wanted)
        for name, (line, wanted) in subjects.items()
    ]
    return [*found, Case(row="B8", name="subject-twice", raw=mail(headers="Subject: again\n"), subject="Boiler")]


def _parameters() -> list[Case]:
    plain = {
        "star-at-end": "text/plain; charset=utf-8; name*",
        "star-without-charset": 'text/plain; name*0="a"; name*=b',
        "star-empty": "text/plain; charset*=; name*=''",
        "star-number": 'text/plain; name*99999999999999999999="a"',
        "charset-by-rfc-2231": "text/plain; charset*=us-ascii'en'utf-8",
        "no-type": "plain",
        "empty-type": "",
        "type-twice": "text/plain\nContent-Type: text/plain; charset=utf-8",
        "unknown-text": "text/x-letter",
        "slash-only": "/",
        "plain-text": "plain/text",
        "semicolons": "text/plain;;; charset=utf-8;;",
    }
    kinds = {"unknown-text": UNREADABLE, "plain-text": UNREADABLE, "slash-only": None}
    types = [
        Case(row="B9", name=f"type-{name}", raw=mail(content=given), kind=kinds.get(name, Case.kind))
        for name, given in plain.items()
    ]
    boundary = mail(b"--b\n" + part() + b"--b--\n", content="multipart/mixed; boundary=b; name*")
    names = {
        "path": "../../etc/cron.d/x",
        "long": "a" * 300 + ".pdf",
        "right-to-left": "invoice\u202efdp.exe",
        "newline": "a\r\nX-Injected: yes",
        "quotes": 'a"b"',
    }
    files = [
        Case(row="B30", name=f"file-name-{name}", raw=mixed(part(), a_file("application/pdf", given)))
        for name, given in names.items()
    ]
    latin = b"Content-Type: application/pdf\nContent-Disposition: attachment; filename*=us-ascii''%F6\n\nx\n"
    nul = b'Content-Type: application/pdf\nContent-Disposition: attachment; filename="a\x00b"\n\nx\n'
    return [
        *types,
        *files,
        Case(row="B9", name="boundary-beside-a-star", raw=boundary),
        Case(row="B30", name="file-name-lying-charset", raw=mixed(part(), latin)),
        Case(row="B30", name="file-name-nul", raw=mixed(part(), nul)),
    ]


def _broken_lines() -> list[Case]:
    whole = mail()
    return [
        Case(row="B49", name="space-before-colon", raw=whole.replace(b"Subject:", b"Subject :"), subject="Boiler"),
        Case(row="B49", name="header-without-colon", raw=whole.replace(b"Message-ID:", b"Message-ID")),
        Case(row="B49", name="fold-first", raw=b"X-First: a\n\tb\n" + whole),
        Case(row="B49", name="no-blank-line", raw=whole.replace(b"\n\n", b"\n", 1)),
        Case(row="B49", name="underscore-in-name", raw=b"X_A: 1\nX_B: 2\n" + whole),
        Case(row="B16", name="eight-bit-header-names", raw=b"X-\xff: 1\n" + whole, kind=None),
    ]


def _large() -> list[Case]:
    many = ", ".join(f"r{number}@example.org" for number in range(5_000))
    ids = " ".join(f"<{number}@example.org>" for number in range(8_000))
    return [
        Case(row="B41", name="cc-5000", raw=mail(headers=f"Cc: {many}\n")),
        Case(row="B41", name="references-8000", raw=mail(headers=f"References: {ids}\n")),
        Case(row="B41", name="references-8000-folded", raw=mail(headers=f"References: {ids}\n".replace(" <", "\n <"))),
        Case(row="B41", name="header-200-kb", raw=mail(headers=f"X-Long: {_LONG}\n")),
        Case(row="B41", name="header-200-kb-first", raw=f"X-Long: {_LONG}\n".encode() + mail()),
        Case(row="B41", name="from-200-kb", raw=mail(sender=f"From: {_LONG} <jo@example.org>\n"), sender=""),
        Case(row="B41", name="re-20000", raw=mail(subject="Re: " * 20_000 + "Boiler")),
        Case(row="B41", name="received-5000", raw=mail(headers="Received: by mx.example; x\n" * 5_000)),
        Case(row="B41", name="headers-20000", raw=mail(headers="".join(f"X-{n}: 1\n" for n in range(20_000)))),
        Case(row="B41", name="encoded-words-5000", raw=mail(subject="=?utf-8?q?a?= " * 5_000)),
    ]
