"""route(prediction, ...) -> where a message goes, and why. Pure; the Code in force is a `Profile`, never a constant.

Sending a message to stage 1 or review is harmless; quietly filing a complaint as a service request denies
redress. So nothing here lowers a route on the strength of cues alone, and nothing refuses anything.
"""

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipeline.domain import Channel, Cue, CueKind, Flag, Label, MessageKind, Prediction, Route, Thresholds
from pipeline.errors import SettingsError

_FOLDER = Path(__file__).parent / "profiles"

HISTORY = frozenset(
    {
        CueKind.REPEAT_CONTACT,
        CueKind.BROKEN_COMMITMENT,
        CueKind.DELAY,
        CueKind.NO_RESPONSE,
        CueKind.POOR_WORKMANSHIP,
        CueKind.STAFF_CONDUCT,
        CueKind.UNFAIR_DECISION,
    }
)
"""Cues that show the organisation has had its chance (annotation guide, Q3)."""

SEEN = frozenset({Route.STAGE_1, Route.REVIEW, Route.SIGNPOST})
"""Where an officer sees a message; the other routes only record it."""

_SILENT = frozenset(
    {
        CueKind.REQUEST_FOR_ACTION,
        CueKind.HAZARD,
        CueKind.VULNERABILITY,
        CueKind.ADJUSTMENT,
        CueKind.PRAISE,
        CueKind.THIRD_PARTY_TARGET,
        CueKind.REPRESENTATIVE,
        CueKind.EXCLUSION_FLAG,
    }
)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A Code as versioned configuration. Days are working days; provisions are those an officer is shown."""

    name: str
    version: str
    title: str
    jurisdiction: str
    acknowledge_days: int
    answer_days: int
    survey_provision: str
    process_provision: str
    first_report_route: Route
    first_report_provision: str
    provisions: dict[CueKind, str]


@dataclass(frozen=True, kw_only=True)
class Routing:
    """Where a message goes, and why, in sentences for an officer."""

    route: Route
    reasons: tuple[str, ...]


def profile_names() -> tuple[str, ...]:
    """The profiles that come with heard."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@cache
def load_profile(name: str) -> Profile:
    """The profile called `name`; SettingsError if there is none or it is incomplete."""
    if name not in profile_names():
        raise SettingsError(f"There is no profile '{name}'. Use one of: {', '.join(profile_names())}.")
    raw = tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    first = raw.pop("first_report")
    provisions = {CueKind(kind): provision for kind, provision in raw.pop("provisions").items()}
    missing = set(CueKind) - provisions.keys()
    if missing:
        raise SettingsError(f"Profile '{name}' has no provision for: {', '.join(sorted(missing))}.")
    return Profile(
        **raw,
        first_report_route=Route(first["route"]),
        first_report_provision=first["provision"],
        provisions=provisions,
    )


def route(  # noqa: PLR0911  # one line a rule, in their order
    *,
    prediction: Prediction,
    cues: Collection[Cue],
    channel: Channel,
    kind: MessageKind,
    prior_contacts: int | None,
    profile: Profile,
    thresholds: Thresholds,
    windowed: bool = False,
    flags: Collection[Flag] = (),
    language: str | None = None,
) -> Routing:
    """Where one message goes under `profile`. `prior_contacts` None means the history is not known; `flags` and
    `language` are those of the prepared message.
    """
    if kind is MessageKind.MACHINE:
        return _routing(Route.NO_ACTION, "Sent by a machine about mail: kept and listed, no deadline started.")
    if kind is MessageKind.UNREADABLE:
        return _routing(Route.REVIEW, "Not all could be read (attachment, encrypted or broken): a person must look.")
    if Flag.WORDLESS in flags:
        return _routing(Route.REVIEW, "Undetermined: there are no words to judge, so a person must look.")
    asked = asks_for_process(cues)
    if asked and prediction.complaint >= thresholds.review:
        return _routing(Route.STAGE_1, f"Asks for the complaints process ({profile.process_provision}).")
    if prediction.complaint >= thresholds.stage_1:
        return _sure(prediction, cues, channel, prior_contacts, profile)
    if prediction.complaint >= thresholds.review:
        return _routing(Route.REVIEW, f"May be a complaint ({percent(prediction.complaint)}), not sure enough to say.")
    doubt = _doubt(cues, flags, profile, language=language, windowed=windowed)
    if doubt is not None:
        return _routing(Route.REVIEW, doubt)
    if _likelier(prediction) is Label.SERVICE_REQUEST:
        return _routing(
            Route.SERVICE_REQUEST, "Asks for something to be put right; no dissatisfaction with the organisation found."
        )
    return _routing(Route.NO_ACTION, "Neither a complaint nor a request.")


