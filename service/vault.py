"""Secrets of webhooks, sealed with a key that is not in the database: who has a dump or a backup cannot sign with them.

Fernet (AES-128-CBC with HMAC-SHA256) by keys derived from `HEARD_WEBHOOK_KEY`. The first key seals, each one opens, so
a key is exchanged by putting a new one before it and taking the old one away once everything is sealed again.
"""

import base64
from collections.abc import Sequence
from dataclasses import replace

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pipeline.errors import SettingsError
from service.secret_rules import ADVICE
from service.settings import Settings, settings_from
from service.store import webhooks
from service.store.database import Database
from service.webhooks import SECRET_PREFIX, Target

_MISSING = (
    "Webhooks need HEARD_WEBHOOK_KEY, which seals their secrets in the database; nothing is sent without it: set it "
    f"({ADVICE}) and keep a copy apart from the backups."
)
_OTHER = (
    "HEARD_WEBHOOK_KEY is not the key that the secrets of webhooks were sealed with: put that key back, or behind the "
    "new one."
)


class Vault:
    """Seals and opens secrets; SettingsError where there is no key, or another one."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._each = [Fernet(_derived(key)) for key in keys]

    @classmethod
    def of(cls, settings: Settings) -> "Vault":
        """With the keys that are set."""
        given = settings.webhook_key.get_secret_value() if settings.webhook_key else ""
        return cls([key.strip() for key in given.split(",") if key.strip()])

    @classmethod
    def as_set(cls) -> "Vault":
        """As environment and file say."""
        return cls.of(settings_from())

    def seal(self, secret: str) -> str:
        """What is kept."""
        return self._first().encrypt(secret.encode()).decode()

    def open(self, kept: str) -> str:
        """The secret again."""
        self._first()
        if kept.startswith(SECRET_PREFIX):
            return kept
        try:
            return MultiFernet(self._each).decrypt(kept.encode()).decode()
        except InvalidToken:
            raise SettingsError(_OTHER) from None

    def opened(self, target: Target) -> Target:
        """The target with secrets that can sign."""
        return replace(target, secrets=tuple(map(self.open, target.secrets)))

    def seal_again(self, database: Database) -> int:
        """Seal with the first key what stands in clear or under another one; answers how many secrets there are.

        SettingsError where there are some and no key, or none that opens them: nothing can be sent.
        """
        with database.writing() as connection:
            return webhooks.reseal(connection, self._sealed_by_the_first)

    def _sealed_by_the_first(self, kept: str) -> str:
        try:
            self._first().decrypt(kept.encode())
        except InvalidToken:
            return self.seal(self.open(kept))
        return kept

    def _first(self) -> Fernet:
        if not self._each:
            raise SettingsError(_MISSING)
        return self._each[0]


def _derived(key: str) -> bytes:
    """A key of the length that Fernet needs."""
    made = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"heard webhook secrets").derive(key.encode())
    return base64.urlsafe_b64encode(made)
