"""HTML of a mail -> the words a reader would see."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.read.markup import thin

_BREAKS = "p,div,tr,li,ul,ol,h1,h2,h3,h4,h5,h6,table,pre,hr,blockquote,section,article,header,footer,address,dt,dd"
_QUOTES = "blockquote,.yahoo_quoted,.protonmail_quote"
_SIGNATURES = "#Signature,#ms-outlook-mobile-signature,.gmail_signature,.moz-signature,.protonmail_signature_block"
_OUTERMOST = "[{0}]:not([{0}] [{0}])"
_WHITE = re.compile(r"white|#f{3}(?:f(?:ff)?(?:ff)?)?|rgba?\(255,255,255(?:,[\d.]+)?\)|transparent")
_NOTHING = re.compile(r"0+(?:\.0+)?(?:px|pt|em|rem|%)?")
_FAR = re.compile(r"-\d{3,}(?:\.\d+)?(?:px|pt|em|rem|%)?")
_INDENTED = re.compile(r"border:(?:none|0(?:px)?)(?:;|$)")
_ANCESTORS = 30


def html_to_text(html: str) -> str:
    """The words a reader would see: no script, style, hidden preheader or tracking pixel; quotations behind `>`.

    Hidden text must not decide (reliability row B43), so it is left out, unless nothing else is there.
    """
    lean = thin(html)
    return _text(lean, hidden=False) or _text(lean, hidden=True)


def _text(lean: str, *, hidden: bool) -> str:
    tree = LexborHTMLParser(lean)
    if not hidden:
        _drop_hidden(tree)
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


def _drop_hidden(tree: LexborHTMLParser) -> None:
    for node in tree.css("[style],[color]"):
        if _is_hidden(node):
            node.attrs["hidden"] = ""
    for node in tree.css(_OUTERMOST.format("hidden")):
        node.decompose()


def _is_hidden(node: LexborNode) -> bool:
    style = _style(node)
    return (
        style.get("display") == "none"
        or style.get("visibility") in {"hidden", "collapse"}
        or style.get("mso-hide") == "all"
        or any(_NOTHING.fullmatch(style.get(name, "")) for name in ("font-size", "opacity"))
        or any(_FAR.fullmatch(style.get(name, "")) for name in ("left", "right", "top", "text-indent", "margin-left"))
        or (style.get("overflow") == "hidden" and _without_size(style))
        or (_is_white(style.get("color") or node.attributes.get("color")) and not _on_a_ground(node))
    )


def _without_size(style: dict[str, str]) -> bool:
    return any(_NOTHING.fullmatch(style.get(name, "")) for name in ("height", "max-height", "width", "max-width"))


def _style(node: LexborNode) -> dict[str, str]:
    declared = re.sub(r"\s+|!important", "", (node.attributes.get("style") or "").lower())
    return {name: value for name, _, value in (part.partition(":") for part in declared.split(";"))}


def _is_white(colour: str | None) -> bool:
    return colour is not None and _WHITE.fullmatch(colour.lower().replace(" ", "")) is not None


def _on_a_ground(node: LexborNode) -> bool:
    """Whether white words can be seen, on a coloured ground or a picture."""
    above: LexborNode | None = node
    for _ in range(_ANCESTORS):
        if above is None:
            return False
        style = _style(above)
        ground = style.get("background-color") or style.get("background") or above.attributes.get("bgcolor")
        if ground and ground != "none":
            return not _is_white(ground)
        above = above.parent
    return False


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
