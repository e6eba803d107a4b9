"""Versions of wordings, and what was offered in them. Every function works on a connection it is given."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.dialects import postgresql, sqlite

from service.store.review_tables import offer
from service.store.wording_tables import wording_version


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a wording. It never changes; `made_by` is empty for one that heard ships."""

    wording_id: str
    version: int
    name: str
    text: str
    in_use: bool = True
    made_by: str = ""
    made_at: datetime
    id: int = 0


def latest(connection: Connection, profile: str) -> dict[str, Version]:
    """The last version of each wording that was kept, out of use or not."""
    newest = (
        select(wording_version.c.wording_id, func.max(wording_version.c.version).label("version"))
        .where(wording_version.c.profile == profile)
        .group_by(wording_version.c.wording_id)
        .subquery()
    )
    same = (wording_version.c.wording_id == newest.c.wording_id) & (wording_version.c.version == newest.c.version)
    query = _query().join(newest, same).where(wording_version.c.profile == profile)
    return {row["wording_id"]: Version(**row) for row in connection.execute(query).mappings()}


def versions(connection: Connection, profile: str, wording_id: str) -> list[Version]:
    """Every version of one wording that was kept, the latest first."""
    query = _query().where(wording_version.c.profile == profile, wording_version.c.wording_id == wording_id)
    rows = connection.execute(query.order_by(wording_version.c.version.desc())).mappings()
    return [Version(**row) for row in rows]


def add(connection: Connection, profile: str, made: Version) -> bool:
    """Keep a version; False where one of that number is there already."""
    values = {**asdict(made), "profile": profile}
    del values["id"]
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(wording_version).values(values).on_conflict_do_nothing()
    return connection.scalar(row.returning(wording_version.c.id)) is not None


def uses(connection: Connection, ids: list[int]) -> dict[int, int]:
    """How many offers were made in each of these versions, undone ones too."""
    query = select(offer.c.version_id, func.count()).where(offer.c.version_id.in_(ids)).group_by(offer.c.version_id)
    return {int(number): int(count) for number, count in connection.execute(query)}


def _query() -> Select[tuple[object, ...]]:
    names = ("id", "wording_id", "version", "name", "text", "in_use", "made_by", "made_at")
    return select(*(wording_version.c[name] for name in names))
