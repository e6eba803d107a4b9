"""HTTP bodies of decisions, with the conversions from the domain."""

from typing import Any, Self

from pydantic import BaseModel, Field

from pipeline.domain import Channel, CueKind, Decision, Flag, Label, Route


class ProbabilitiesOut(BaseModel):
    """Calibrated probabilities; they sum to 1."""

    complaint: float = Field(ge=0, le=1)
    service_request: float = Field(ge=0, le=1)
    other: float = Field(ge=0, le=1)


class CueOut(BaseModel):
    """A span of the scored text that speaks for a label."""

    kind: CueKind
    text: str = Field(description="The words, as scored.")
    start: int = Field(ge=0, description="First character in the scored text.")
    end: int = Field(ge=0, description="One past the last character.")
    provision: str = Field(description="The provision of the Code it speaks to.")


class InfluenceOut(BaseModel):
    """A span of the scored text that moved the decision."""

    text: str = Field(description="The words, as scored.")
    start: int = Field(ge=0, description="First character in the scored text.")
    end: int = Field(ge=0, description="One past the last character.")
    weight: float = Field(description="Change of the complaint log odds that comes of these words.")


class CategoryOut(BaseModel):
    """The topic in each Ombudsman's own words."""

    hos: str
    lgsco: str


class DecisionOut(BaseModel):
    """What is done with a message, and why."""

    id: str
    channel: Channel
    label: Label = Field(description="The likeliest label.")
    probabilities: ProbabilitiesOut
    route: Route = Field(description="Where the message goes.")
    reasons: list[str] = Field(description="Why, in sentences for an officer.")
    cues: list[CueOut]
    flags: list[Flag]
    category: CategoryOut
    model_version: str
    profile: str

    @classmethod
    def from_domain(cls, made: Decision) -> Self:
        """The body for a decision just made."""
        return cls(
            id=made.message_id,
            channel=made.channel,
            label=made.label,
            probabilities=ProbabilitiesOut(
                complaint=made.prediction.complaint,
                service_request=made.prediction.service_request,
                other=made.prediction.other,
            ),
            route=made.route,
            reasons=list(made.reasons),
            cues=[
                CueOut(kind=cue.kind, text=cue.text, start=cue.start, end=cue.end, provision=made.provisions[cue.kind])
                for cue in made.cues
            ],
            flags=list(made.flags),
            category=CategoryOut(hos=made.category.hos, lgsco=made.category.lgsco),
            model_version=made.model_version,
            profile=made.profile,
        )


class KeptDecisionOut(DecisionOut):
    """A decision that was stored, with what an officer is shown."""

    words: list[InfluenceOut] = Field(
        description="The words that weighed most for a complaint, strongest first. "
        "Empty where a cue already says why, and where no officer sees the message."
    )
    model_sha256: str = Field(
        description="SHA-256 of the model file that decided. Empty where none did, and for decisions from before it "
        "was kept."
    )

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """The body for a decision read back from the store."""
        return cls(
            id=row["message_id"],
            channel=row["channel"],
            label=row["label"],
            probabilities=ProbabilitiesOut(
                complaint=row["complaint"], service_request=row["service_request"], other=row["other"]
            ),
            route=row["route"],
            reasons=row["reasons"],
            cues=row["cues"],
            words=row["words"],
            model_sha256=row["model_sha256"],
            flags=row["flags"],
            category=CategoryOut(hos=row["category_hos"], lgsco=row["category_lgsco"]),
            model_version=row["model_version"],
            profile=row["profile"],
        )


class DecisionsOut(BaseModel):
    """One decision a message, in the order sent."""

    decisions: list[DecisionOut]
