"""HTTP bodies of messages, in and out, and of problems; what is said of a decision is in `decision_schemas`."""

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

from pipeline.domain import Channel, Message
from service.body import Body
from service.decision_schemas import KeptDecisionOut
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


class ReceivedOut(BaseModel):
    """A message received, with what was decided."""

    id: str
    decision: KeptDecisionOut | None = Field(description="Null where it is withheld.")
    withheld: str | None = Field(default=None, description="Why the decision is not shown; else null.")
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
    decision: KeptDecisionOut | None = Field(description="Null where it is withheld.")
    withheld: str | None = Field(default=None, description="Why the decision is not shown; else null.")
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
