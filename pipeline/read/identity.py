"""What makes a message the same message: a hash over channel, stable headers and body, never Message-ID alone."""

import hashlib
from collections.abc import Iterable

from pipeline.domain import Channel


def identity(channel: Channel, parts: Iterable[str]) -> str:
    """32 hexadecimal digits. Parts are length-prefixed, so that moving a character from one to the next counts."""
    digest = hashlib.sha256(channel.value.encode())
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:32]
