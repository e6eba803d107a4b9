"""The facts of the field: messages, cues, predictions, decisions. Standard library only.

Words mean what `docs/reference/names.md` says. Everything here is frozen; datetimes are aware.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Channel(StrEnum):
    """How a message came in."""

    EMAIL = "email"  # a mail in a shared inbox
    WEB_FORM = "web_form"  # a form or report on the website or in an app
    SURVEY = "survey"  # a free-text answer to a survey
    NOTE = "note"  # what a call handler wrote about a caller


class Label(StrEnum):
    """What a message is. The order is the order of the model's probabilities."""

    COMPLAINT = "complaint"  # dissatisfaction aimed at the organisation (HOS 1.2, LGSCO 1.4)
    SERVICE_REQUEST = "service_request"  # asks for something to be put right (HOS 1.4, LGSCO 1.2)
    OTHER = "other"  # neither: praise, information, opinion, machine mail


class Route(StrEnum):
    """What happens to a message."""

    STAGE_1 = "stage_1"  # into the stage 1 queue
    REVIEW = "review"  # an officer decides; the acknowledge-by date runs meanwhile
    SIGNPOST = "signpost"  # tell the person how to complain and offer to log it
    SERVICE_REQUEST = "service_request"  # recorded, and exported to the service's own system
    NO_ACTION = "no_action"  # recorded


class CueKind(StrEnum):
    """What a span of text speaks for; each has a provision in the profile."""

    EXPLICIT_COMPLAINT = "explicit_complaint"  # asks for the complaints process
    REPEAT_CONTACT = "repeat_contact"  # has been in touch before
    BROKEN_COMMITMENT = "broken_commitment"  # nobody came, a promise not kept
    DELAY = "delay"  # a long time
    NO_RESPONSE = "no_response"  # ignored, passed around
    POOR_WORKMANSHIP = "poor_workmanship"  # work done badly
    STAFF_CONDUCT = "staff_conduct"  # how staff or contractors behaved
    UNFAIR_DECISION = "unfair_decision"  # a decision reached wrongly
    DISSATISFACTION = "dissatisfaction"  # displeasure, loud or understated
    IMPACT = "impact"  # what it did to the resident
    REQUEST_FOR_ACTION = "request_for_action"  # asks for something to be done
    THIRD_PARTY_TARGET = "third_party_target"  # whom else the anger is aimed at
    PRAISE = "praise"  # thanks (beware sarcasm)
    HAZARD = "hazard"  # danger to life or health
    VULNERABILITY = "vulnerability"  # age, illness, disability, small children
    ADJUSTMENT = "adjustment"  # needs another form of contact
    EXCLUSION_FLAG = "exclusion_flag"  # court, insurance, appeal, information request
    REPRESENTATIVE = "representative"  # a member, an MP or an adviser writes


class Flag(StrEnum):
    """What an officer must see at once. A flag never changes the label."""

    HAZARD = "hazard"
    VULNERABILITY = "vulnerability"
    ADJUSTMENT = "adjustment"
    EXCLUSION = "exclusion"  # a possible ground for refusal: an officer decides, never the software
    STAGE_2 = "stage_2"
    DATA_PROTECTION = "data_protection"
    MEMBER = "member"
    LEGAL = "legal"
    MACHINE = "machine"  # bounce, out-of-office, receipt
    UNREADABLE = "unreadable"  # some of it, or no word at all, could be read
    WINDOWED = "windowed"  # longer than what the model reads; the rest was not scored
    INSTRUCTION = "instruction"  # a sentence addressed to software was found, and left out of scoring
    LANGUAGE = "language"  # a substantial part is in a language the model has not learned
    WORDLESS = "wordless"  # no words to judge: only signs, pictures, numbers or a single letter
    HIDDEN = "hidden"  # a mail has words that who opens it does not see; they were not scored
    PARTS_DIFFER = "parts_differ"  # the plain-text part of a mail and its HTML part say different things
    DISGUISED = "disguised"  # the model decides otherwise about the characters as they came than in plain letters
    UNDETERMINED = "undetermined"  # the model gave no answer when the message came


class Jurisdiction(StrEnum):
    """Which Ombudsman the matter would go to."""

    HOS = "hos"  # Housing Ombudsman: the organisation as landlord
    LGSCO = "lgsco"  # Local Government and Social Care Ombudsman
    UNKNOWN = "unknown"


