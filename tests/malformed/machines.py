"""Mail that machines send about mail, and what only looks so (rows B34 to B37)."""

from tests.malformed.making import MACHINE, UNREADABLE, WORDS, Case, mail, mixed, multi, part


def cases() -> list[Case]:
    """Every case about machines."""
    return [*_reports(), *_answers(), *_people(), *_incomplete()]


def _reports() -> list[Case]:
    about = part("The mail could not be delivered.\n")
    found = {
        "delivery-status": part("Action: failed\n", "message/delivery-status"),
        "disposition-notification": part("Disposition: displayed\n", "message/disposition-notification"),
        "feedback-report": part("Feedback-Type: abuse\n", "message/feedback-report"),
    }
    reports = [
        Case(
            row="B34",
            name=name,
            raw=mixed(about, status, part(mail(), "message/rfc822"), kind="report"),
            words=(),
            kind=MACHINE,
        )
        for name, status in found.items()
    ]
    return [
        *reports,
        Case(row="B34", name="report-in-mixed", raw=mixed(about, found["delivery-status"]), words=(), kind=MACHINE),
        Case(
            row="B34",
            name="report-alone",
            raw=mail("A: b\n", content="message/delivery-status"),
            words=(),
            kind=MACHINE,
        ),
        Case(row="B34", name="old-bounce", raw=mail(sender="From: <MAILER-DAEMON@mx.example>\n"), kind=MACHINE),
        Case(row="B34", name="null-sender", raw=mail(headers="Return-Path: <>\n"), kind=MACHINE),
        Case(row="B34", name="null-sender-spaced", raw=mail(headers="Return-Path:   <>  \n"), kind=MACHINE),
        Case(row="B34", name="failed-recipients", raw=mail(headers="X-Failed-Recipients: a@b.example\n"), kind=MACHINE),
        Case(row="B34", name="broken-report", raw=mail(WORDS, content="multipart/report"), kind=MACHINE),
    ]


def _answers() -> list[Case]:
    headers = {
        "vacation": "Auto-Submitted: auto-replied (vacation)\n",
        "vacation-in-capitals": "AUTO-SUBMITTED: AUTO-REPLIED\n",
        "x-autoreply": "X-Autoreply: yes\n",
        "x-autorespond": "X-Autorespond: Re\n",
        "precedence": "Precedence: auto_reply\n",
        "challenge": "X-TMDA-Fingerprint: abc\nAuto-Submitted: auto-replied\n",
        "challenge-old": "X-Boxtrapper: x\n",
    }
    return [Case(row="B34", name=name, raw=mail(headers=line), kind=MACHINE) for name, line in headers.items()]


def _people() -> list[Case]:
    headers = {
        "form": "Auto-Submitted: auto-generated\n",
        "form-with-null-sender": "Auto-Submitted: auto-generated\nReturn-Path: <>\n",
        "list": "Precedence: list\nList-Id: <residents.example>\n",
        "bulk": "Precedence: bulk\n",
        "suppress": "X-Auto-Response-Suppress: All\n",
        "not-automatic": "Auto-Submitted: no\n",
        "spam-like": "X-Spam-Flag: YES\nX-Spam-Level: *****\n",
    }
    return [
        *[Case(row="B35", name=name, raw=mail(headers=line)) for name, line in headers.items()],
        Case(row="B35", name="subject-says-automatic", raw=mail(subject="Automatic reply is all I get")),
        Case(row="B35", name="subject-says-undelivered", raw=mail(subject="Undelivered parcel at my door")),
    ]


def _incomplete() -> list[Case]:
    inner = mail(ident="<2@example.org>")
    digest = multi(b"\n" + inner, b"\n" + mail("The lift is out again.\n"), boundary="d")
    body = f"Content-Type: text/plain\nMessage-ID: <3@example.org>\n\n{WORDS}\n"
    return [
        Case(
            row="B37",
            name="digest",
            raw=mail(digest, content="multipart/digest; boundary=d"),
            words=(WORDS, "The lift is out again."),
        ),
        Case(
            row="B37",
            name="partial",
            raw=mail(body, content='message/partial; id="a"; number=1; total=2'),
            kind=UNREADABLE,
        ),
        Case(
            row="B37",
            name="external-body",
            raw=mail(
                "Content-Type: text/plain\n\n", content='message/external-body; access-type=url; url="http://a.test"'
            ),
            words=(),
            kind=UNREADABLE,
        ),
    ]
