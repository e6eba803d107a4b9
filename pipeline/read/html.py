"""HTML of a mail -> the words a reader would see."""

import re
from dataclasses import dataclass
from functools import reduce

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.read.markup import comments, thin

Colour = tuple[float, float, float, float]
"""Red, green and blue of 255, and how much of what is behind it covers."""

_BREAKS = "p,div,tr,li,ul,ol,h1,h2,h3,h4,h5,h6,table,pre,hr,blockquote,section,article,header,footer,address,dt,dd"
_QUOTES = "blockquote,.yahoo_quoted,.protonmail_quote"
_SIGNATURES = "#Signature,#ms-outlook-mobile-signature,.gmail_signature,.moz-signature,.protonmail_signature_block"
_OUTERMOST = "[{0}]:not([{0}] [{0}])"
_HEX = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_RGB = re.compile(r"rgba?\((\d{1,3}),(\d{1,3}),(\d{1,3})(?:,(\d+|\d*\.\d+))?\)")
_NAMES = {"white": (255, 255, 255), "black": (0, 0, 0), "red": (255, 0, 0), "blue": (0, 0, 255)} | {
    "yellow": (255, 255, 0),
    "lime": (0, 255, 0),
    "green": (0, 128, 0),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "silver": (192, 192, 192),
    "navy": (0, 0, 128),
}
_PAPER: Colour = (255, 255, 255, 1.0)
_CLEAR: Colour = (0, 0, 0, 0.0)
_NEAR = 8
"""Steps of 255 by which nobody tells a colour from its ground."""
_NOTHING = re.compile(r"0+(?:\.0+)?(?:px|pt|em|rem|%)?")
_FAR = re.compile(r"-\d{3,}(?:\.\d+)?(?:px|pt|em|rem|%)?")
_INDENTED = re.compile(r"border:(?:none|0(?:px)?)(?:;|$)")
_ANCESTORS = 30
_FEWEST = 3
_WORD = re.compile(r"[^\W\d_]{2,}")
HIDDEN_LIMIT = 20_000
"""Characters of hidden words that are kept for a person."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a mail's HTML says: the words a reader would see, and those that are there but hidden."""

    text: str
    hidden: str


def read_html(html: str) -> Shown:
    """The words a reader would see, and the words hidden from them, where there are more than a few.

    Hidden text must not decide (reliability row B43), so it is left out, unless nothing else is there.
    """
    lean = thin(html)
    tree = LexborHTMLParser(lean)
    found = [*_drop_hidden(tree), *comments(html)]
    text = _text(tree)
    hidden = "\n".join(words for words in map(_folded, found) if _says_more(words, text))[:HIDDEN_LIMIT]
    return Shown(text=text or _text(LexborHTMLParser(lean)), hidden=hidden)


def _folded(words: str) -> str:
    return " ".join(words.split())


def _says_more(hidden: str, shown: str) -> bool:
    """Whether hidden words are more than a spacer, or a summary that repeats what is shown."""
    return len(_WORD.findall(hidden)) >= _FEWEST and hidden not in _folded(shown)


def html_to_text(html: str) -> str:
    """The words a reader would see: no script, style, hidden preheader or tracking pixel; quotations behind `>`."""
    return read_html(html).text


