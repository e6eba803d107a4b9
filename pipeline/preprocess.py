"""Message -> PreparedMessage. The only path to the model, for training and for serving."""

import re

from pipeline.cues import find_cues
from pipeline.domain import Channel, Flag, Message, PreparedMessage
from pipeline.glossary import expand
from pipeline.language import other_language
from pipeline.normalise import may_be_disguised, resident_words

_WORD = re.compile(r"\bn/a\b|(?<![^\W\d_])(?!(?:tel|mob)\b)[^\W\d_]{2,}", re.IGNORECASE)
"""What is left of a telephone number ("Tel: 01632 960001") is no word."""
_OTHER_SCRIPT = re.compile(r"[\u0370-\u1dff\u2e80-\ud7ff]")
"""Letters of scripts in which one may be a word."""


def prepare(message: Message) -> PreparedMessage:
    """The words to judge, without sentences addressed to software and with a note's shorthand written out; the cues in
    them; and what an officer must know of how they were read.
    """
    words = resident_words(message.text, message.subject, mail=message.channel is Channel.EMAIL)
    text = _written_out(message, words.text)
    language = other_language(words.text)
    noted = {
        Flag.INSTRUCTION: words.addressed,
        Flag.LANGUAGE: language is not None,
        Flag.WORDLESS: not _says(text),
        Flag.HIDDEN: bool(message.hidden),
        Flag.PARTS_DIFFER: bool(message.differing),
    }
    return PreparedMessage(
        text=text,
        subject=words.subject,
        channel=message.channel,
        cues=find_cues(text),
        windowed=words.windowed,
        flags=tuple(flag for flag, found in noted.items() if found),
        language=language,
        as_written=_as_written(message, text),
    )


def _as_written(message: Message, plain: str) -> str:
    """The words in the letters in which they came, where those are not the `plain` ones; else ""."""
    if not may_be_disguised(f"{message.subject}\n{message.text}"):
        return ""
    mail = message.channel is Channel.EMAIL
    words = resident_words(message.text, message.subject, mail=mail, disguised=True)
    text = _written_out(message, words.text)
    return text if text != plain else ""


def _written_out(message: Message, text: str) -> str:
    return expand(text) if message.channel is Channel.NOTE else text


def _says(text: str) -> bool:
    """Whether there is a word at all."""
    return _WORD.search(text) is not None or _OTHER_SCRIPT.search(text) is not None
