"""How officers sign in at the organisation's identity provider: `HEARD_OIDC_...`. Off while no issuer is set."""

from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from service.roles import Role
from service.secret_rules import weakness


class Oidc(BaseModel):
    """One provider. Roles come from a claim of its tokens, so joiners and leavers are managed in one place."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    issuer: str = Field(default="", description="As the provider writes it, to the last character.")
    client_id: str = Field(default="", description="What the provider calls this service.")
    client_secret: SecretStr = Field(default=SecretStr(""), description="What this service proves itself with.")
    role_claim: str = Field(default="roles", description="The claim that holds roles or groups.")
    roles: dict[str, Role] = Field(default={}, description='JSON: {"value of the claim": "officer", ...}.')
    require: dict[str, tuple[str, ...]] = Field(
        default={},
        description='JSON: claims of which one value must be there, as {"amr": ["mfa"]}, to insist on a second factor.',
    )

    @property
    def on(self) -> bool:
        """Whether there is a provider."""
        return bool(self.issuer)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.issuer:
            return self
        if not is_protected(self.issuer):
            raise ValueError("HEARD_OIDC_ISSUER must be an https:// address")
        if not self.client_id or not self.roles:
            raise ValueError("HEARD_OIDC_CLIENT_ID and HEARD_OIDC_ROLES are needed beside HEARD_OIDC_ISSUER")
        if weak := weakness(self.client_secret.get_secret_value(), least=0):  # how long it is, the provider says
            raise ValueError(f"HEARD_OIDC_CLIENT_SECRET {weak}")
        return self


def is_protected(address: str) -> bool:
    """TLS, or on this machine."""
    parts = urlsplit(address)
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
