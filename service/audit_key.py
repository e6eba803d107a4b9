"""The key of the audit record: from a setting, or a file outside the database that is made the first time."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.engine import make_url

from pipeline.errors import SettingsError
from service.secret_rules import ADVICE, weakness
from service.settings import Settings, settings_from


class AuditKey:
    """Where the key is kept; read, or made, when it is first asked for."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings

    @classmethod
    def for_database(cls, url: str) -> "AuditKey":
        """As the environment says, for a database at this address."""
        return cls(lambda: settings_from(database=url))

    def read(self, *, make: bool) -> bytes:
        """The key. It is made only where `make` says so: a lost key must be put back, not replaced."""
        settings = self._settings()
        if settings.audit_key is not None:
            return _checked(settings.audit_key.get_secret_value(), "HEARD_AUDIT_KEY")
        path = settings.audit_key_file or _beside(settings.database)
        if make and not path.exists():
            _make(path)
        try:
            return _checked(path.read_text(encoding="utf-8").strip(), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"The audit key cannot be read from {path} ({_why(error)}): put the file back, or set "
                "HEARD_AUDIT_KEY_FILE to where it is."
            ) from None


def _beside(url: str) -> Path:
    """Next to a SQLite file; else in the working folder."""
    parsed = make_url(url)
    return Path(f"{parsed.database if parsed.get_backend_name() == 'sqlite' else 'heard'}.audit-key")


def _make(path: Path) -> None:
    """Readable by its owner only; whole or not there, and of two processes one makes it."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    except OSError as error:
        raise SettingsError(
            f"The audit key cannot be written to {path} ({_why(error)}): set HEARD_AUDIT_KEY_FILE to a place outside "
            "the database that this service can write once."
        ) from None


def _checked(key: str, where: str) -> bytes:
    if weak := weakness(key):
        raise SettingsError(f"The audit key in {where} {weak}: {ADVICE}.")
    return key.encode()


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "it is not text"
