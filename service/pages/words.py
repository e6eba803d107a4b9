"""Everything an officer reads that is not a sentence of a template: facts in plain words. Pure."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from pipeline.domain import Channel, CueKind, Flag, Label, Route
from service.deadlines import Today
from service.item_schemas import Urgency, urgency
from service.queue import ItemEventKind, QueueItem, QueueName, QueueStatus

_UK = ZoneInfo("Europe/London")

QUEUES = {QueueName.STAGE_1: "Stage 1", QueueName.REVIEW: "Review", QueueName.SIGNPOST: "Signpost"}
ABOUT_QUEUES = {
    QueueName.STAGE_1: "Complaints to acknowledge.",
    QueueName.REVIEW: "heard is not sure about these. You decide; their clock runs too.",
    QueueName.SIGNPOST: "Dissatisfied survey answers: tell the resident how to complain, and offer to log it.",
}
LABELS = {Label.COMPLAINT: "Complaint", Label.SERVICE_REQUEST: "Service request", Label.OTHER: "Other"}
CHANNELS = {
    Channel.EMAIL: "Email",
    Channel.WEB_FORM: "Web form",
    Channel.SURVEY: "Survey answer",
    Channel.NOTE: "Call note",
}
UNTITLED = {
    Channel.EMAIL: "Email without a subject",
    Channel.WEB_FORM: "Web form",
    Channel.SURVEY: "Survey answer",
    Channel.NOTE: "Call note",
}
ROUTES = {
    Route.STAGE_1: "Stage 1",
    Route.REVIEW: "Review",
    Route.SIGNPOST: "Signpost",
    Route.SERVICE_REQUEST: "Filed as a service request",
    Route.NO_ACTION: "Filed, no action",
}
STATUSES = {
    QueueStatus.NEW: "Not decided",
    QueueStatus.CLAIMED: "Being worked on",
    QueueStatus.OFFERED: "Offer made",
    QueueStatus.DECLINED: "Offer declined",
    QueueStatus.COMPLAINT: "Complaint, to acknowledge",
    QueueStatus.ACKNOWLEDGED: "Acknowledged",
    QueueStatus.HANDED_OVER: "Handed over",
    QueueStatus.SERVICE_REQUEST: "Service request",
    QueueStatus.OTHER: "Other",
}
FLAGS = {
    Flag.UNDETERMINED: ("Undetermined", "The model gave no answer when this came: nobody but you has judged it."),
    Flag.HAZARD: ("Hazard", "Danger to life or health may be described. Act on it now, whatever this message is."),
    Flag.VULNERABILITY: ("Vulnerability", "Age, illness, disability or small children are mentioned."),
    Flag.ADJUSTMENT: ("Adjustment", "The resident may need another form of contact. Ask, and keep to it."),
    Flag.EXCLUSION: (
        "Possible exclusion",
        (
            "Court, insurance, an appeal or something old is mentioned. Never refuse here: take the message as any "
            "other; whether an exclusion applies is decided in the complaints procedure, on its merits, with reasons."
        ),
    ),
    Flag.STAGE_2: ("Stage 2", "The resident may be asking for stage 2 of a complaint already answered."),
    Flag.DATA_PROTECTION: (
        "Data protection",
        "This may be about personal data, which has a clock of its own: 30 days.",
    ),
    Flag.MEMBER: ("Councillor or MP", "A member writes for the resident. The resident's rights are the same."),
    Flag.LEGAL: ("Legal", "A solicitor or a claim is mentioned. A letter alone is no reason to stop."),
    Flag.MACHINE: ("Machine mail", "Sent by a machine."),
    Flag.UNREADABLE: ("Not all readable", "Some of it could not be read: look at the original."),
    Flag.WINDOWED: ("Very long", "heard did not score all of it. Read to the end."),
    Flag.INSTRUCTION: (
        "Addressed to software",
        "A sentence tells software what to answer. It was left out of scoring.",
    ),
    Flag.HIDDEN: (
        "Hidden words",
        "The mail holds words that who opens it does not see. They were not scored: see below the message.",
    ),
    Flag.PARTS_DIFFER: (
        "Two versions",
        "The mail says one thing as plain text and another as a web page. Both were scored: see below the message.",
    ),
    Flag.DISGUISED: (
        "Letters exchanged",
        "Some letters only look like what they are read as. heard judges the message otherwise with them than without.",
    ),
    Flag.LANGUAGE: ("Another language", "A good part is in a language heard has not learned."),
    Flag.WORDLESS: ("No words", "There are no words to judge."),
}
CUES = {
    CueKind.EXPLICIT_COMPLAINT: "asks for the complaints process",
    CueKind.REPEAT_CONTACT: "has been in touch before",
    CueKind.BROKEN_COMMITMENT: "a promise not kept",
    CueKind.DELAY: "a long wait",
    CueKind.NO_RESPONSE: "no answer, or passed around",
    CueKind.POOR_WORKMANSHIP: "work done badly",
    CueKind.STAFF_CONDUCT: "how staff or contractors behaved",
    CueKind.UNFAIR_DECISION: "a decision the resident disputes",
    CueKind.DISSATISFACTION: "dissatisfaction",
    CueKind.IMPACT: "what it did to the resident",
    CueKind.REQUEST_FOR_ACTION: "asks for something to be done",
    CueKind.THIRD_PARTY_TARGET: "aimed at somebody else, perhaps",
    CueKind.PRAISE: "thanks or praise; beware of irony",
    CueKind.HAZARD: "danger to life or health",
    CueKind.VULNERABILITY: "age, illness, disability or small children",
    CueKind.ADJUSTMENT: "needs another form of contact",
    CueKind.EXCLUSION_FLAG: "court, insurance, an appeal, an information request",
    CueKind.REPRESENTATIVE: "somebody writes for the resident",
}
PROVISIONS = {
    "HOS 1.2": "Dissatisfaction with what the landlord, its staff or its contractors did or did not do is a complaint.",
    "HOS 1.3": "The word is not needed, and whoever is dissatisfied is given the choice to complain.",
    "HOS 1.4": "Asking for something to be put right is a service request: recorded, and no complaint by itself.",
    "HOS 1.5": "Dissatisfaction with how a request was answered is a complaint, and the work goes on all the same.",
    "HOS 1.6": "A survey answer is no complaint by itself, but the resident is told how to complain.",
    "HOS 2.2": "Grounds not to take a complaint are weighed one by one, by a person, with reasons.",
    "HOS 5.10": "The resident's needs are asked about, recorded and met.",
    "HOS 6.1": "What is urgent is dealt with first.",
    "LGSCO 1.2": "Asking for a service, for a repair or for another look at a decision is a service request.",
    "LGSCO 1.4": "Dissatisfaction with what the council, staff or contractors did or did not do is a complaint.",
    "LGSCO 1.5": "The word is not needed, and whoever is dissatisfied is given the choice to complain.",
    "LGSCO 1.7": "Dissatisfaction with how a request was answered may be a complaint; the work goes on all the same.",
    "LGSCO 2.2": "Grounds not to take a complaint are weighed one by one, by a person, with reasons.",
    "LGSCO 5.3": "Where it could be a complaint, the resident is given the opportunity.",
    "LGSCO 5.6": "The resident's needs are asked about, recorded and met.",
    "LGSCO 6.1": "What is urgent is dealt with first.",
}
"""In our own words: the Codes themselves are to be read where their authors publish them."""
CATEGORIES = {
    "hos": (
        "Property Condition",
        "Complaints Handling",
        "Anti-Social Behaviour",
        "Health and Safety (inc. building safety)",
        "Charges",
        "Estate Management",
        "Moving to a Property",
        "Staff",
        "Reimbursement and Payments",
        "Information and Data Management",
        "Occupancy Rights",
        "Buying or Selling a Property",
        "Resident Involvement",
    ),
    "lgsco": (
        "Adult Care Services",
        "Benefits and Tax",
        "Corporate and Other Services",
        "Education and Children's Services",
        "Environmental Services and Public Protection and Regulation",
        "Highways and Transport",
        "Housing",
        "Planning and Development",
    ),
}
"""The Ombudsmen's own names, by jurisdiction."""
EVENTS = {
    ItemEventKind.CLAIMED: "began to work on it",
    ItemEventKind.TAKEN_OVER: "took it over",
    ItemEventKind.GIVEN_BACK: "gave it back",
    ItemEventKind.CONFIRMED: "decided: complaint",
    ItemEventKind.FOUND_SERVICE_REQUEST: "decided: service request",
    ItemEventKind.FOUND_OTHER: "decided: other",
    ItemEventKind.OFFERED: "told the resident how to complain",
    ItemEventKind.OFFER_ACCEPTED: "recorded: the resident wants to complain",
    ItemEventKind.OFFER_DECLINED: "recorded: the resident does not want to complain",
    ItemEventKind.ACKNOWLEDGED: "recorded the acknowledgement",
    ItemEventKind.EXTENDED: "extended the time to answer",
    ItemEventKind.HANDED_OVER: "handed it over",
    ItemEventKind.REOPENED: "reopened it",
    ItemEventKind.UNDONE: "undid that",
    ItemEventKind.ASSIGNED: "assigned it to",
    ItemEventKind.LINKED: "linked a message",
    ItemEventKind.UNLINKED: "took a message out of the case",
    ItemEventKind.DECIDED: "read it after all, and put it where it belongs",
    ItemEventKind.FILED_SERVICE_REQUEST: "read it after all: a service request",
    ItemEventKind.FILED_OTHER: "read it after all: neither a complaint nor a request",
}
BANDS = ("Under 10%", "10% to 35%", "35% to 65%", "65% to 90%", "90% and over")
"""Of the complaint probability, in the order of `service.store.insight_work.BANDS`."""
_URGENCY = {Urgency.OVERDUE: ("Overdue", "govuk-tag--red"), Urgency.DUE_SOON: ("Due soon", "govuk-tag--yellow")}
_LIKELINESS = ((0.9, "Very likely"), (0.65, "Likely"), (0.35, "Perhaps"), (0.1, "Unlikely"), (0.0, "Very unlikely"))


