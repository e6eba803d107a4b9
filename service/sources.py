"""`inboxes.toml`: the mailboxes and folders that `heard watch` watches. Secrets stay in the environment or in files."""

import os
import tomllib
from collections import Counter
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from pipeline.domain import Channel
from pipeline.errors import HeardError, SettingsError

_PLACEHOLDERS = frozenset({"", "changeme", "change-me", "password", "secret", "xxx", "todo"})
_STRICT = ConfigDict(extra="forbid")

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$")]
Keyword = Annotated[str, Field(pattern=r"^[A-Za-z$][A-Za-z0-9$_.-]{0,59}$")]
Text = Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Trouble(HeardError):
    """A source cannot be looked at now; it is tried again. The sentence holds no secret and nobody's words."""


class LoginRefused(Trouble):
    """The server or the token endpoint refused who we say we are: at most one try a minute follows (F25)."""


class Tls(StrEnum):
    """How the connection is protected. Nothing ever falls back to less than what is set."""

    ON = "on"  # TLS from the first byte, port 993
    STARTTLS = "starttls"  # TLS before the login, port 143
    OFF = "off"  # plain; to this machine only


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Secret:
    """Where a secret is: an environment variable, or a file that only its owner can read. Never the secret."""

    env: str | None = None
    file: Path | None = None

    def read(self) -> str:
        """The secret as it is now; SettingsError names where it was looked for."""
        where = f"the variable {self.env}" if self.env else f"the file {self.file}"
        value = os.environ.get(self.env, "") if self.env else self._from_file()
        if value.casefold() in _PLACEHOLDERS:
            raise SettingsError(f"{where} holds no secret, or a placeholder.")
        return value

    def _from_file(self) -> str:
        file = Path(self.file or "")
        try:
            if file.stat().st_mode & 0o077:
                raise SettingsError(f"the file {file} can be read by others: chmod 600 it.")
            return file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"the file {file} cannot be read ({type(error).__name__}).") from None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError("give env or file, not both")
        return self


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class OAuth:
    """Where the access token for XOAUTH2 comes from: a token endpoint (client credentials) or a command."""

    token_url: str | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    scope: str = "https://outlook.office365.com/.default"
    token_command: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        endpoint = (self.token_url, self.client_id, self.client_secret)
        if bool(self.token_command) == any(endpoint) or (any(endpoint) and not all(endpoint)):
            raise ValueError("give token_command, or all of token_url, client_id and client_secret")
        if self.token_url and not self.token_url.startswith("https://") and not _to_loopback(self.token_url):
            raise ValueError("token_url must begin with https://")
        return self


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class SetKeyword:
    """Mark a mail with an IMAP keyword once it is stored."""

    keyword: Keyword


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class MoveTo:
    """Move a mail to another folder of the mailbox once it is stored."""

    move: Text


After = Literal["leave"] | SetKeyword | MoveTo


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Watched:
    """What every source has. `silent_after_hours` is the longest pause that is nothing to worry about."""

    name: Name
    silent_after_hours: float = Field(default=120, gt=0)
    stopped_after_minutes: float = Field(default=60, gt=0)
    poll_seconds: float = Field(default=60, gt=0, le=1_500)


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class MailboxSource(Watched):
    """One IMAP login and the folders watched in it. Read-only unless `after` says otherwise (P14)."""

    host: Text
    user: Text
    port: int = Field(default=0, ge=0, le=65_535)
    password: Secret | None = None
    oauth: OAuth | None = None
    folders: tuple[Text, ...] = Field(default=("INBOX",), min_length=1)
    after: After = "leave"
    tls: Tls = Tls.ON
    ca_file: Path | None = None
    timeout_seconds: float = Field(default=30, gt=0, le=60)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.password is None) == (self.oauth is None):
            raise ValueError("give password or oauth, not both")
        if self.tls is Tls.OFF and not _is_loopback(self.host):
            raise ValueError("tls = 'off' is for a server on this machine only")
        if isinstance(self.after, MoveTo) and self.after.move in self.folders:
            raise ValueError("after.move must not be one of the watched folders")
        return self


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class FolderSource(Watched):
    """One folder into which files are put. A file is read when its size has not changed for `settle_seconds`."""

    path: Path
    channel: Channel | None = None
    settle_seconds: float = Field(default=10, ge=0, le=3_600)
    poll_seconds: float = Field(default=5, gt=0, le=1_500)


Source = MailboxSource | FolderSource


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Inboxes:
    """Everything one `heard watch` watches."""

    mailbox: tuple[MailboxSource, ...] = ()
    folder: tuple[FolderSource, ...] = ()

    @property
    def all(self) -> tuple[Source, ...]:
        """Mailboxes, then folders."""
        return (*self.mailbox, *self.folder)


def read_inboxes(file: Path) -> Inboxes:
    """The checked contents of an `inboxes.toml`; SettingsError names the key that is wrong, never its value."""
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
        inboxes = TypeAdapter(Inboxes).validate_python(given)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} cannot be read ({type(error).__name__}).") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} is not TOML: {error}.") from None
    except ValidationError as error:
        raise SettingsError(f"{file}: {_faults(error)}.") from None
    return checked(inboxes)


def folder_at(path: Path) -> FolderSource:
    """A folder given without `inboxes.toml`: it goes by its own name."""
    try:
        return FolderSource(name=path.resolve().name, path=path)
    except ValidationError:
        raise SettingsError(f"the folder {path} needs a plain name: give it one in a [[folder]].") from None


def checked(inboxes: Inboxes) -> Inboxes:
    """SettingsError where two sources have one name, none is given or a secret is missing."""
    repeated = [name for name, count in Counter(source.name for source in inboxes.all).items() if count > 1]
    if repeated:
        raise SettingsError(f"two sources have the name {repeated[0]!r}: give each a name of its own.")
    if not inboxes.all:
        raise SettingsError("nothing is watched: add a [[mailbox]] or a [[folder]], or give --folder.")
    for mailbox in inboxes.mailbox:
        for secret in (mailbox.password, mailbox.oauth.client_secret if mailbox.oauth else None):
            if secret is not None:
                secret.read()
    return inboxes


def _faults(error: ValidationError) -> str:
    def sentence(fault: Any) -> str:
        return f"{'.'.join(map(str, fault['loc']))}: {fault['msg'].removeprefix('Value error, ')}"

    return "; ".join(map(sentence, error.errors(include_input=False, include_url=False)))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _to_loopback(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "http://127.0.0.1/", "http://localhost:", "http://localhost/"))
