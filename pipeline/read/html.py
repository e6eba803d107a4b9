"""HTML of a mail -> the words a reader would see."""

import re

from selectolax.lexbor import LexborHTMLParser

_HTML_LIMIT = 500_000
_NOT_SHOWN = (
    "script,style,head,title,template,noscript,[hidden],[style*='display:none'],[style*='display: none'],"
    "[style*='font-size:0'],[style*='visibility:hidden']"
)


def html_to_text(html: str) -> str:
    """The words a reader would see: no script, style, hidden preheader or tracking pixel."""
    tree = LexborHTMLParser(html[:_HTML_LIMIT])
    for node in tree.css(_NOT_SHOWN):
        node.decompose()
    for node in tree.css("blockquote:not(blockquote blockquote)"):
        node.insert_before("\n")
        quoted = node.text(separator="\n", strip=True)
        node.replace_with("\n" + "\n".join(f"> {line}" for line in quoted.split("\n")) + "\n")
    for node in tree.css("br,p,div,tr,li,h1,h2,h3,h4,table"):
        node.insert_before("\n")
        node.insert_after("\n")
    text = tree.root.text() if tree.root else ""
    lines = [re.sub(r"[^\S\n]+", " ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{2,}", "\n\n", "\n".join(lines)).strip()