class MessageKind(StrEnum):
    """Whether a person's words could be read."""

    WRITTEN = "written"  # a person's words
    MACHINE = "machine"  # sent by a machine about mail: bounce, out-of-office, receipt
    UNREADABLE = "unreadable"  # nothing but attachments or an encrypted body: a person must look


@dataclass(frozen=True, kw_only=True)
class Message:
    """One incoming text.

    `text` is the body as read, `source` the file it came from (`inbox.mbox#3`), `raw` the bytes as
    received, and `prior_contacts` how many earlier messages of this resident the caller knows of. The references
    are those of the organisation's own systems, where the caller knows them. `by_bytes` where the id is a hash of what
    came in, so that two messages with that id are one whatever else was read of them. `hidden` are words of a mail
    that who opens it does not see, which are not in `text`; `differing` its plain-text part and its HTML part, where
    they say different things, which both are.
    """

    id: str
    text: str
    channel: Channel
    subject: str = ""
    received_at: datetime | None = None
    sender: str = ""
    prior_contacts: int | None = None
    case_reference: str = ""
    property_reference: str = ""
    source: str | None = None
    kind: MessageKind = MessageKind.WRITTEN
    by_bytes: bool = False
    hidden: str = field(default="", repr=False)
    differing: tuple[str, ...] = field(default=(), repr=False)
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True)
class Cue:
    """A span of the scored text that speaks for a label. `text == scored[start:end]`."""

    kind: CueKind
    text: str
    start: int
    end: int
    flag: Flag | None = None


@dataclass(frozen=True, kw_only=True)
class Influence:
    """A span of the scored text that moved a decision. `text == scored[start:end]`.

    `weight` is the change of the complaint log odds that comes of it: above 0 towards complaint.
    """

    text: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, kw_only=True)
class PreparedMessage:
    """What the model sees: the words the resident wrote, and the cues found in them.

    `flags` are those that reading the words brought up; `language` is the name of a language other than English in
    which a substantial part is written, if there is one. `as_written` are the words in the characters in which they
    came, where a letter was exchanged for one that looks like it or words were broken up by signs nobody sees.
    """

    text: str
    subject: str
    channel: Channel
    cues: tuple[Cue, ...]
    windowed: bool = False
    flags: tuple[Flag, ...] = ()
    language: str | None = None
    as_written: str = ""


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Calibrated probabilities of the three labels, and the likeliest topic."""

    complaint: float
    service_request: float
    other: float
    topic: str

    @property
    def label(self) -> Label:
        """The likeliest label."""
        return max(Label, key=lambda label: getattr(self, label.value))


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Where the route changes, by complaint probability, for one channel or all pooled.

    Below `review` a message is filed as what it most likely is; from `stage_1` on it is sure enough.
    At most `alpha` of complaints fall below `review`, with confidence `1 - delta`, from `n` calibration
    complaints of which `k` fall below.
    """

    review: float
    stage_1: float
    alpha: float
    delta: float
    n: int
    k: int


@dataclass(frozen=True, kw_only=True)
class Category:
    """The topic in each Ombudsman's own words."""

    hos: str
    lgsco: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What is done with a message, and everything needed to explain it later.

    `words` are those that weighed most, strongest first, where an explanation was asked for and no cue gives one.
    `model_sha256` is the hash of the model file, and empty where no model decided.
    """

    message_id: str
    source: str | None
    channel: Channel
    label: Label
    prediction: Prediction
    route: Route
    reasons: tuple[str, ...]
    cues: tuple[Cue, ...]
    provisions: dict[CueKind, str]
    flags: tuple[Flag, ...]
    category: Category
    jurisdiction: Jurisdiction
    profile: str
    profile_version: str
    model_version: str
    thresholds: Thresholds
    subject: str
    text: str
    words: tuple[Influence, ...] = ()
    model_sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class LabelledMessage:
    """A message of the corpus with its adjudicated label and where it belongs. `weight` is what it counts in training
    beside one of the corpus, and in the other splits how many messages like it it stands for.
    """

    message: Message
    label: Label
    contested: bool
    prior_chance: bool
    topic: str
    author: str
    scenario: str
    split: str
    slices: tuple[str, ...] = ()
    evidence: str = ""
    weight: float = 1.0