def _doubt(
    cues: Collection[Cue], flags: Collection[Flag], profile: Profile, *, language: str | None, windowed: bool
) -> str | None:
    """Why a person must read what the model takes for no complaint, if so (S54, B41, B45, B47)."""
    if windowed:
        return "Longer than what was scored: a person must read the rest."
    if Flag.INSTRUCTION in flags:
        return "A sentence tells software what to answer; a person must read the message."
    if Flag.DISGUISED in flags:
        return "The letters as they came decide otherwise than the words they spell: a person must read the message."
    if Flag.LANGUAGE in flags:
        return f"A substantial part seems to be in {language}, which the model has not learned."
    if asks_for_process(cues):
        return f"Mentions the complaints process ({profile.process_provision}), though it reads otherwise."
    return None


def asks_for_process(cues: Collection[Cue]) -> bool:
    """Whether the resident asks for the complaints process, in so many words."""
    return any(cue.kind is CueKind.EXPLICIT_COMPLAINT for cue in cues)


def had_its_chance(cues: Collection[Cue], prior_contacts: int | None) -> bool:
    """Whether text or history shows an earlier contact or something the organisation did (guide, Q3)."""
    return bool(prior_contacts) or any(cue.kind in HISTORY for cue in cues)


def speaks(cues: Collection[Cue]) -> bool:
    """Whether a cue other than request, praise, hazard, need or whom it is aimed at was found."""
    return any(cue.kind not in _SILENT for cue in cues)


def flags_of(
    cues: Collection[Cue], kind: MessageKind, *, windowed: bool, noted: Collection[Flag] = ()
) -> tuple[Flag, ...]:
    """The flags an officer sees, in the order of `Flag`; `noted` are those of the prepared message."""
    found = {cue.flag for cue in cues if cue.flag is not None} | set(noted)
    found |= {Flag.MACHINE} if kind is MessageKind.MACHINE else set()
    found |= {Flag.UNREADABLE} if kind is MessageKind.UNREADABLE else set()
    found |= {Flag.WINDOWED} if windowed else set()
    return tuple(flag for flag in Flag if flag in found)


def _sure(
    prediction: Prediction, cues: Collection[Cue], channel: Channel, prior_contacts: int | None, profile: Profile
) -> Routing:
    sure = f"Reads as a complaint ({percent(prediction.complaint)})."
    if channel is Channel.SURVEY:
        return _routing(
            Route.SIGNPOST,
            sure,
            f"A survey answer: tell the person how to complain, offer to log it ({profile.survey_provision}).",
        )
    if not had_its_chance(cues, prior_contacts):
        why = f"No earlier report found in text or history ({profile.first_report_provision})."
        return _routing(profile.first_report_route, sure, why)
    return _routing(Route.STAGE_1, sure)


def _likelier(prediction: Prediction) -> Label:
    return Label.SERVICE_REQUEST if prediction.service_request >= prediction.other else Label.OTHER


def _routing(where: Route, *reasons: str) -> Routing:
    return Routing(route=where, reasons=reasons)


def percent(share: float) -> str:
    """A probability as officers read it. Nothing is certain, so never 0 or 100 %."""
    return "over 99%" if share > 0.99 else "under 1%" if share < 0.01 else f"{share:.0%}"