def _text(tree: LexborHTMLParser) -> str:
    for node in tree.css("br"):
        node.replace_with("\n")
    for node in tree.css("td,th"):
        node.insert_after(" ")
    for node in tree.css(_BREAKS):
        node.insert_before("\n")
        node.insert_after("\n")
    for node in tree.css(_SIGNATURES):
        node.insert_before("\n--\n")
    _mark_quotes(tree)
    text = tree.root.text() if tree.root else ""
    lines = [re.sub(r"[^\S\n]+", " ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{2,}", "\n\n", "\n".join(lines)).strip()


def _drop_hidden(tree: LexborHTMLParser) -> list[str]:
    """Take what is hidden out of a tree; answers its words."""
    for node in tree.css("[style],[color]"):
        if _is_hidden(node):
            node.attrs["hidden"] = ""
    found = []
    for node in tree.css(_OUTERMOST.format("hidden")):
        found.append(node.text(separator=" "))
        node.decompose()
    return found


def _is_hidden(node: LexborNode) -> bool:
    style = _style(node)
    return (
        style.get("display") == "none"
        or style.get("visibility") in {"hidden", "collapse"}
        or style.get("mso-hide") == "all"
        or any(_NOTHING.fullmatch(style.get(name, "")) for name in ("font-size", "opacity"))
        or any(_FAR.fullmatch(style.get(name, "")) for name in ("left", "right", "top", "text-indent", "margin-left"))
        or (style.get("overflow") == "hidden" and _without_size(style))
        or _is_lost(style.get("color") or node.attributes.get("color"), node)
    )


def _without_size(style: dict[str, str]) -> bool:
    return any(_NOTHING.fullmatch(style.get(name, "")) for name in ("height", "max-height", "width", "max-width"))


def _style(node: LexborNode) -> dict[str, str]:
    declared = re.sub(r"\s+|!important", "", (node.attributes.get("style") or "").lower())
    return {name: value for name, _, value in (part.partition(":") for part in declared.split(";"))}


def _is_lost(colour: str | None, node: LexborNode) -> bool:
    """Whether words in a colour cannot be told from what is behind them."""
    if not colour:
        return False
    ink, ground = _colour(colour), _ground(node)
    if ink is None or ground is None:
        return ink is not None and not ink[3]
    return all(abs(a - b) < _NEAR for a, b in zip(_over(ink, ground), ground, strict=True))


def _ground(node: LexborNode) -> Colour | None:
    """The colour behind a node: paper where nothing says, None where it is a picture or a colour that is not known."""
    above: LexborNode | None = node
    layers: list[Colour] = []
    for _ in range(_ANCESTORS):
        if above is None:
            break
        style = _style(above)
        ground = style.get("background-color") or style.get("background") or above.attributes.get("bgcolor")
        if ground and ground not in {"none", "inherit", "initial", "unset"}:
            layer = _colour(ground)
            if layer is None:
                return None
            layers.append(layer)
            if layer[3] == 1:
                break
        above = above.parent
    return reduce(lambda behind, layer: _over(layer, behind), reversed(layers), _PAPER)


def _over(colour: Colour, behind: Colour) -> Colour:
    """What is seen where a colour lies on another, through which that may shine."""
    red, green, blue = (
        colour[3] * ink + (1 - colour[3]) * ground for ink, ground in zip(colour[:3], behind, strict=False)
    )
    return red, green, blue, 1.0


def _colour(declared: str) -> Colour | None:
    plain = declared.lower().replace(" ", "")
    if plain == "transparent":
        return _CLEAR
    if _HEX.fullmatch(plain):
        digits = plain[1:] if len(plain) > 5 else "".join(digit * 2 for digit in plain[1:])
        red, green, blue, alpha = bytes.fromhex(f"{digits}ff"[:8])
        return red, green, blue, alpha / 255
    numbers = _RGB.fullmatch(plain)
    if numbers:
        red, green, blue = map(int, numbers.groups()[:3])
        return red, green, blue, min(float(numbers[4] or 1), 1.0)
    named = _NAMES.get(plain)
    return (*named, 1.0) if named else None


def _mark_quotes(tree: LexborHTMLParser) -> None:
    for node in tree.css(_QUOTES):
        if not _is_indented(node):
            node.attrs["data-quoted"] = ""
    for node in tree.css(_OUTERMOST.format("data-quoted")):
        lines = filter(None, map(str.strip, node.text().split("\n")))
        node.replace_with("\n" + "\n".join(f"> {line}" for line in lines) + "\n")


def _is_indented(node: LexborNode) -> bool:
    """A block quote that the writer's own "indent" button makes."""
    style = re.sub(r"\s", "", (node.attributes.get("style") or "").lower())
    return not node.attributes.get("class") and not node.attributes.get("type") and bool(_INDENTED.search(style))
