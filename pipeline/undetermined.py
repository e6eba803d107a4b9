"""The decision where the model gives none: a person must look, and the dates run meanwhile (P11)."""

from pipeline import policy
from pipeline.domain import (
    Category,
    Decision,
    Flag,
    Jurisdiction,
    Message,
    MessageKind,
    Prediction,
    PreparedMessage,
    Route,
    Thresholds,
)
from pipeline.policy import Profile, Routing

NO_MODEL = "none"
"""The `model_version` of a decision that no model made."""

_THIRD = 1 / 3
_UNKNOWN = Prediction(complaint=_THIRD, service_request=_THIRD, other=_THIRD, topic="")
"""A third each says that nothing is known; the likeliest label is then complaint, the one that must not be missed."""
_ALL_SEEN = Thresholds(review=0, stage_1=1, alpha=0, delta=0, n=0, k=0)


def undetermined(message: Message, why: str, profile: Profile, prepared: PreparedMessage | None) -> Decision:
    """To review, because of `why`. What the words alone show (cues, hazards) stays where they could be `prepared`."""
    cues = prepared.cues if prepared else ()
    noted = (*(prepared.flags if prepared else ()), Flag.UNDETERMINED)
    routing = _routing(message, why, profile)
    return Decision(
        message_id=message.id,
        source=message.source,
        channel=message.channel,
        label=_UNKNOWN.label,
        prediction=_UNKNOWN,
        route=routing.route,
        reasons=routing.reasons,
        cues=cues,
        provisions={cue.kind: profile.provisions[cue.kind] for cue in cues},
        flags=policy.flags_of(cues, message.kind, windowed=bool(prepared and prepared.windowed), noted=noted),
        category=Category(hos="", lgsco=""),
        jurisdiction=Jurisdiction.UNKNOWN,
        profile=profile.name,
        profile_version=profile.version,
        model_version=NO_MODEL,
        thresholds=_ALL_SEEN,
        subject=prepared.subject if prepared else message.subject,
        text=prepared.text if prepared else message.text,
    )


def _routing(message: Message, why: str, profile: Profile) -> Routing:
    """Mail about mail needs no model to be told."""
    if message.kind is MessageKind.MACHINE:
        return policy.route(
            prediction=_UNKNOWN,
            cues=(),
            channel=message.channel,
            kind=message.kind,
            prior_contacts=None,
            profile=profile,
            thresholds=_ALL_SEEN,
        )
    return Routing(route=Route.REVIEW, reasons=(f"Undetermined: {why} A person must look.",))
