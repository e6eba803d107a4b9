"""Signatures, legal footers and the lines of a program that sent a mail, told from what a resident still has to say.

Losing a resident's afterthought costs more than keeping a telephone number, so a line goes only where it looks like a
signature, and what looks like a sentence behind it comes back.
"""

import re
from collections.abc import Sequence

_LONG = 600
_SIGN_OFF = re.compile(
    r"^\W*(?:(?:kind(?:est)?|best|warm(?:est)?|many|with)\s+(?:regards|wishes|thanks)|regards"
    r"|(?:yours|your)(?:\s+(?:sincerely|faithfully|truly))?"
    r"|sincerely|(?:many\s+)?thanks(?: again| in advance| very much)?|thank you(?: in advance)?"
    r"|diolch(?: yn fawr)?|cofion(?: gorau)?|cheers|ta|best|all the best|rgds|kr)\W*$",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"^\W*(?:(?:sent from|sent via|anfonwyd o|envoyé de(?:puis)?|gesendet von|von|wysłano z|enviado d[eo]|enviado desde"
    r"|trimis de pe|inviato da|verzonden vanaf)\s+(?:(?:my|fy|mon|ma|meinem|mojego|meu|mi|mio|mijn)\s+)?"
    r"(?:new\s+)?(?:i-?phone|i-?pad|galaxy|samsung|huawei|pixel|android|mobile|phone|tablet|blackberry|windows|nokia"
    r"|xperia|oneplus|motorola|smartphone|xiaomi|honor|oppo|outlook|yahoo|e-?mail|mail|gmail|proton|bt|aol|hotmail)\b"
    r"(?:[^\w\n]+\w+){0,3}\W*|get outlook for\b.{0,100}|yahoo mail:.{0,80})$",
    re.IGNORECASE,
)
_SCANNED = re.compile(
    r"^\W*(?:(?:this|the) (?:e-?mail|message|mail) (?:has been |was |is )?(?:scanned|checked|swept)\b.{0,60}"
    r"\b(?:virus(?:es)?|malware|spam|antivirus)\b|scanned (?:by|for)\b.{0,80}|virus-free\b.{0,80}"
    r"|this transcription was (?:produced|made|generated)\b|to listen to this message\b)",
    re.IGNORECASE,
)
_LEGAL = re.compile(
    r"^\W*(?:(?:disclaimer|confidentiality notice|confidential):?\W*$|(?:disclaimer|confidentiality notice):"
    r"|privileged and confidential\b"
    r"|this (?:e-?mail|message|communication)\b.{0,200}\b(?:confidential|addressee|privileged)"
    r"|the information (?:contained )?in this (?:e-?mail|message)|if you (?:are not the intended|have received this)"
    r"|(?:the|any) (?:views|opinions) (?:expressed )?in this|please consider the environment before"
    r"|croesawn ohebiaeth"
    r"|we welcome correspondence in welsh)"
    r"|\bregistered (?:in england|in wales|in scotland|office\b|charity (?:no|number)|(?:no|number)\b)"
    r"|^\W*(?:charity|company) (?:no|number)\b",
    re.IGNORECASE,
)
_LEGAL_WORDS = re.compile(
    r"\b(?:confidential\w*|addressees?|intended recipients?|privileged|virus(?:es)?|liability|liable|unauthori[sz]ed"
    r"|monitored|copyright|gyfrinachol|privacy notice|data protection|registered (?:office|in)|disclosure)\b",
    re.IGNORECASE,
)
_WELSH = re.compile(r"^\W*mae'r (?:neges|e-?bost)\b.{0,60}\b[gc]yfrinachol", re.IGNORECASE)
_OWN = re.compile(r"\b(?:i|i'm|i've|my|me|mine|complain\w*|officer|nobody|no ?one)\b", re.IGNORECASE)
_POSTSCRIPT = re.compile(r"^\W*p\.? ?(?:p\.? ?)?s\b", re.IGNORECASE)
_AFTERTHOUGHT = re.compile(
    r"^\W*p\.? ?(?:p\.? ?)?s\b|[?!]|\b(?:is|are|was|were|not|no|isn't|isnt|doesn't|doesnt|don't|dont|won't|wont"
    r"|can't|cant"
    r"|didn't|didnt|still|please|pls|need|want|gas|leak\w*|i(?!\.)|i'm|im|i've|ive|we|you|your|he|she|they|its|it's|it|has|have"
    r"|had|been|came|come|since|when|why|sorry|also|but|nobody|nothing|broken|forgot|again|told|called|rang|mou?ld\w*"
    r"|heating|flood\w*|fire|smoke|sick|ill|worse|waiting|complain\w*)\b",
    re.IGNORECASE,
)
_PHRASE = re.compile(
    r"^\W*(?:i work\b|my (?:working|normal working|usual) (?:days|hours|pattern)|working (?:days|hours|pattern)\b"
    r"|office hours|opening (?:hours|times)|open (?:mon|tue|wed|thu|fri|sat|sun|daily)|(?:follow|find|like|visit) us"
    r"|we(?:'re| are) on (?:facebook|instagram)|pronouns\b|tel|phone|mob|mobile|direct(?: line| dial)?|e-?mail|web|fax"
    r"|[tmewfd]\s?[:.]|on behalf of|for (?:and on behalf of )?the (?:residents|tenants)|secretary|treasurer|chair\b"
    r"|allotment|\[?(?:cid|image|logo)\b)",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"\S@\S|\bwww\.|https?://|\+?\d[\d ()]{8,}\d|\((?:she|he|they)/|\S \| \S|^\W*\[cid:", re.IGNORECASE
)
_TITLE = re.compile(
    r"^\W*(?:(?:[A-Z0-9][\w.'&-]*|\d+(?:st|nd|rd|th)|of|and|the|for|in|to|at|y|&|[-|/(]+)[,.;:)]{0,2}(?:\s+|$)){1,9}$"
)
_MEMBER = re.compile(r"\b(?:MP|MSP|Cllr|[Cc]ouncillor|[Mm]ember of (?:[Pp]arliament|the Senedd)|[Cc]onstituency)\b")
_NAME_WORDS = 4
_LINE_WORDS = 6
_DELIMITED_WORDS = 10


