"""Whether a message says that it is a complaint. Pure."""

from pipeline.domain import CueKind, Decision

_WORD = "complain"


def said_so(made: Decision) -> bool:
    """It asks for the complaints process, or the word is in it; else a complaint in it was found without (HOS 1.3)."""
    asks = any(cue.kind is CueKind.EXPLICIT_COMPLAINT for cue in made.cues)
    return asks or _WORD in f"{made.subject}\n{made.text}".casefold()
