"""What an operator may set, by environment variables `HEARD_...` or the command line. Built in `create_app`."""

from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.errors import SettingsError


class Nation(StrEnum):
    """Whose bank holidays count. The value is the subdivision's name in the holiday calendar."""

    ENGLAND = "ENG"
    WALES = "WLS"
    SCOTLAND = "SCT"
    NORTHERN_IRELAND = "NIR"


class Settings(BaseSettings):
    """Settings of one running service; an unknown `HEARD_...` option on the command line is refused there."""

    model_config = SettingsConfigDict(env_prefix="HEARD_", frozen=True)

    database: str = Field(
        default="sqlite:///heard.db", description="SQLAlchemy URL: sqlite:///FILE or postgresql+psycopg://..."
    )
    model: Path | None = Field(default=None, description="A model folder; the one that serves if not set.")
    profile: str = Field(default="hos-2024", description="The Code in force.")
    nation: Nation = Field(default=Nation.ENGLAND, description="Whose bank holidays count: ENG, WLS, SCT or NIR.")
    host: str = Field(default="127.0.0.1", description="Loopback only, until keys or officers exist.")
    port: int = Field(default=8000, ge=1, le=65535)
    body_limit: int = Field(default=12_000_000, gt=0, description="Bytes a request body may have.")

    @field_validator("host")
    @classmethod
    def _loopback(cls, host: str) -> str:
        """Nobody is signed in yet, so nobody outside this machine is served."""
        if host != "localhost" and not _is_loopback(host):
            raise ValueError("only 127.0.0.1, ::1 or localhost can be served while no API key or officer exists")
        return host


def settings_from(**given: object) -> Settings:
    """Settings from a command's options, None where an option was left out; SettingsError says what is wrong."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        )
        raise SettingsError(f"a setting is wrong ({faults}). Settings are HEARD_... variables or options.") from None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