def noticed(kind: str) -> str:
    """What a mark in a message stands for: a kind of cue, or "words" that moved the model."""
    return "weighed towards a complaint" if kind == "words" else CUES[CueKind(kind)]


def likeliness(share: float) -> str:
    """A probability in words."""
    return next(words for least, words in _LIKELINESS if share >= least)


def day(value: date | datetime) -> str:
    """A UK day."""
    return _local(value).strftime("%a %-d %b %Y")


def moment(value: datetime) -> str:
    """A UK day and time."""
    return value.astimezone(_UK).strftime("%-d %b %Y, %H:%M")


def clock(value: datetime) -> str:
    """A UK time of day."""
    return value.astimezone(_UK).strftime("%H:%M")


def minutes_left(until: datetime) -> str:
    """How long a claim still holds."""
    left = max(0, int((until - datetime.now(UTC)).total_seconds() // 60))
    return "less than a minute" if left == 0 else "1 minute" if left == 1 else f"{left} minutes"


def urgency_of(item: QueueItem, today: Today) -> tuple[str, str] | None:
    """Word and colour of how near the date is, so that colour is never the only sign; None where it is far."""
    if item.due_by == today.day:
        return "Due today", "govuk-tag--orange"
    found = urgency(item.due_by, today)
    return _URGENCY[found] if found else None


def _local(value: date | datetime) -> date:
    return value.astimezone(_UK).date() if isinstance(value, datetime) else value
