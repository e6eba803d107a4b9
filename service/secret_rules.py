"""What is no secret: a placeholder that was left in, one letter over and over, too little to be guessed in vain."""

LEAST = 32
"""Characters of a secret of ours: 16 bytes in hexadecimal, the least that nobody can try out."""
PLACEHOLDERS = frozenset({"changeme", "change-me", "change_me", "password", "secret", "example", "xxx", "todo", "test"})
_FEWEST_LETTERS = 5
ADVICE = "use `openssl rand -hex 32`"


def weakness(secret: str, *, least: int = LEAST) -> str:
    """What is wrong with a secret, to stand after its name; empty where nothing is. The secret itself is not told."""
    plain = secret.strip().casefold()
    if not plain or any(not plain.replace(word, "") for word in PLACEHOLDERS):
        return "holds no secret, or a placeholder"
    if len(set(plain)) < _FEWEST_LETTERS:
        return "repeats a few letters"
    return f"has under {least} characters" if len(secret.encode()) < least else ""
