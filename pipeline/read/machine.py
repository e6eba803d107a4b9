"""Whether a mail was sent by a machine about mail: bounce, receipt, out-of-office, challenge.

Told by headers (RFC 3834, RFC 6522), never by words a person could write.
"""

from email.message import Message as Mail

from pipeline.read.headers import first, sender_of

_REPORTS = frozenset(
    {"multipart/report", "message/delivery-status", "message/disposition-notification", "message/feedback-report"}
)
_ANSWERS = (
    *("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Mail-Autoreply", "X-Failed-Recipients"),
    *("X-Boxtrapper", "X-TMDA-Fingerprint", "X-Challenge-Response"),
)


def is_report(mail: Mail) -> bool:
    """Whether a mail is a report on another (RFC 6522), which it may quote in full."""
    if mail.get_content_type() in _REPORTS:
        return True
    inner = mail.get_payload() if mail.get_content_maintype() == "multipart" else []
    return isinstance(inner, list) and any(
        part.get_content_type() in _REPORTS for part in inner if isinstance(part, Mail)
    )


def from_machine(mail: Mail) -> bool:
    """Whether a machine sent it about mail.

    A form mailed by a robot (`auto-generated`) is a person's message, though its envelope has no sender.
    """
    submitted = first(mail, "Auto-Submitted").lower()
    daemon = sender_of(mail).partition("@")[0].lower() == "mailer-daemon"
    no_sender = first(mail, "Return-Path") == "<>" and "auto-generated" not in submitted
    return (
        is_report(mail)
        or "auto-replied" in submitted
        or daemon
        or no_sender
        or first(mail, "Precedence").lower() == "auto_reply"
        or any(name in mail for name in _ANSWERS)
    )
