"""What people, mail programs and mischief-makers put around a message: greetings, signatures, quoted replies, orders.

Each function adds words and leaves the resident's own untouched, so that what the message is stays what it was. The
wordings lie in wordings/*.toml, our own, all people invented; training and checking each have theirs.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

_FOLDER = Path(__file__).parent / "wordings"
_EMOJI = ("\U0001f642", "\U0001f3e0", "\U0001f4f7", "\U0001f64f", "\U0001f44b", "\U0001f4cd", "\u260e\ufe0f")


@dataclass(frozen=True, kw_only=True)
class Wordings:
    """What may stand around a message. `replies` are an officer's, `instructions` tell a machine what to answer."""

    greetings: tuple[str, ...]
    signatures: tuple[str, ...]
    phones: tuple[str, ...]
    disclaimers: tuple[str, ...]
    banners: tuple[str, ...]
    replies: tuple[str, ...]
    instructions: tuple[str, ...]


@cache
def load_wordings(name: str) -> Wordings:
    """The wordings in wordings/`name`.toml: `checking` or `training`."""
    raw = tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return Wordings(**{what: tuple(words) for what, words in raw.items()})


def above(text: str, draw: Random, *, words: tuple[str, ...]) -> str:
    """One of `words` as a paragraph of its own in front."""
    return f"{draw.choice(words)}\n\n{text}"


def below(text: str, draw: Random, *, words: tuple[str, ...]) -> str:
    """One of `words` as a paragraph of its own at the end."""
    return f"{text}\n\n{draw.choice(words)}"


def around(text: str, draw: Random, *, words: tuple[str, ...]) -> str:
    """One of `words` in front or at the end."""
    return draw.choice((above, below))(text, draw, words=words)


def greeted(text: str, draw: Random, *, words: tuple[str, ...]) -> str:
    """A greeting in front, on the same line or above."""
    return draw.choice(words) + draw.choice((" ", "\n\n")) + text


def quoted(text: str, draw: Random, *, words: tuple[str, ...]) -> str:
    """What an officer wrote earlier, quoted below as mail programs do."""
    day = f"{draw.randint(1, 28)} October 2026"
    letter = f"Dear resident,\n\n{draw.choice(words)}\n\nLeonie Marsh\nCustomer Resolution"
    marked = "\n".join(f"> {line}".rstrip() for line in letter.split("\n"))
    headers = (
        f"From: Repairs Hub <repairs@brindlevale.example>\nSent: {day} 10:14\nTo: Resident\nSubject: RE: Your enquiry"
    )
    quotes = (
        f"On {day} at 10:14, Repairs Hub <repairs@brindlevale.example> wrote:\n\n{marked}",
        f"{headers}\n\n{letter}",
        f"-----Original Message-----\n{headers}\n\n{letter}",
    )
    return f"{text}\n\n{draw.choice(quotes)}"


def pictured(text: str, draw: Random) -> str:
    """One to three friendly emoji at the end."""
    return f"{text} {''.join(draw.choices(_EMOJI, k=draw.randint(1, 3)))}"
