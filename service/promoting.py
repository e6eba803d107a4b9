"""Which model serves is changed by two people: one proposes it with a reason, another confirms (docs/decisions/0015).

What the database says of it and the audit record are written in one transaction, and the list of promoted models as
its last step: where that fails, nothing was recorded; where the commit fails after it, the list itself names both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from pipeline import verdict
from pipeline.artefact import manifest_sha256
from pipeline.errors import UntrustedModel
from pipeline.verdict import Verdict
from service.audit import record
from service.audit_chain import ACTOR, AuditEvent, Plain
from service.models import KnownModel, NotPromotable
from service.roles import Caller
from service.serving import Serving
from service.store import proposals
from service.store.database import Database
from service.store.items import database_time
from service.store.model_tables import Standing
from service.store.proposals import Proposal

NOBODY = "nobody signed in, on this machine"


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who asks, under the name that is recorded."""

    caller: Caller
    name: str


class Promoting:
    """`second` says whether another person must confirm, once people sign in; `within` how long that may take."""

    def __init__(
        self,
        database: Database,
        serving: Serving,
        *,
        second: bool = True,
        within: timedelta = timedelta(hours=72),
        now: Callable[[Connection], datetime] = database_time,
    ) -> None:
        self._database = database
        self._serving = serving
        self._second = second
        self._within = within
        self._now = now

    def needs_another(self, person: Person) -> bool:
        """Whether this person alone cannot change the model. Before anybody can sign in, nobody tells two apart."""
        return self._second and bool(person.caller.id)

    def waiting(self) -> Proposal | None:
        """The proposal that can still be confirmed."""
        with self._database.reading() as connection:
            found = proposals.open_one(connection)
            return found if found and self._now(connection) < found.expires_at else None

    def history(self, limit: int = 20) -> list[Proposal]:
        """The last proposals and changes, newest first."""
        with self._database.reading() as connection:
            return proposals.latest(connection, limit)

    def promote(self, version: str, person: Person, reason: str = "") -> Proposal:
        """Propose a version; confirm it where another person has proposed it; promote it where one is enough.

        The answer's `status` says which. NotPromotable: nothing was changed, and why.
        """
        waiting = self.waiting()
        if not self.needs_another(person):
            return self._alone(version, person, reason)
        if waiting and waiting.version == version:
            own = waiting.proposer_id == person.caller.id
            return waiting if own else self.confirm(waiting.id, person)
        return self.propose(version, person, reason)

    def propose(self, version: str, person: Person, reason: str) -> Proposal:
        """Put a model before a second person, if the gate lets it pass."""
        self._refuse_key(person)
        model = self._passed(version, must=True)
        try:
            with self._database.writing() as connection:
                now = self._now(connection)
                self._expire(connection, now)
                self._refuse_second(proposals.open_one(connection))
                made = self._add(connection, model, person, reason, now, Standing.OPEN)
                self._record(connection, "model.proposed", person.name, made, now)
                return made
        except IntegrityError:  # another process was first; its row is there now
            self._refuse_second(self.waiting())
            raise

    def confirm(self, proposal_id: int, person: Person) -> Proposal:
        """Let the proposed model serve: only by another person than who proposed it, and only the very same model."""
        self._refuse_key(person)
        with self._database.writing() as connection:
            now = self._now(connection)
            made = self._still_open(connection, proposal_id, now)
            if made.proposer_id == person.caller.id and self.needs_another(person):
                raise NotPromotable("You proposed this model: another person must confirm it.")
            model = self._passed(made.version, must=self.needs_another(person))
            if manifest_sha256(model.folder) != made.manifest_sha256:
                raise NotPromotable(f"{made.version} has changed since it was proposed. Propose it again.")
            proposals.settle(connection, made.id, Standing.CONFIRMED, by=person.name, at=now)
            self._record(connection, "model.promoted", person.name, made, now)
            by = f"{made.proposed_by}, confirmed by {person.name}"
            self._serving.models.promote(made.version, by=by, replaces=made.replaces)
        self._serving.refresh()
        return _as(made, Standing.CONFIRMED, person.name, now)

    def decline(self, proposal_id: int, person: Person, why: str) -> Proposal:
        """End a proposal: withdrawn by who made it, declined by anybody else."""
        with self._database.writing() as connection:
            now = self._now(connection)
            made = self._still_open(connection, proposal_id, now)
            own = made.proposer_id == person.caller.id
            status = Standing.WITHDRAWN if own else Standing.DECLINED
            proposals.settle(connection, made.id, status, by=person.name, at=now, why=why)
            self._record(connection, f"model.{status.value}", person.name, made, now)
        return _as(made, status, person.name, now)

    def decline_version(self, version: str, person: Person, why: str) -> Proposal:
        """The same, by the version that is proposed."""
        waiting = self.waiting()
        if waiting is None or waiting.version != version:
            raise NotPromotable(f"{version} is not proposed: there is nothing to decline.")
        return self.decline(waiting.id, person, why)

    def roll_back(self, version: str, person: Person, reason: str = "") -> Proposal:
        """Go back from the model that serves, which is named, to the one before: one person is enough, at any hour."""
        self._refuse_fixed()
        models = self._serving.models
        back = models.before(version)
        return self._at_once(
            "model.rolled_back", back, person, reason, lambda: models.rollback(version, by=person.name)
        )

    def verdict_on(self, model: KnownModel) -> Verdict | None:
        """What the gate said of this very model against the very one that serves; None where it was not asked.

        NotPromotable where what is kept of it cannot be read: it may have been a refusal.
        """
        try:
            found, champion = verdict.read(model.folder), self._serving.models.champion()
        except UntrustedModel as error:
            raise NotPromotable(str(error)) from None
        if found is None or champion is None:
            return None
        same = (found.challenger_sha256, found.champion_sha256) == (model.manifest_sha256, champion.manifest_sha256)
        return found if same else None

    def _alone(self, version: str, person: Person, reason: str) -> Proposal:
        model, models = self._passed(version, must=False), self._serving.models
        return self._at_once("model.promoted", model, person, reason, lambda: models.promote(version, by=person.name))

    def _at_once(
        self, kind: str, model: KnownModel, person: Person, reason: str, exchange: Callable[[], None]
    ) -> Proposal:
        with self._database.writing() as connection:
            now = self._now(connection)
            made = self._add(connection, model, person, reason, now, Standing.CONFIRMED)
            self._record(connection, kind, person.name, made, now)
            exchange()
        self._serving.refresh()
        return made

    def _passed(self, version: str, *, must: bool) -> KnownModel:
        """A whole model of the lists that the gate did not refuse; with `must` the gate was asked."""
        self._refuse_fixed()
        model = self._serving.models.whole(version)
        if model.serves and must:
            raise NotPromotable(f"{version} serves already.")
        champion, told = self._serving.models.champion(), self.verdict_on(model)
        if told and told.refusals:
            raise NotPromotable(f"The gate refused {version} against {told.champion}. {' '.join(told.refusals)}")
        if must and champion and told is None:
            raise NotPromotable(
                f"The gate has not judged {version} against {champion.version}, which serves: run "
                f"`heard gate {champion.folder.name} {model.folder.name}` with the folders of both."
            )
        return model

    def _serving_version(self) -> str:
        champion = self._serving.models.champion()
        return champion.version if champion else ""

    def _refuse_fixed(self) -> None:
        if self._serving.fixed:
            raise NotPromotable("This service was started with a fixed model (--model): start without to change it.")

    def _refuse_key(self, person: Person) -> None:
        """Who holds a key may be the other person too."""
        if not person.caller.is_officer and self.needs_another(person):
            raise NotPromotable("A key cannot change the model: nobody can tell whose it is. Sign in.")

    @staticmethod
    def _refuse_second(waiting: Proposal | None) -> None:
        if waiting:
            raise NotPromotable(
                f"{waiting.proposed_by} has proposed {waiting.version}: confirm or decline that first. "
                "One proposal waits at a time."
            )

    def _expire(self, connection: Connection, now: datetime) -> None:
        found = proposals.open_one(connection, lock=True)
        if found and now >= found.expires_at:
            proposals.settle(connection, found.id, Standing.EXPIRED, by=ACTOR, at=now)
            self._record(connection, "model.expired", ACTOR, found, now)

    def _still_open(self, connection: Connection, proposal_id: int, now: datetime) -> Proposal:
        found = proposals.open_one(connection, lock=True)
        if found is None or found.id != proposal_id:
            raise NotPromotable("This proposal is settled already: somebody else was first. Look again.")
        if now >= found.expires_at:
            raise NotPromotable("Nobody confirmed this proposal in time. Propose the model again.")
        return found

    def _add(  # noqa: PLR0917  # what a proposal is made of
        self, connection: Connection, model: KnownModel, person: Person, reason: str, now: datetime, status: Standing
    ) -> Proposal:
        done = status is not Standing.OPEN
        return proposals.add(
            connection,
            version=model.version,
            manifest_sha256=model.manifest_sha256,
            replaces=self._serving_version(),
            reason=reason,
            proposed_by=person.name,
            proposer_id=person.caller.id,
            proposed_at=now,
            expires_at=now + self._within,
            status=status.value,
            settled_by=person.name if done else None,
            settled_at=now if done else None,
        )

    def _record(self, connection: Connection, kind: str, by: str, made: Proposal, at: datetime) -> None:
        """Versions, hashes and names, no free text. Checked first: no model is exchanged that cannot be recorded."""
        self._database.check_record(connection)
        about = made.replaces if kind == "model.rolled_back" else made.version
        detail: dict[str, Plain] = {
            "proposal": made.id,
            "proposed_by": made.proposed_by,
            "manifest_sha256": made.manifest_sha256,
            "replaces": made.replaces,
            "serves": made.version,
        }
        record(connection, AuditEvent(at=at, kind=kind, actor=by, about=f"model:{about}", detail=detail))


def _as(made: Proposal, status: Standing, by: str, at: datetime) -> Proposal:
    return Proposal(**{**vars(made), "status": status, "settled_by": by, "settled_at": at})
