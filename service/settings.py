"""What an operator may set: by options, then environment variables `HEARD_...`, then a file (`settings_file`)."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from pipeline.errors import SettingsError
from service.oidc_settings import Oidc, is_protected
from service.retention_settings import Keep
from service.secret_rules import ADVICE, weakness
from service.settings_file import PREFIX, read_settings, refuse_misspelt, settings_file


class Nation(StrEnum):
    """Whose bank holidays count. The value is the subdivision's name in the holiday calendar."""

    ENGLAND = "ENG"
    WALES = "WLS"
    SCOTLAND = "SCT"
    NORTHERN_IRELAND = "NIR"


class Settings(BaseSettings):
    """Settings of one running service. An option wins over a variable, a variable over the file."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="_",
        env_nested_max_split=1,
        frozen=True,
        hide_input_in_errors=True,
    )

    database: str = Field(
        default="sqlite:///heard.db", description="SQLAlchemy URL: sqlite:///FILE or postgresql+psycopg://..."
    )
    model: Path | None = Field(default=None, description="A model folder; the one that serves if not set.")
    models: Path | None = Field(
        default=None, description="The folder of models, in which one is promoted; that of heard itself if not set."
    )
    longest_line: int = Field(
        default=64, ge=1, le=1_000, description="How many messages may wait at once; more are answered 503."
    )
    model_seconds: float = Field(
        default=30, gt=0, le=300, description="How long a message waits for the model before it goes to a person."
    )
    profile: str = Field(default="hos-2024", description="The Code in force.")
    nation: Nation = Field(default=Nation.ENGLAND, description="Whose bank holidays count: ENG, WLS, SCT or NIR.")
    host: str = Field(default="127.0.0.1", description="Loopback only, until keys or officers exist.")
    port: int = Field(default=8000, ge=1, le=65535, description="Where it listens.")
    body_limit: int = Field(default=12_000_000, gt=0, description="Bytes a request body may have.")
    public_url: str = Field(
        default="", description="Where browsers find it, as https://heard.council.example. Signing in needs it."
    )
    requests_per_minute: int = Field(
        default=12_000, gt=0, description="What one key or officer may ask of one process in a minute."
    )
    oidc: Oidc = Field(default_factory=Oidc, description="The organisation's identity provider: HEARD_OIDC_...")
    keep: Keep = Field(default_factory=Keep, description="How long what residents wrote is kept: HEARD_KEEP_...")
    lease_minutes: int = Field(default=10, ge=1, le=480, description="How long a claim holds unless it is renewed.")
    undo_minutes: int = Field(
        default=10,
        ge=0,
        le=1_440,
        description="How long an officer can take back a decision; what is sent elsewhere waits for it.",
    )
    prior_contact_days: int = Field(
        default=90, ge=1, le=3_650, description="How many days back earlier messages of a resident count."
    )
    own_addresses: Annotated[frozenset[str], NoDecode] = Field(
        default=frozenset(),
        description="The organisation's own addresses (repairs@...) and domains (@...), by commas: officers forward "
        "from them for many residents, so they count as nobody's.",
    )
    blind_share: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="Share of the messages filed without an officer that one reads blind all the same.",
    )
    blind_seed: str = Field(
        default="heard",
        description="Draws the blind sample, and by another lot the second readings; no secret, another draws others.",
    )
    second_share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Share of officers' verdicts that another officer reads again without seeing them; 0 draws none.",
    )
    second_person: bool = Field(
        default=True,
        description="Another person confirms which model serves, once people sign in; off: one person is enough.",
    )
    proposal_hours: int = Field(
        default=72, ge=1, le=720, description="How long a proposed model waits for the second person."
    )
    audit_key: SecretStr | None = Field(
        default=None, description="The key of the audit record, 32 characters or more; else that of the file."
    )
    audit_key_file: Path | None = Field(
        default=None,
        description="Where the key is kept, and made the first time: FILE.audit-key beside a SQLite file, "
        "heard.audit-key in the working folder for PostgreSQL.",
    )
    audit_head_file: Path | None = Field(
        default=None,
        description="Append the audit record's head to this file once a day: keep it where the database's writers "
        "cannot write.",
    )
    webhook_key: SecretStr | None = Field(
        default=None,
        description="Seals the secrets of webhooks in the database, 32 characters or more; several by commas while it "
        "is exchanged, the new one first. Nothing is sent without it.",
    )
    deliver: bool = Field(
        default=True, description="Send webhooks from the service itself; off where `heard deliver` runs apart."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # as pydantic-settings calls it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options, then the environment, then the file."""
        refuse_misspelt(os.environ, cls)
        path = settings_file()
        in_file = read_settings(path, cls) if path else {}
        return init_settings, env_settings, InitSettingsSource(settings_cls, in_file)

    @field_validator("audit_key", "webhook_key")
    @classmethod
    def _strong(cls, given: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """Nothing that could be guessed. Of the webhook key there may be several."""
        secret = given.get_secret_value() if given else ""
        for one in secret.split(",") if info.field_name == "webhook_key" else [secret]:
            if given is not None and (weak := weakness(one)):
                raise ValueError(f"{weak}: {ADVICE}")
        return given

    @field_validator("own_addresses", mode="before")
    @classmethod
    def _by_commas(cls, given: object) -> object:
        """As an environment variable holds them."""
        if not isinstance(given, str):
            return given
        return frozenset(address.strip().casefold() for address in given.split(",") if address.strip())

    @field_validator("public_url")
    @classmethod
    def _protected(cls, url: str) -> str:
        """A session's cookie must not travel in the clear."""
        url = url.rstrip("/")
        if url and (not is_protected(url) or url.count("/") != 2):
            raise ValueError("HEARD_PUBLIC_URL must be https:// and a host name, perhaps with a port")
        return url


def settings_from(**given: object) -> Settings:
    """Settings from a command's options, None where an option was left out; SettingsError says what is wrong."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        )
        where = f"or stand in {path}" if (path := settings_file()) else "or stand in heard.toml"
        raise SettingsError(
            f"a setting is wrong ({faults}). Settings are options, HEARD_... variables, {where}."
        ) from None
