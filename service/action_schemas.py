"""HTTP bodies of what officers do with an item."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Field, Strict, model_validator

from pipeline.domain import Label
from service.body import Body, Line, Name, Note, Reason
from service.store.reviews import Offer, Review
from service.store.second_readings import SecondVerdict


def _day(value: object) -> object:
    if not isinstance(value, str) or len(value) != len("2026-11-02"):
        raise ValueError("write the day as 2026-11-02")  # pydantic turns it into a 422
    return value


def _example(**values: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [values]})


Day = Annotated[date, Strict(strict=False), BeforeValidator(_day)]
Fence = Annotated[int, Field(ge=1, le=2**31 - 1, description="`claim.fence` of your claim.")]
MessageId = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[!-~]([ -~]*[!-~])?$")]


class ClaimIn(Body):
    """Claim an item."""

    model_config = _example(take_over="A. Khan went home ill")

    take_over: Note = Field(
        default="", description="Why you take it from the officer who holds it. Leave out otherwise."
    )


class ClaimNextIn(Body):
    """Claim the most urgent free item."""

    model_config = _example(team="Repairs")

    team: Name | None = Field(default=None, description="Items assigned to this team may be yours too.")


class FenceIn(Body):
    """For the holder of a claim."""

    model_config = _example(fence=1)

    fence: Fence


class ReviewIn(Body):
    """An officer's verdict."""

    model_config = _example(
        fence=1,
        verdict="complaint",
        contested=False,
        category="Property Condition",
        reason="third report of the same leak",
        note="Rang on the 3rd and the 9th, see call log.",
        asks_for="Stop the leak over the bath",
        saw_suggestion=True,
        seconds=38,
    )

    fence: Fence
    verdict: Label = Field(strict=False)
    contested: bool = Field(default=False, description="Two careful officers could differ.")
    category: Line = Field(default="", description="The topic, in the Ombudsman's words.")
    reason: Line = Field(default="", description="Why, in a few words: it stands in the history.")
    note: Note = Field(default="", description="Anything else.")
    asks_for: Note = Field(
        default="",
        description="What is asked for, recorded as a request; with a complaint too, for work must not wait.",
    )
    saw_suggestion: bool = Field(description="Whether heard's suggestion was shown before you decided.")
    seconds: int | None = Field(default=None, ge=0, le=86_400, description="How long it took.")

    def to_domain(self) -> Review:
        """The verdict."""
        return Review(
            verdict=self.verdict,
            contested=self.contested,
            category=self.category,
            reason=self.reason,
            note=self.note,
            saw_suggestion=self.saw_suggestion,
            seconds=self.seconds,
        )


class SecondReadingIn(Body):
    """A second reader's verdict."""

    verdict: Label = Field(strict=False)
    contested: bool = False
    note: Note = ""

    def to_domain(self) -> SecondVerdict:
        """The verdict."""
        return SecondVerdict(verdict=self.verdict, contested=self.contested, note=self.note)


class OfferStep(StrEnum):
    """What happened about an offer."""

    MADE = "made"  # the resident was told how to complain
    ACCEPTED = "accepted"  # and wants to
    DECLINED = "declined"  # and does not


class OfferIn(Body):
    """An offer, or what became of it."""

    model_config = _example(fence=1, step="made", wording_id="survey-1", reason="sent by e-mail")

    fence: Fence
    step: OfferStep = Field(strict=False)
    wording_id: Line = Field(default="", description="Which wording was sent.")
    wording: Note = Field(default="", description="The words that were sent, where they are no standard wording.")
    reason: Line = Field(default="", description="How it was sent, or what the resident said.")

    @model_validator(mode="after")
    def _wording_of_the_offer(self) -> Self:
        if self.step is not OfferStep.MADE and (self.wording_id or self.wording):
            raise ValueError("wording belongs to an offer being made")
        return self

    def to_domain(self) -> Offer:
        """What the resident was told."""
        return Offer(wording_id=self.wording_id, wording=self.wording)


class AcknowledgeIn(Body):
    """A complaint was acknowledged."""

    model_config = _example(fence=2, on="2026-11-04")

    fence: Fence
    on: Day | None = Field(default=None, description="The UK day it was sent; today if left out.")


class HandOverIn(Body):
    """The case system has it."""

    model_config = _example(fence=3, reference="CASE-2026-00417")

    fence: Fence
    reference: Name = Field(description="Its reference there.")


class ReasonIn(Body):
    """Why."""

    model_config = _example(reason="The contractor's report is due on the 20th")

    reason: Reason


class AssignIn(Body):
    """Who is responsible."""

    model_config = _example(to="S. Patel")

    to: Name | None = Field(description="An officer or team; null for nobody.")


class LinkIn(Body):
    """Another message of the same case."""

    model_config = _example(message_id="web-2026-004711")

    message_id: MessageId
    linked: bool = Field(default=True, description="False takes it out of the case.")
