"""The words of a mail. A fall-back reads what it can only where the usual parts have none."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.message import Message as Mail

from pipeline.read.decoding import to_text
from pipeline.read.headers import charset_of, file_name
from pipeline.read.html import html_to_text, read_html
from pipeline.read.invitations import invitation_words
from pipeline.read.structure import DEPTH_LIMIT, SIGNED, Contents, every_mail
from pipeline.read.tnef import SIGNATURE, tnef_words
from pipeline.read.transfer import content, from_base64, is_binary

_FEW = 5
_META = re.compile(rb"<meta[^>]{1,200}charset=[\"']?([\w-]+)", re.IGNORECASE)
_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_ARMOUR = "-----BEGIN PGP MESSAGE-----"
_ENCRYPTED = frozenset({"application/pgp-encrypted"}) | SIGNED
_NO_WORDS = re.compile(r"^(?:--|[A-Za-z-]+:)|multi-?part message in mime format|mime-aware", re.IGNORECASE)
_PHRASE = re.compile(r"[^\W\d_]{2,}\W{1,3}[^\W\d_]{2,}|[^\W\d_]{4,}")
_BASE64 = re.compile(rb"\s*+(?:[A-Za-z0-9+/]{20,}+={0,2}+\s*+)++\Z")


@dataclass(frozen=True, kw_only=True)
class Words:
    """What could be read of a mail. `whole` is false where a person must look, for there is or may be more.

    `hidden` are words that are there and not shown; `differing` the plain text and the HTML that do not say the same.
    """

    text: str
    whole: bool
    hidden: str = ""
    differing: tuple[str, ...] = ()


def words_of(mail: Contents, *, with_attached: bool) -> Words:
    """A mail's own words, then those of the mails attached to it."""
    mails = [(depth, each) for depth, each in every_mail(mail) if with_attached or not depth]
    found = [own_words(each) for _, each in mails]
    return Words(
        text="\n\n".join(each.text for each in found if each.text),
        whole=all(each.whole for each in found) and all(depth <= DEPTH_LIMIT for depth, _ in mails),
        hidden="\n".join(each.hidden for each in found if each.hidden),
        differing=tuple(part for each in found for part in each.differing),
    )


def own_words(mail: Contents) -> Words:
    """The words of a mail without those of the mails attached to it."""
    sealed = any(leaf.get_content_type() in _ENCRYPTED for leaf in mail.leaves)
    usual = _usual(mail)
    if usual.text:
        whole = mail.whole and not sealed and _ARMOUR not in usual.text
        return replace(usual, text=_unsigned(usual.text), whole=whole)
    for read in (_invitation, _winmail, _text_file):
        text = _each(mail.leaves, read)
        if text:
            return Words(text=text, whole=mail.whole and not sealed)
    text = "" if sealed else _each((*mail.leaves, *_beside_the_parts(mail.mail)), _last_resort)
    return Words(text=text, whole=mail.whole and not text)


def _unsigned(text: str) -> str:
    """A text without the armour of a PGP signature around a part of it (RFC 9580, 7)."""
    if _SIGNED not in text:
        return text
    kept, inside = list[str](), False
    for line in text.splitlines():
        mark = line.strip()
        inside = inside or mark == "-----BEGIN PGP SIGNATURE-----"
        if not inside and mark != _SIGNED and not mark.startswith("Hash: "):
            kept.append(line)
        inside = inside and mark != "-----END PGP SIGNATURE-----"
    return "\n".join(kept).strip() or text


def _usual(mail: Contents) -> Words:
    shown = [leaf for leaf in mail.leaves if leaf.get_content_disposition() != "attachment"]
    plain = _each(shown, lambda leaf: _text(leaf) if leaf.get_content_type() == "text/plain" else "")
    pages = [read_html(_text(leaf)) for leaf in shown if leaf.get_content_type() == "text/html"]
    html = "\n\n".join(filter(None, (page.text.strip() for page in pages))).strip()
    in_plain = " ".join(plain.split())
    hidden = "\n".join(words for page in pages for words in page.hidden.split("\n") if words not in in_plain)
    text = _the_fuller(plain, html)
    differing = (plain, html) if text not in {plain, html} else ()
    return Words(text=text, whole=True, hidden=hidden, differing=differing)


def _the_fuller(plain: str, html: str) -> str:
    """The plain text; the HTML where the plain text only points to it; both where they say different things."""
    if not html or len(plain.split()) < min(_FEW, len(html.split())):
        return html or plain
    in_plain, in_html = (set(re.findall(r"[^\W\d_]{3,}", text.lower())) for text in (plain, html))
    if 2 * len(in_plain & in_html) < min(len(in_plain), len(in_html)):
        return "\n\n".join(sorted((plain, html), key=len, reverse=True))
    return html if len(in_plain) * 2 < len(in_html) else plain


def _each(leaves: "tuple[Mail, ...] | list[Mail]", read: Callable[[Mail], str]) -> str:
    return "\n\n".join(filter(None, (read(leaf).strip() for leaf in leaves))).strip()


def _text(leaf: Mail) -> str:
    data = _never_encoded(content(leaf))
    meta = _META.search(data[:2_000]) if leaf.get_content_type() == "text/html" else None
    return to_text(data, charset_of(leaf) or (meta[1].decode() if meta else None))


def _never_encoded(data: bytes) -> bytes:
    """Base64 that nothing says is base64, as the text that it is."""
    found = from_base64(data) if _BASE64.match(data) else b""
    return data if is_binary(found) or not found else found


def _invitation(leaf: Mail) -> str:
    return invitation_words(_text(leaf)) if leaf.get_content_type() == "text/calendar" else ""


def _winmail(leaf: Mail) -> str:
    """The words of a winmail.dat, told by its first bytes."""
    if leaf.get_content_type() in {"application/ms-tnef", "application/vnd.ms-tnef"} or file_name(
        leaf
    ).lower().endswith(".dat"):
        data = content(leaf)
        return tnef_words(data) if data.startswith(SIGNATURE) else ""
    return ""


def _text_file(leaf: Mail) -> str:
    """The words of an attached text."""
    if leaf.get_content_disposition() != "attachment":
        return ""
    kind = leaf.get_content_type()
    if kind == "text/html":
        return html_to_text(_text(leaf))
    return _text(leaf) if kind == "text/plain" else ""


def _beside_the_parts(mail: Mail) -> list[Mail]:
    """What stands before the first part and after the last."""
    found = list[Mail]()
    for text in (mail.preamble, mail.epilogue):
        if text and text.strip():
            beside = Mail()
            beside.set_payload(text)
            found.append(beside)
    return found


def _last_resort(leaf: Mail) -> str:
    """The lines with words in them, of a part of a kind that is not read or that turned out empty."""
    kind, named = leaf.get_content_maintype(), file_name(leaf)
    if named or kind in {"image", "audio", "video", "font", "model"}:
        return ""
    data = _never_encoded(content(leaf))
    if is_binary(data):
        return ""
    text = re.sub(r"<[^<>]{0,1000}>", " ", to_text(data, charset_of(leaf)))
    return "\n".join(line.strip() for line in text.splitlines() if _PHRASE.search(line) and not _NO_WORDS.match(line))
