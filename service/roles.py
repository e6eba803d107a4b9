"""Who may do what: permissions, the roles that hold them, and who is asking. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """What a route asks for; the same words are the scopes of API keys."""

    SCORE = "score"  # have words scored; nothing is stored
    RECEIVE = "receive"  # put messages in
    READ = "read"  # queues, items and messages, with the residents' words
    DECIDE = "decide"  # claim, review, offer, acknowledge, undo
    MODELS = "models"  # the model page; propose, confirm or decline which model serves
    MEASURE = "measure"  # the numbers of `/metrics`, which hold nobody's words
    EXPORT = "export"  # take figures away as a file; the audit record says who, which and what for
    ADMIN = "admin"  # settings that change how everybody's messages are handled


class Role(StrEnum):
    """What an officer is here. One each."""

    VIEWER = "viewer"  # sees the queues, for reporting and audit
    OFFICER = "officer"  # works them
    DATA_SCIENTIST = "data_scientist"  # sees what was decided, tries words, proposes models; decides no item
    ADMINISTRATOR = "administrator"  # may do all


HOLDS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.READ, Permission.MEASURE}),
    Role.OFFICER: frozenset({Permission.READ, Permission.DECIDE, Permission.SCORE}),
    Role.DATA_SCIENTIST: frozenset(
        {Permission.READ, Permission.SCORE, Permission.MEASURE, Permission.MODELS, Permission.EXPORT}
    ),
    Role.ADMINISTRATOR: frozenset(Permission),
}


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who sent a request: an officer or a key. `name` stands in the history."""

    id: str
    name: str
    may: frozenset[Permission]

    @property
    def is_officer(self) -> bool:
        """Whether it is a person who signed in; who holds a key, nobody can tell."""
        return self.id.startswith("officer ")


NOBODY_YET = Caller(id="", name="", may=frozenset(Permission))
"""Anybody on this machine, before the first officer or key exists."""
