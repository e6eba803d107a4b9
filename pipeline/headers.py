"""The headers that mail programs copy into a body: over what a reply quotes, and over what a forward passes on.

Each rule looks at a few lines of bounded length, so the time for a body is linear in its length.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_LONG = 400
_FIELD_LIMIT = 12
_FIELDS = {
    "from": "from|oddi wrth|von|od|de la|de|da|van|من|منجانب",
    "sent": "sent|anfonwyd|gesendet|wysłano|envoyé|enviado(?: em| el)?|enviada(?: em)?|trimis|inviato|verzonden"
    "|تم الإرسال|إرسال",
    "date": "date|dyddiad|datum|data|fecha|التاريخ|تاریخ",
    "to": "to|at|an|do|à|para|către|aan|إلى|بنام",
    "subject": "subject|pwnc|betreff|temat|objet|asunto|assunto|subiect|oggetto|onderwerp|الموضوع|موضوع",
    "other": "cc|bcc|copi|kopie|dw|reply-to|attachments?|importance|organi[sz]ation",
}
_FIELD = re.compile(
    r"^[>| ]{0,20}\*{0,2} ?(?:"
    + "|".join(f"(?P<{kind}>{names})" for kind, names in _FIELDS.items())
    + r") ?\*{0,2} ?: ?\*{0,2}(?P<value>.*)$",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\d{1,2}[:.]\d\d")
_BROKEN_FIELD = re.compile(r"^[>| ]{0,20}[^:]{0,200}(?:;|@\S{1,100}>?)\s*$")

_OPENER = (
    r"on|ar|am|le|em|el|il|op|în|pe|w dniu|dnia|في|بتاريخ|(?:pon|wt|śr|czw|pt|sob|niedz|lun|mar|mer|jeu|ven|sam|dim)\."
)
_OPENS = re.compile(rf"^[>| -]{{0,20}}(?:{_OPENER})[,\s]", re.IGNORECASE)
_ENDS = re.compile(
    r"(?:wrote|ysgrifennodd|napisał(?:\(a\)|a)?|nadesłał|a écrit|schrieb\b.{0,100}|a scris|escreveu|escribió"
    r"|ha scritto|schreef\b.{0,100}|كتب|كتبت|تمت كتابة ما يلي.{0,150}|نے لکھا|wrote on .{0,60}) ?(?::|-{2,20})$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\S@\S")
_WROTE_AND_WORDS = re.compile(
    r"^.{0,250}\S@\S{1,100}>? ?(?:wrote|a écrit|napisał(?:\(a\)|a)?|escribió|escreveu|ysgrifennodd) ?:"
)
_NAMED = re.compile(
    rf"^[>| -]{{0,20}}(?:{_OPENER})\b.{{0,120}}\d{{1,2}}[:.]\d\d.{{0,30}}?, ?\w[^,]{{0,60}}$", re.IGNORECASE
)
_SPEAKS = re.compile(r"\b(?:i|we|he|she|they|who|what|this|my|our|me)\b", re.IGNORECASE)
_SHORT = 5

_ORIGINAL = re.compile(
    r"^[>| ]{0,20}-{2,20} ?(?:original message|original appointment|neges wreiddiol|message d'origine|mensaje original"
    r"|ursprüngliche nachricht|wiadomość oryginalna|oryginalna wiadomość|mensagem original|mesaj original"
    r"|الرسالة الأصلية|اصل پیغام) ?-{2,20} *$",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"^[> ]{0,20}(?:-{2,20} ?(?:forwarded message|neges a anfonwyd ymlaen|message transféré|weitergeleitete nachricht"
    r"|przekazana wiadomość|wiadomość przekazana|mensagem encaminhada|mensaje reenviado|mesaj redirecționat"
    r"|رسالة معاد توجيهها) ?-{2,20}|begin forwarded message ?:?) *$",
    re.IGNORECASE,
)
_REPLY_ABOVE = re.compile(
    r"^\W*(?:please )?(?:(?:type|write|enter|add) )?(?:your )?reply above this line\W*$", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class HeaderBlock:
    """`From:`, `Sent:`, `To:`, `Subject:` in lines of their own. `end` is the line behind them."""

    end: int
    fields: dict[str, str]

    @property
    def begins_with_sender(self) -> bool:
        """Whether the first line says who wrote, as in all programs but those that mark a forward besides."""
        return next(iter(self.fields)) == "from"

    @property
    def is_whole(self) -> bool:
        """Whether it says from whom, to whom and about what, though not when."""
        return {"from", "to", "subject"} <= self.fields.keys()

    @property
    def is_sure(self) -> bool:
        """Whether no resident's letter begins so: with an address, or with when it was sent to the minute."""
        others = len(self.fields) > 1
        stamped = any(map(str.isdigit, self.fields.get("sent", ""))) or _CLOCK.search(self.fields.get("date", ""))
        return others and ("@" in self.fields.get("from", "") or ("from" in self.fields and bool(stamped)))


