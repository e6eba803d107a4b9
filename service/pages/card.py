"""A model card's Markdown as HTML: headings below the page's own, tables that scroll, and no HTML of its own."""

from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

_CLASSES = {
    "h3": "govuk-heading-s",
    "h4": "govuk-heading-s",
    "p": "govuk-body",
    "ul": "govuk-list govuk-list--bullet",
    "ol": "govuk-list govuk-list--number",
    "table": "govuk-table govuk-table--small-text-until-tablet",
    "thead": "govuk-table__head",
    "tbody": "govuk-table__body",
    "tr": "govuk-table__row",
    "th": "govuk-table__header",
    "td": "govuk-table__cell",
    "a": "govuk-link",
}
_BELOW = {"h1": "h3", "h2": "h3", "h3": "h4", "h4": "h4", "h5": "h4", "h6": "h4"}
_OPEN = '<div class="heard-wide" role="region" aria-label="Table {} of the card" tabindex="0">\n'
_CLOSE = "</div>\n"


def card_html(markdown: str) -> Markup:
    """HTML that holds nothing but what Markdown makes: tags in the card are shown as text, images left out."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    tokens = parser.parse(markdown)
    inside = [child for token in tokens for child in token.children or ()]
    for token in [*tokens, *inside]:
        token.tag = _BELOW.get(token.tag, token.tag)
        token.attrs.pop("style", None)
        if token.nesting == 1 and token.tag in _CLASSES:
            token.attrSet("class", _CLASSES[token.tag])
    return Markup(parser.renderer.render(tokens, parser.options, {}))  # noqa: S704  # the renderer escapes every text


def _table_open(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: Any, _env: Any) -> str:
    number = sum(token.type == "table_open" for token in tokens[: place + 1])
    return _OPEN.format(number) + renderer.renderToken(tokens, place, options, {})


def _table_close(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: Any, _env: Any) -> str:
    return renderer.renderToken(tokens, place, options, {}) + _CLOSE
