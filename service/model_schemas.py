"""HTTP bodies about models."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from service.body import Body
from service.models import KnownModel
from service.serving import Serving
from service.store.model_tables import Standing
from service.store.proposals import Proposal

LONGEST_REASON = 2_000


class ChangeIn(Body):
    """Why another model is to serve. The body may be left out."""

    reason: str = Field(default="", max_length=LONGEST_REASON, pattern=r"^[^\x00]*$", description="For the record.")


class ProposalOut(BaseModel):
    """A model proposed to serve."""

    id: int
    version: str
    replaces: str = Field(description="The version that served when it was proposed.")
    reason: str = Field(description="Empty to those who may neither propose nor confirm.")
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime = Field(description="Until when another person may confirm it.")
    status: Standing

    @classmethod
    def from_domain(cls, made: Proposal) -> Self:
        """The body for a proposal."""
        return cls(**{name: getattr(made, name) for name in cls.model_fields})


class ModelOut(BaseModel):
    """A model at hand."""

    version: str
    serves: bool = Field(description="Whether it is the one that should serve.")
    promoted_at: str = Field(description="When it last was.")
    manifest_sha256: str = Field(description="What the list of promoted models says its manifest hashes to.")
    model_sha256: str | None = Field(description="SHA-256 of the model file; null where the folder is not whole.")
    created_at: str | None
    metrics: dict[str, float] = Field(description="Measured on the frozen test when it was made.")
    fault: str = Field(description="Why it could not be loaded now; empty where it could.")

    @classmethod
    def from_known(cls, model: KnownModel) -> Self:
        """The body for a model."""
        manifest = model.manifest
        return cls(
            version=model.version,
            serves=model.serves,
            promoted_at=model.promoted_at,
            manifest_sha256=model.manifest_sha256,
            model_sha256=manifest.model_sha256 if manifest else None,
            created_at=manifest.created_at if manifest else None,
            metrics=manifest.metrics if manifest else {},
            fault=model.fault,
        )


class ModelsOut(BaseModel):
    """What serves here and now, and what could."""

    serving: str = Field(description="The version that decides in this process now; `none` without one.")
    fixed: bool = Field(description="Whether the service was started with one folder, whatever is promoted.")
    problem: str = Field(description="Why messages go to a person unread by a model; empty where they do not.")
    models: list[ModelOut]
    proposal: ProposalOut | None = Field(default=None, description="What waits for a second person, if anything.")

    @classmethod
    def from_serving(cls, serving: Serving, waiting: Proposal | None = None) -> Self:
        """The body as things stand."""
        return cls(
            serving=serving.model_version,
            fixed=serving.fixed is not None,
            problem=serving.problem,
            models=[ModelOut.from_known(model) for model in serving.models.known()],
            proposal=ProposalOut.from_domain(waiting) if waiting else None,
        )
