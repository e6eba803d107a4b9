"""HTTP bodies, in and out, with the conversions to and from the domain."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    model_validator,
)

from pipeline.domain import Channel, CueKind, Decision, Flag, Label, Message, Route
from service.body import Body
from service.item_schemas import EventOut, ItemOut


def _written(value: object) -> object:
    """A time is written out; a number could mean seconds or milliseconds."""
    if not isinstance(value, (str, datetime)):
        raise ValueError("write the time as 2026-11-02T09:30:00+00:00")  # noqa: TRY004  # pydantic turns it into a 422
    return value


def _of_this_century(moment: datetime) -> datetime:
    """Systems that do not know a date send the year 1."""
    if moment.year < 2000:  # a year
        raise ValueError("the time is before 2000: leave it out where it is not known")
    return moment


Id = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-~]([ -~]*[!-~])?$")]
Words = Annotated[str, StringConstraints(max_length=1_000_000, pattern=r"^[^\x00]*$")]
Moment = Annotated[AwareDatetime, Strict(strict=False), BeforeValidator(_written), AfterValidator(_of_this_century)]
Line = Annotated[str, StringConstraints(max_length=2_000, pattern=r"^[^\x00]*$")]
Reference = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]

_EXAMPLE: dict[str, Any] = {
    "id": "web-2026-004711",
    "text": "This is the third time I have asked about the lift. Nobody came on the 3rd either.",
    "channel": "web_form",
    "subject": "Lift in Tansy Court",
    "received_at": "2026-11-02T09:30:00+00:00",
}


class MessageIn(Body):
    """One message as its sender knows it."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [_EXAMPLE]})

    id: Id = Field(description="The sender's own id, printable ASCII; the same id with the same words is one message.")
    text: Words = Field(description="The message as written. It may be empty only where the subject is not.")
    channel: Channel = Field(strict=False, description="How it came in.")
    subject: Line = Field(default="", description="Subject or title, if it had one.")
    received_at: Moment | None = Field(
        default=None, description="When it was received, with time zone; now if left out."
    )
    sender: Line = Field(default="", description="Who wrote, as an address or reference.")
    prior_contacts: int | None = Field(
        default=None, ge=0, le=100_000, description="Earlier messages of this resident, if known; else counted here."
    )
    case_reference: Reference = Field(default="", description="The case it belongs to, in your own system.")
    property_reference: Reference = Field(default="", description="The home it is about, in your own system.")

    @model_validator(mode="after")
    def _has_words(self) -> Self:
        if not (self.text.strip() or self.subject.strip()):
            raise ValueError("the text is empty")
        return self

    def to_domain(self) -> Message:
        """The message, parsed once."""
        return Message(
            id=self.id,
            text=self.text,
            channel=self.channel,
            subject=self.subject,
            received_at=self.received_at,
            sender=self.sender,
            prior_contacts=self.prior_contacts,
            case_reference=self.case_reference,
            property_reference=self.property_reference,
        )


class BatchIn(Body):
    """Up to 1,000 messages to score."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"messages": [_EXAMPLE]}]})

    messages: list[MessageIn] = Field(min_length=1, max_length=1_000)


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

    @classmethod
    def from_row(cls, row: Any, channel: str) -> Self:
        """The body for a decision read back from the store."""
        return cls(
            id=row["message_id"],
            channel=Channel(channel),
            label=row["label"],
            probabilities=ProbabilitiesOut(
                complaint=row["complaint"], service_request=row["service_request"], other=row["other"]
            ),
            route=row["route"],
            reasons=row["reasons"],
            cues=row["cues"],
            words=row["words"],
            flags=row["flags"],
            category=CategoryOut(hos=row["category_hos"], lgsco=row["category_lgsco"]),
            model_version=row["model_version"],
            profile=row["profile"],
        )


class DecisionsOut(BaseModel):
    """One decision a message, in the order sent."""

    decisions: list[DecisionOut]


class ReceivedOut(BaseModel):
    """A message received, with what was decided."""

    id: str
    decision: KeptDecisionOut
    item: ItemOut | None = Field(description="Null where the message is only recorded.")


class MessageOut(BaseModel):
    """A message with its decision and history."""

    id: str
    channel: Channel
    subject: str
    text: str
    sender: str
    source: str
    received_at: datetime
    case_reference: str
    property_reference: str
    prior_contacts: int | None = Field(
        description="Earlier messages of this resident: as given, else counted; null where there is nothing to find by."
    )
    prior_ids: list[str] = Field(description="Those found here, newest first: same sender, case or home.")
    repeat_of: str | None = Field(description="The last message before it from this sender with the same words.")
    decision: KeptDecisionOut
    item: ItemOut | None
    events: list[EventOut]


class Problem(BaseModel):
    """An error, as application/problem+json (RFC 9457). Never holds a message's words."""

    type: str = Field(description="Names the kind of problem.", examples=["/problems/not-found"])
    title: str
    status: int
    detail: str = Field(description="What is wrong and what to do.")
    message_id: str | None = None
    item: ItemOut | None = Field(default=None, description="The item as it is now, where an action was refused.")


class HealthOut(BaseModel):
    """Whether the service can work."""

    status: str
    model_version: str | None = None
    profile: str | None = None
    problems: list[str] = []
