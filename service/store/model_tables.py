"""The tables of who lets another model serve, and of what a challenger says in the shadow of the one that does."""

from enum import StrEnum

from sqlalchemy import Column, Float, ForeignKey, Index, String, Table, Text

from service.store.columns import Moment, metadata, one_of, serial


class Standing(StrEnum):
    """What became of a proposal."""

    OPEN = "open"  # waits for a second person
    CONFIRMED = "confirmed"  # the model was promoted
    DECLINED = "declined"  # by somebody else
    WITHDRAWN = "withdrawn"  # by who made it
    EXPIRED = "expired"  # nobody confirmed it in time


class Outcome(StrEnum):
    """What became of a message in the shadow."""

    SCORED = "scored"  # the challenger answered
    FAILED = "failed"  # it was asked and gave no answer
    DROPPED = "dropped"  # too many were waiting


model_proposal = Table(
    "model_proposal",
    metadata,
    Column("id", serial(), primary_key=True, autoincrement=True),
    Column("version", String(60), nullable=False),
    Column("manifest_sha256", String(64), nullable=False),
    Column("replaces", String(60), nullable=False),
    Column("reason", Text, nullable=False),
    Column("proposed_by", String(100), nullable=False),
    Column("proposer_id", String(100), nullable=False),
    Column("proposed_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("status", String(20), nullable=False),
    Column("settled_by", String(100)),
    Column("settled_at", Moment),
    Column("settled_why", Text, nullable=False, server_default=""),
    one_of("status", Standing),
)
_OPEN = model_proposal.c.status == Standing.OPEN.value
Index("uq_model_proposal_open", model_proposal.c.status, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)

shadow_run = Table(
    "shadow_run",
    metadata,
    Column("id", serial(), primary_key=True, autoincrement=True),
    Column("version", String(60), nullable=False),
    Column("manifest_sha256", String(64), nullable=False),
    Column("started_by", String(100), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_by", String(100)),
    Column("ended_at", Moment),
    Column("looked_to", Moment, nullable=False),
    Column("worker", String(100)),
    Column("worker_until", Moment),
    Column("fault", Text, nullable=False, server_default=""),
)

shadow_score = Table(
    "shadow_score",
    metadata,
    Column("run_id", ForeignKey("shadow_run.id"), primary_key=True),
    Column("message_id", ForeignKey("message.id"), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("served_model", String(60), nullable=False),
    Column("served_route", String(20), nullable=False),
    Column("served_complaint", Float, nullable=False),
    Column("route", String(20)),
    Column("complaint", Float),
    one_of("outcome", Outcome),
)
