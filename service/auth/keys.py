"""API keys as text: `heard_<id>_<secret><checksum>`. The checksum tells a mistyped key from a wrong one offline."""

import hashlib
import hmac
import re
import secrets
import zlib
from base64 import b32encode
from dataclasses import dataclass

_SECRET_BYTES = 20
"""160 bits, so that a plain SHA-256 of it cannot be searched (S36)."""
_SHAPE = re.compile(r"heard_([a-z2-7]{8})_([a-z2-7]{32})([0-9a-f]{8})")


@dataclass(frozen=True, kw_only=True)
class NewKey:
    """A key just made. `text` is shown once and stored nowhere."""

    id: str
    text: str
    secret_sha256: str


def new_key() -> NewKey:
    """A key that nobody has had before."""
    number, secret = _random(5), _random(_SECRET_BYTES)
    body = f"heard_{number}_{secret}"
    return NewKey(id=number, text=body + _checksum(body), secret_sha256=hashed(secret))


def parsed(text: str) -> tuple[str, str] | None:
    """(id, hash of the secret) of what may be a key; None for anything else."""
    found = _SHAPE.fullmatch(text)
    if found is None or not hmac.compare_digest(_checksum(text[:-8]), found[3]):
        return None
    return found[1], hashed(found[2])


def same(one: str, other: str) -> bool:
    """Compare hashes in a time that tells nothing of them."""
    return hmac.compare_digest(one.encode(), other.encode())


def hashed(secret: str) -> str:
    """What is stored of a random secret of 160 bits or more."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _random(size: int) -> str:
    return b32encode(secrets.token_bytes(size)).decode().lower()


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
