"""Of a forwarded mail, the words passed on, told from the line that passes them on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.headers import HeaderBlock, block_at, is_forward_mark, is_original_mark
from pipeline.signatures import without_signature

_COVER = re.compile(
    r"^\W*(?:(?:hi|hello|dear|all|team|morning|afternoon)\b[^\n]{0,30}\W*)?(?:please|pls|can (?:you|someone)"
    r"|could (?:you|someone)|fyi|for (?:info|action|logging)|see below"
    r"|one for you|to log|log(?:ging)?)\b[^\n]{0,120}(?:\n[^\n]{0,60}){0,4}$",
    re.IGNORECASE,
)
_OWN_MATTER = re.compile(
    r"\b(?:i|i'm|i've|my|still|again|nobody|no ?one|never|second|third|fourth|waiting|ignored)\b", re.IGNORECASE
)
_ORGANISATION = re.compile(
    r"\b(?:repairs?|housing|lettings?|rents?|income|council|homes|no-?reply|do-?not-?reply|customer|complaints?|services?"
    r"|contact|enquir(?:y|ies)|info|support|help|desk|hub|team|officer|benefits?|estates?|planning|parking)\b"
    r"|\.gov\.uk\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Forward:
    """A mail that passes another on: what stands above (`cover`), the headers copied and the words passed on."""

    cover: list[str]
    header: HeaderBlock | None
    inner: list[str]

    @property
    def passes_on_again(self) -> bool:
        """Whether the mail passed on is a forward itself."""
        subject = self.header.fields.get("subject", "") if self.header else ""
        return subject.lower().startswith(("fw:", "fwd:"))

    @property
    def holds_an_organisations_words(self) -> bool:
        """Whether a resident sends back what the landlord or council wrote: from an office, to a person."""
        fields = self.header.fields if self.header else {}
        sender, receiver = fields.get("from", ""), fields.get("to", "")
        return bool(receiver and _ORGANISATION.search(sender) and not _ORGANISATION.search(receiver))


def forward_in(lines: Sequence[str], *, by_subject: bool) -> Forward | None:
    """The forward a body holds. A block of headers alone is one only where the subject says so (`by_subject`)."""
    for at, line in enumerate(lines):
        marked = is_forward_mark(line)
        if marked or (by_subject and _begins(lines, at)):
            return _forward(lines, at, start=at + 1 if marked or is_original_mark(line) else at)
    return None


def _begins(lines: Sequence[str], at: int) -> bool:
    if is_original_mark(lines[at]):
        return True
    block = block_at(lines, at) if ":" in lines[at] and not lines[at].startswith(">") else None
    return block is not None and "from" in block.fields and len(block.fields) > 1


def _forward(lines: Sequence[str], at: int, *, start: int) -> Forward:
    while start < len(lines) and not lines[start].strip("> "):
        start += 1
    header = block_at(lines, start) if start < len(lines) else None
    inner = lines[header.end if header else start :]
    if start < len(lines) and (lines[start].startswith(">") or lines[at].startswith(">")):
        inner = [re.sub(r"^> ?", "", line) for line in inner]
    return Forward(cover=list(lines[:at]), header=header, inner=list(inner))


def is_cover(words: str) -> bool:
    """Whether words only pass a message on ("please log this"), so that they say nothing themselves."""
    own = without_signature(words.strip().split("\n"))
    text = "\n".join(own).strip()
    return not text or (_COVER.match(text) is not None and not _OWN_MATTER.search(text))
