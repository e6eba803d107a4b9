"""A mail's HTML -> the little of it that bears on what a reader sees, in time linear in its length.

HTML parsers take time quadratic in the depth of nesting and in the attributes of one tag, and what is shown may begin
only after megabytes of style sheets and pictures in data URIs (reliability row B42). So those go first.
"""

import re
from dataclasses import dataclass, field

MARKUP_LIMIT = 2_000_000
"""Characters of thinned mark-up that are parsed: style sheets, comments, scripts and attributes do not count."""

_DEEP = 400
_LONG_TAG = 20_000
_LONG_VALUE = 2_000
_NAME = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,30})(?=[\s/>])")
_REST = re.compile(r"""(?:[^"'>=]++|=\s*+"[^"]*+"|=\s*+'[^']*+'|[="'])*+>""")
_ATTRIBUTE = re.compile(
    r"""(?<![^\s"'])(style|class|id|hidden|bgcolor|color|type)(?:\s{0,9}=\s{0,9}("[^"]*"|'[^']*'|[^\s"'>]+)|(?=[\s/>]))""",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--(?!\[)(.{1,20000}?)-->", re.DOTALL)
_CODE = re.compile(r"[{}]|@(?:media|import|font-face)|</?\w|=\"|\bfunction\b|;\s*$")
_NOT_WORDS = frozenset({"script", "style", "title", "template", "noscript", "textarea", "svg", "math", "object"})
_FLAT = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
    | {"p", "li", "td", "th", "tr", "dt", "dd", "option", "tbody", "thead", "html", "body", "head"}
)
"""Tags that have no end, or that browsers end by themselves: they do not nest without limit."""


@dataclass(kw_only=True)
class _Thinning:
    markup: str
    at: int = 0
    depth: int = 0
    flattened: int = 0
    preformatted: int = 0
    quotes_count: bool = True
    unclosed: set[str] = field(default_factory=set)
    out: list[str] = field(default_factory=list)

    def run(self) -> str:
        size = 0
        while self.at < len(self.markup) and size < MARKUP_LIMIT:
            before = len(self.out)
            self._step()
            size += sum(map(len, self.out[before:]))
        return "".join(self.out)[:MARKUP_LIMIT]

    def _step(self) -> None:
        start = self.markup.find("<", self.at)
        end = len(self.markup) if start < 0 else start
        words = self.markup[self.at : min(end, self.at + MARKUP_LIMIT)]
        self.out.append(words if self.preformatted else re.sub(r"\s+", " ", words))
        self.at = end
        if start >= 0:
            self._markup()

    def _markup(self) -> None:
        tag = _NAME.match(self.markup, self.at)
        if tag:
            self._tag(closing=bool(tag[1]), name=tag[2].lower(), rest=tag.end())
        elif self.markup.startswith("<!--", self.at):
            self._skip_past("-->", otherwise=self.at + 4)
        elif self.markup.startswith(("<!", "<?", "</"), self.at):
            self._skip_past(">", otherwise=self.at + 2)
        else:
            self.out.append("&lt;")
            self.at += 1

    def _skip_past(self, mark: str, *, otherwise: int) -> None:
        """Go on behind the next `mark`. Where it never comes, what follows is kept."""
        found = -1 if mark in self.unclosed else self.markup.find(mark, self.at)
        if found < 0:
            self.unclosed.add(mark)
        self.at = otherwise if found < 0 else found + len(mark)

    def _tag(self, *, closing: bool, name: str, rest: int) -> None:
        end = self._tag_end(rest)
        if end < 0:
            self.out.append("&lt;")
            self.at += 1
            return
        self.at = end
        if name in _NOT_WORDS:
            if not closing and self.markup[end - 2] != "/":
                self._skip_element(name)
        elif self._nests(name, closing=closing):
            self.out.append(f"</{name}>" if closing else f"<{name}{_attributes(self.markup, rest, end)}>")
        else:
            self.out.append("\n")
        if name == "pre":
            self.preformatted = max(0, self.preformatted + (-1 if closing else 1))

    def _tag_end(self, rest: int) -> int:
        """Behind the tag's `>`. One that quotation marks hide to the end of the mail is taken without them."""
        if self.quotes_count:
            found = _REST.match(self.markup, rest)
            if found:
                return found.end()
            self.quotes_count = False
        return -1 if ">" in self.unclosed else self.markup.find(">", rest) + 1 or -1

    def _skip_element(self, name: str) -> None:
        end = (
            None if name in self.unclosed else re.compile(rf"</{name}\s*>", re.IGNORECASE).search(self.markup, self.at)
        )
        if end:
            self.at = end.end()
            return
        self.unclosed.add(name)
        following = self.markup.find("<", self.at)
        self.at = len(self.markup) if following < 0 else following

    def _nests(self, name: str, *, closing: bool) -> bool:
        """Whether a tag is kept: beyond a depth that no reader's mail has, tags become line breaks."""
        if name in _FLAT:
            return True
        if not closing:
            self.depth += self.depth < _DEEP
            self.flattened += self.depth >= _DEEP
            return self.depth < _DEEP
        if self.flattened:
            self.flattened -= 1
            return False
        self.depth = max(0, self.depth - 1)
        return True


def thin(markup: str) -> str:
    """The same words and tags, without scripts, style sheets, comments, most attributes and bottomless nesting."""
    return _Thinning(markup=markup).run()


def comments(markup: str) -> list[str]:
    """What stands in comments, without tags; conditions and style sheets that mail programs write are left out."""
    found = (re.sub(r"<[^<>]{0,1000}>", " ", comment) for comment in _COMMENT.findall(markup[:MARKUP_LIMIT]))
    return [words for words in found if not words.lstrip().startswith("[") and not _CODE.search(words)]


def _attributes(markup: str, start: int, end: int) -> str:
    if end - start < 2:
        return ""
    text = markup[start:end]
    if len(text) > _LONG_TAG:
        text = f"{text[: _LONG_TAG // 2]} {text[-_LONG_TAG // 2 :]}"
    found = [(name.lower(), value or '""') for name, value in _ATTRIBUTE.findall(text) if len(value) <= _LONG_VALUE]
    return "".join(f" {name}={value}" for name, value in found)
