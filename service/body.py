"""What bodies sent to the service have in common."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that turn the direction of what follows them, across the end of a field too. Letters need none of them."""


class Body(BaseModel):
    """An unknown field is refused, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _untwisted(text: str) -> str:
    return _TURNS.sub("", text).strip()


_NO_NUL = r"^[^\x00]*$"
_SAYS_SOMETHING = r"^[^\x00]*[^\s\x00][^\x00]*$"

Note = Annotated[str, StringConstraints(max_length=5_000, pattern=_NO_NUL), AfterValidator(_untwisted)]
Line = Annotated[str, StringConstraints(max_length=200, pattern=_NO_NUL), AfterValidator(_untwisted)]
Reason = Annotated[
    str, StringConstraints(min_length=1, max_length=1_000, pattern=_SAYS_SOMETHING), AfterValidator(_untwisted)
]
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=_SAYS_SOMETHING), AfterValidator(_untwisted)
]
