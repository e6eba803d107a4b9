"""What a reply quotes, told from the words above, below and between."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.headers import attribution_end, block_at, is_original_mark, is_reply_mark
from pipeline.signatures import is_device_line

_LONG = 300
_RULE = re.compile(r"^\W*_{10,}\W*$")
_ANSWERS_BELOW = re.compile(
    r"\b(?:(?:my|our) (?:answers?|repl(?:y|ies)|comments?|responses?)\b.{0,60}"
    r"|(?:answered|replied|commented|responded) )"
    r"\b(?:below|in (?:red|blue|green|bold|capitals))\b",
    re.IGNORECASE,
)
_BROKEN_FROM = 40
"""A quoted line at least so long may have lost its last words to a line of their own."""


@dataclass(frozen=True, kw_only=True)
class OwnWords:
    """The lines that quote nobody, and whether all below them was cut away."""

    lines: list[str]
    is_cut: bool


def own_words(lines: Sequence[str]) -> OwnWords:
    """The lines a writer added to those quoted, wherever they stand (reliability rows B38 and B39).

    What stands unmarked under "On ... wrote:" or a block of headers is somebody else's, if there are words above; but
    where the writer says that the answers stand below, nobody can tell them apart, and the lines are kept.
    """
    own = list[str]()
    at = 0
    has_words = answers_below = bars = False
    while at < len(lines):
        end, ends_all = _quotation(lines, at, bars=bars)
        if ends_all and has_words and not answers_below:
            answers_below = any(_ANSWERS_BELOW.search(line[:_LONG]) for line in own)
            if not answers_below:
                return OwnWords(lines=own, is_cut=True)
        if end == at:
            line = lines[at]
            own.append(line)
            has_words = has_words or _speaks(line)
            bars = bars and not line.strip()
            end = at + 1
        else:
            bars = end < len(lines) and lines[end].startswith("|")
        at = end
    return OwnWords(lines=own, is_cut=False)


def _quotation(lines: Sequence[str], at: int, *, bars: bool) -> tuple[int, bool]:
    """(the line behind what is quoted here, whether all below belongs to it). The same line: nothing is."""
    line = lines[at]
    if line.startswith(">") or (bars and line.startswith("|")) or _is_broken_off(lines, at):
        return at + 1, False
    if is_reply_mark(line):
        return at + 1, True
    if is_original_mark(line) or _RULE.match(line[:_LONG]):
        return _marked(lines, at)
    block = block_at(lines, at) if ":" in line else None
    if block and "from" in block.fields and len(block.fields) > 1 and _is_over_marks(lines, block.end):
        return block.end, False
    stands_apart = at > 0 and (not lines[at - 1] or lines[at - 1].startswith("--"))
    if block and block.begins_with_sender and (block.is_sure or (block.is_whole and stands_apart)):
        return block.end, True
    end = attribution_end(lines, at)
    return (at, False) if end is None else (end, not _is_over_marks(lines, end))


def _is_over_marks(lines: Sequence[str], at: int) -> bool:
    following = next((text for text in lines[at : at + 3] if text.strip()), "")
    return following.startswith((">", "|"))


def _marked(lines: Sequence[str], at: int) -> tuple[int, bool]:
    """Under a line of dashes or underscores: the block of headers, if one follows."""
    start = at + 1 if at + 1 >= len(lines) or lines[at + 1].strip() else at + 2
    block = block_at(lines, start) if start < len(lines) else None
    if block and (block.is_sure or is_original_mark(lines[at])):
        return block.end, True
    return (at + 1, True) if is_original_mark(lines[at]) else (at, False)


def _is_broken_off(lines: Sequence[str], at: int) -> bool:
    """Whether a program broke this line off a long quoted one: the sentence goes on before it and after it."""
    if not 0 < at < len(lines) - 1:
        return False
    before, line, after = lines[at - 1], lines[at], lines[at + 1]
    return (
        before.startswith(">")
        and len(before) >= _BROKEN_FROM
        and before[-1:].isalpha()
        and line[:1].islower()
        and line[-1:].isalpha()
        and after.startswith(">")
        and after.lstrip("> ")[:1].islower()
    )


def _speaks(line: str) -> bool:
    return any(map(str.isalnum, line)) and not is_device_line(line)