def without_signature(lines: Sequence[str]) -> list[str]:
    """The lines without names and addresses under a farewell, legal footers and lines of the sending program."""
    kept = list[str]()
    at = 0
    first = True
    while at < len(lines):
        end = _dropped_from(lines, at, first=first)
        if end == at:
            kept.append(lines[at])
            first = first and not lines[at]
            at += 1
            if _SIGN_OFF.match(lines[at - 1][:_LONG]):
                at = _signature_end(lines, at)
        else:
            at = end
    return kept


def is_device_line(line: str) -> bool:
    """Whether a phone or a mail program wrote the line ("Sent from my iPhone")."""
    return len(line) < _LONG and _DEVICE.match(line) is not None


def _dropped_from(lines: Sequence[str], at: int, *, first: bool) -> int:
    """The line behind a footer, a line of the program or a signature behind two dashes; `at` where none begins."""
    line = lines[at][:_LONG]
    if is_device_line(line) or _SCANNED.match(line):
        return at + 1
    if first:
        return at
    if line in {"--", "__"}:
        return _delimited_end(lines, at + 1)
    return _legal_end(lines, at) if _is_legal(line) else at


def _is_legal(line: str) -> bool:
    return bool(_WELSH.match(line)) or (_LEGAL.search(line) is not None and not _OWN.search(line))


def _legal_end(lines: Sequence[str], at: int) -> int:
    """Behind the paragraph of a legal footer and those like it that follow."""
    end = _paragraph_end(lines, at)
    following = end
    while following < len(lines) and not lines[following].strip():
        following += 1
    if end < following < len(lines) and _goes_on(lines[following][:_LONG]):
        return _paragraph_end(lines, following)
    return end


def _paragraph_end(lines: Sequence[str], at: int) -> int:
    while (
        at < len(lines) and lines[at].strip() and (_is_legal(lines[at][:_LONG]) or not _OWN.search(lines[at][:_LONG]))
    ):
        at += 1
    return at


def _goes_on(line: str) -> bool:
    return _LEGAL_WORDS.search(line) is not None and not _OWN.search(line)


def _delimited_end(lines: Sequence[str], at: int) -> int:
    """Behind a signature that two dashes open: to its end, or to where its writer has more to say."""
    while at < len(lines) and (_is_signature(lines[at], words=_DELIMITED_WORDS) or _is_legal(lines[at][:_LONG])):
        at += 1
    return at


def _signature_end(lines: Sequence[str], at: int) -> int:
    """Behind the signature under a farewell: to its end, or to where its writer has more to say.

    Where more follows, only what can be nothing but a signature goes.
    """
    end, first = at, True
    while end < len(lines) and not _ends_signature(lines[end]) and _under_farewell(lines[end], first=first):
        first = first and not lines[end].strip()
        end += 1
    if all(not line.strip() or _ends_signature(line) for line in lines[end : end + 2]):
        return end
    return end if _is_strictly_signed(lines[at:end]) else at


def _ends_signature(line: str) -> bool:
    line = line[:_LONG]
    return bool(_SIGN_OFF.match(line) or is_device_line(line) or _SCANNED.match(line) or _is_legal(line))


def _under_farewell(line: str, *, first: bool) -> bool:
    if not line.strip():
        return True
    if first and len(line.split()) <= _NAME_WORDS and not _MEMBER.search(line):
        return bool(_CONTACT.search(line)) or not _AFTERTHOUGHT.search(line)
    return _is_signature(line, words=_LINE_WORDS) and _has_the_shape(line)


def _is_signature(line: str, *, words: int) -> bool:
    """Whether a line may be a name, a post, an address or a telephone number, and no afterthought.

    That a councillor or a member of parliament writes is no mere name: it makes a message a member's enquiry.
    """
    line = line[:_LONG]
    if _POSTSCRIPT.match(line) or "?" in line or _MEMBER.search(line):
        return False
    if _PHRASE.match(line) or _CONTACT.search(line):
        return True
    return len(line.split()) <= words and not _AFTERTHOUGHT.search(line)


def _has_the_shape(line: str) -> bool:
    line = line[:_LONG]
    return bool(_TITLE.match(line) or _PHRASE.match(line) or _CONTACT.search(line))


def _is_strictly_signed(lines: Sequence[str]) -> bool:
    said = [line for line in lines if line.strip()]
    return bool(said) and all(_has_the_shape(line) for line in said)
