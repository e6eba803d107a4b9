"""What real messages do to a text: slips of the keyboard, no stops, no title."""

from random import Random

from pipeline.perturb import typos


def augmented(text: str, draw: Random) -> str:
    """The same message as a hurried writer might have sent it: one change, slips as often as the others."""
    return draw.choice((_slips, _slips, _without_stops, _without_title))(text, draw)


def _slips(text: str, draw: Random) -> str:
    return typos(text, draw, rate=draw.uniform(0.01, 0.07))


def _without_stops(text: str, _: Random) -> str:
    return "".join(character for character in text if character not in ".,;:!?'\u2019")


def _without_title(text: str, _: Random) -> str:
    title, body = text.split("\n\n", 1) if "\n\n" in text else (text, "")
    return body if len(body) > len(title) else text
