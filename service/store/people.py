"""Officers, their sessions and API keys in the database. No row is ever deleted but sessions and sign-ins under way."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, func, insert, or_, select, update

from service.roles import Permission, Role
from service.store.people_tables import api_key, officer, officer_session, sign_in


@dataclass(frozen=True, kw_only=True)
class Officer:
    """One who may sign in, by password or as (issuer, subject) of the identity provider."""

    id: int
    name: str
    role: Role
    password: str | None
    issuer: str | None
    subject: str | None
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Session:
    """An officer at a browser."""

    officer: Officer
    began_at: datetime
    seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """A sign-in at the provider that one browser has begun."""

    state_sha256: str
    nonce: str
    verifier: str
    go_to: str
    began_at: datetime


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """What is known of a key."""

    id: str
    name: str
    secret_sha256: str
    scopes: frozenset[Permission]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None

    def works_at(self, now: datetime) -> bool:
        """Neither revoked nor past its end."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


_OFFICER = tuple(officer.c[name] for name in Officer.__dataclass_fields__)


def anybody(connection: Connection) -> bool:
    """Whether there ever was an officer or a key; a disabled one counts, so that the door never opens again."""
    return bool(connection.scalar(select(or_(exists(select(officer.c.id)), exists(select(api_key.c.id))))))


def officers(connection: Connection) -> list[Officer]:
    """Everybody, by name."""
    return [_officer(row) for row in connection.execute(select(*_OFFICER).order_by(officer.c.folded_name))]


def by_name(connection: Connection, folded: str) -> Officer | None:
    """Who has this name, folded as `add_officer` was given it."""
    row = connection.execute(select(*_OFFICER).where(officer.c.folded_name == folded)).one_or_none()
    return _officer(row) if row else None


def by_subject(connection: Connection, issuer: str, subject: str) -> Officer | None:
    """Who the provider means."""
    found = select(*_OFFICER).where(officer.c.issuer == issuer, officer.c.subject == subject)
    row = connection.execute(found).one_or_none()
    return _officer(row) if row else None


def add_officer(
    connection: Connection,
    name: str,
    folded: str,
    role: Role,
    at: datetime,
    *,
    password: str | None = None,
    issuer: str | None = None,
    subject: str | None = None,
) -> Officer:
    """One more. IntegrityError where the name or the subject is taken."""
    row = insert(officer).values(
        name=name, folded_name=folded, role=role, created_at=at, password=password, issuer=issuer, subject=subject
    )
    return _officer(connection.execute(row.returning(*_OFFICER)).one())


def set_role(connection: Connection, officer_id: int, role: Role) -> None:
    """What the officer may do from the next request on."""
    connection.execute(update(officer).where(officer.c.id == officer_id).values(role=role))


def set_password(connection: Connection, officer_id: int, password: str) -> None:
    """A new hash."""
    connection.execute(update(officer).where(officer.c.id == officer_id).values(password=password))


def disable(connection: Connection, officer_id: int, at: datetime) -> None:
    """The officer cannot sign in any more; the name stays in the history."""
    connection.execute(update(officer).where(officer.c.id == officer_id).values(disabled_at=at))


def administrators(connection: Connection) -> int:
    """How many can sign in."""
    able = select(func.count()).where(officer.c.role == Role.ADMINISTRATOR, officer.c.disabled_at.is_(None))
    return connection.scalar(able) or 0


def add_session(connection: Connection, id_sha256: str, officer_id: int, at: datetime) -> None:
    """An officer has signed in."""
    row = insert(officer_session).values(id_sha256=id_sha256, officer_id=officer_id, began_at=at, seen_at=at)
    connection.execute(row)


def session(connection: Connection, id_sha256: str) -> Session | None:
    """The session a cookie names, whether or not it still counts."""
    found = select(*_OFFICER, officer_session.c.began_at, officer_session.c.seen_at).join(officer_session)
    row = connection.execute(found.where(officer_session.c.id_sha256 == id_sha256)).one_or_none()
    return Session(officer=_officer(row), began_at=row.began_at, seen_at=row.seen_at) if row else None


def see(connection: Connection, id_sha256: str, at: datetime) -> None:
    """The officer is still there."""
    seen = update(officer_session).where(officer_session.c.id_sha256 == id_sha256)
    connection.execute(seen.values(seen_at=at))


def end_session(connection: Connection, id_sha256: str) -> None:
    """Signed out."""
    connection.execute(delete(officer_session).where(officer_session.c.id_sha256 == id_sha256))


def end_sessions_of(connection: Connection, officer_id: int) -> None:
    """Signed out everywhere."""
    connection.execute(delete(officer_session).where(officer_session.c.officer_id == officer_id))


def end_sessions_before(connection: Connection, seen: datetime, began: datetime) -> None:
    """Those that count no more."""
    old = or_(officer_session.c.seen_at <= seen, officer_session.c.began_at <= began)
    connection.execute(delete(officer_session).where(old))


def begin_sign_in(connection: Connection, browser_sha256: str, begun: SignIn, forget_before: datetime) -> None:
    """Remember a sign-in under way; forget those that were never finished."""
    connection.execute(delete(sign_in).where(sign_in.c.began_at <= forget_before))
    connection.execute(insert(sign_in).values(browser_sha256=browser_sha256, **vars(begun)))


def take_sign_in(connection: Connection, browser_sha256: str) -> SignIn | None:
    """The sign-in this browser began; it can be taken once (S28)."""
    columns = [sign_in.c[name] for name in SignIn.__dataclass_fields__]
    gone = delete(sign_in).where(sign_in.c.browser_sha256 == browser_sha256).returning(*columns)
    row = connection.execute(gone).one_or_none()
    return SignIn(**row._mapping) if row else None  # noqa: SLF001  # the public name of SQLAlchemy's mapping


def keys(connection: Connection) -> list[ApiKey]:
    """All keys, oldest first."""
    return [_key(row) for row in connection.execute(select(api_key).order_by(api_key.c.created_at, api_key.c.id))]


def key(connection: Connection, key_id: str) -> ApiKey | None:
    """One key."""
    row = connection.execute(select(api_key).where(api_key.c.id == key_id)).one_or_none()
    return _key(row) if row else None


def add_key(connection: Connection, made: ApiKey) -> None:
    """One more."""
    connection.execute(insert(api_key).values({**vars(made), "scopes": sorted(made.scopes)}))


def use_key(connection: Connection, key_id: str, at: datetime) -> None:
    """It was used just now."""
    connection.execute(update(api_key).where(api_key.c.id == key_id).values(used_at=at))


def revoke_key(connection: Connection, key_id: str, at: datetime) -> None:
    """It opens nothing from now on."""
    connection.execute(update(api_key).where(api_key.c.id == key_id).values(revoked_at=at))


def _officer(row: "Row[*tuple[Any, ...]]") -> Officer:
    values = {name: getattr(row, name) for name in Officer.__dataclass_fields__}
    return Officer(**{**values, "role": Role(values["role"])})


def _key(row: "Row[*tuple[Any, ...]]") -> ApiKey:
    values = {name: getattr(row, name) for name in ApiKey.__dataclass_fields__}
    return ApiKey(**{**values, "scopes": frozenset(map(Permission, values["scopes"]))})
