"""Officers' passwords: which are taken, and how they are kept (ASVS 6.2, 11.4.2)."""

import re
import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.auth.refusals import UnfitPassword

SHORTEST, LONGEST = 15, 200
_LEFT, _DIFFERENT = 9, 6
"""Characters, and different ones, that must be left when the common parts are taken out."""
_COMMON = re.compile(
    "password|passw0rd|letmein|welcome|changeme|secret|admin|login|complaints?|housing|council|heard"
    "|qwertyuiop|asdfghjkl|zxcvbnm|qwerty|asdf|1q2w3e|abcdefg?h?|0?123456?7?8?9?0?|98765?4?3?2?1?|(?:19|20)[0-9]{2}"
)
_HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)
"""argon2id with the second recommendation of RFC 9106: 64 MiB."""
_AT_ONCE = threading.BoundedSemaphore(2)
"""So many hashes at a time: a burst of sign-ins must not take gigabytes."""


def hash_password(password: str, name: str) -> str:
    """The argon2id hash to store; UnfitPassword says what to change. `name` is whose it is."""
    password = _normal(password)
    if not SHORTEST <= len(password) <= LONGEST:
        raise UnfitPassword(
            f"A password has {SHORTEST} to {LONGEST} characters, any you like: four words make a good one."
        )
    left = _unusual(password, name)
    if len(left) < _LEFT or len(set(left)) < _DIFFERENT:
        raise UnfitPassword(
            "This password is too easy to guess: little is left of it without repeats, names and common words. "
            "Four words that have nothing to do with each other make a good one."
        )
    with _AT_ONCE:
        return _HASHER.hash(password)


def verify(stored: str | None, password: str) -> bool:
    """Whether it is the password; as slow where there is none, so that time does not tell which names exist."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(stored or _nobody(), _normal(password)) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def _unusual(password: str, name: str) -> str:
    """The password without its common parts and the words of the name, and of a repeated piece only the first."""
    rest = re.sub(r"^(.{1,30}?)\1+", r"\1", password.casefold())
    for word in (name.casefold(), *name.casefold().split()):
        if len(word) >= 3:
            rest = rest.replace(word, "")
    return _COMMON.sub("", rest)


def _normal(password: str) -> str:
    """The same characters typed on another keyboard are the same password (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


@cache
def _nobody() -> str:
    return _HASHER.hash("an account that does not exist")
