"""The tables of who may sign in: officers, their sessions, sign-ins under way at the provider, and API keys.

No row of them lets anyone in: passwords, cookies and keys are only there as hashes.
"""

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, String, Table, Text, UniqueConstraint

from service.roles import Role
from service.store.columns import Moment, metadata, one_of, serial

officer = Table(
    "officer",
    metadata,
    Column("id", serial(), primary_key=True, autoincrement=True),
    Column("name", String(100), nullable=False),
    Column("folded_name", String(400), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("password", String(200)),
    Column("issuer", String(500)),
    Column("subject", String(255)),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
    UniqueConstraint("issuer", "subject"),
    CheckConstraint("(password IS NULL) = (issuer IS NOT NULL) AND (issuer IS NULL) = (subject IS NULL)", name="proof"),
    one_of("role", Role),
)

officer_session = Table(
    "officer_session",
    metadata,
    Column("id_sha256", String(64), primary_key=True),
    Column("officer_id", ForeignKey("officer.id"), nullable=False, index=True),
    Column("began_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
)

sign_in = Table(
    "sign_in",
    metadata,
    Column("browser_sha256", String(64), primary_key=True),
    Column("state_sha256", String(64), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(128), nullable=False),
    Column("go_to", Text, nullable=False),
    Column("began_at", Moment, nullable=False),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("secret_sha256", String(64), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
)