def block_at(lines: Sequence[str], start: int) -> HeaderBlock | None:
    """The block of headers that begins in a line; an empty line may stand between two of its lines."""
    fields = dict[str, str]()
    end = at = start
    while at < len(lines) and at < start + 2 * _FIELD_LIMIT:
        found = _FIELD.match(lines[at]) if len(lines[at]) <= 4 * _LONG else None
        if found and found.lastgroup:
            kind = next(kind for kind in _FIELDS if found[kind])
            if kind in fields and kind != "other":
                break
            fields.setdefault(kind, found["value"].strip())
            end = at + 1
        elif not (_is_blank(lines[at]) and at + 1 < len(lines) and _FIELD.match(lines[at + 1][:_LONG])) and not (
            fields and not _is_blank(lines[at - 1]) and _BROKEN_FIELD.match(lines[at][:_LONG])
        ):
            break
        at += 1
    return HeaderBlock(end=end, fields=fields) if fields else None


def attribution_end(lines: Sequence[str], start: int) -> int | None:
    """The line behind "On ... wrote:", which may take three lines; None where the words may be the writer's own."""
    opens = bool(_OPENS.match(lines[start]))
    if not opens and not lines[start].endswith((":", "-")):
        return None
    if opens and _WROTE_AND_WORDS.match(lines[start]):
        return start + 1
    joined = ""
    for end in range(start + 1, min(start + (3 if opens else 1), len(lines)) + 1):
        joined = f"{joined} {lines[end - 1]}".strip()
        if len(joined) > _LONG or _is_blank(lines[end - 1]):
            return None
        if _ENDS.search(joined):
            return end if _is_attribution(joined, opens=opens, quoted=_is_quoted_next(lines, end)) else None
    return None


def _is_attribution(words: str, *, opens: bool, quoted: bool) -> bool:
    if opens and (_ADDRESS.search(words) or _NAMED.match(words)):
        return True
    short = len(words.split()) <= _SHORT or any(map(str.isdigit, words))
    return quoted and short and not _SPEAKS.search(words)


def _is_quoted_next(lines: Sequence[str], at: int) -> bool:
    following = next((line for line in lines[at : at + 3] if not _is_blank(line)), "")
    return following.startswith((">", "| "))


def is_original_mark(line: str) -> bool:
    """Whether a line says "-----Original Message-----"."""
    return len(line) < _LONG and _ORIGINAL.match(line) is not None


def is_forward_mark(line: str) -> bool:
    """Whether a line says "---- Forwarded message ----" or "Begin forwarded message:"."""
    return len(line) < _LONG and _FORWARD.match(line) is not None


def is_reply_mark(line: str) -> bool:
    """Whether a ticket system asks to write above this line."""
    return len(line) < _LONG and _REPLY_ABOVE.match(line) is not None


def _is_blank(line: str) -> bool:
    return not line.strip(" >|*")
