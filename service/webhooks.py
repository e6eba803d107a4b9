"""What webhooks are about: which events there are, when they are tried again, how they are signed. Pure."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pipeline.errors import InputError

RETRY_AFTER = tuple(
    timedelta(**wait)
    for wait in (
        {"seconds": 5},
        {"minutes": 5},
        {"minutes": 30},
        {"hours": 2},
        {"hours": 5},
        {"hours": 10},
        {"hours": 14},
        {"hours": 20},
        {"hours": 24},
    )
)
"""How long after each failed try the next one is made, give or take `JITTER`: ten tries in 75 hours and 35 minutes
(Standard Webhooks, "Deliverability and reliability")."""
JITTER = 0.1
LONGEST_WAIT = timedelta(hours=24)
"""No Retry-After is obeyed beyond this."""
OLD_SECRET_KEPT = timedelta(hours=24)
"""How long both secrets sign after a rotation."""

SECRET_PREFIX = "whsec_"  # noqa: S105  # what every secret begins with
_FEWEST_BYTES, _MOST_BYTES = 24, 64
_BEFORE_PAUSE, _LONGEST_PAUSE = 5, 60


class Happening(StrEnum):
    """What a case system can be told."""

    DECIDED = "message.decided"  # a message came in and was decided
    CONFIRMED = "item.confirmed"  # an officer says: a complaint
    FOUND_SERVICE_REQUEST = "item.found_service_request"  # an officer says: a service request
    FOUND_OTHER = "item.found_other"  # an officer says: neither
    OFFERED = "item.offered"  # the resident was told how to complain
    OFFER_ACCEPTED = "item.offer_accepted"  # and wants to
    OFFER_DECLINED = "item.offer_declined"  # and does not
    ACKNOWLEDGED = "item.acknowledged"  # the resident has the acknowledgement
    EXTENDED = "item.extended"  # HOS and LGSCO 6.4
    HANDED_OVER = "item.handed_over"  # in the case system
    REOPENED = "item.reopened"  # to be decided again
    UNDONE = "item.undone"  # what was told before was taken back
    ASSIGNED = "item.assigned"  # an officer or team is responsible
    LINKED = "item.linked"  # to another message of the same case
    UNLINKED = "item.unlinked"  # from it
    HEAD = "audit.head"  # the head of the audit record, once a day
    TEST = "webhook.test"  # `heard webhook test`; nobody needs to ask for it


ON_OFFER = tuple(kind for kind in Happening if kind is not Happening.TEST)
"""What a target may ask for."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where events go. `secrets` sign each, the newest first; `failures` counts those since the last success."""

    id: int
    url: str
    events: tuple[Happening, ...]
    with_text: bool
    allow_private: bool
    secrets: tuple[str, ...]
    failures: int = 0
    failure: str = ""
    paused_until: datetime | None = None
    disabled_at: datetime | None = None


def wanted(names: str) -> tuple[Happening, ...]:
    """`all`, or events by commas; InputError names those that do not exist."""
    if names.strip() == "all":
        return ON_OFFER
    given = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in given if name not in set(ON_OFFER)]
    if unknown or not given:
        what = f"There is no event {', '.join(unknown)}" if unknown else "No event is named"
        raise InputError(f"{what}: choose from {_listed(ON_OFFER)}, or all.")
    return tuple(kind for kind in ON_OFFER if kind.value in given)


def _listed(kinds: Iterable[Happening]) -> str:
    return ", ".join(kinds)


def wait_after(tries: int, chance: float) -> timedelta | None:
    """How long to wait after so many failed tries; None where that was the last. `chance` is drawn from 0 to 1."""
    if tries > len(RETRY_AFTER):
        return None
    return RETRY_AFTER[tries - 1] * (1 + JITTER * (2 * chance - 1))


def pause_after(failures: int) -> timedelta | None:
    """How long a target is left alone after so many failures in a row, so that an outage uses up no message's tries."""
    if failures < _BEFORE_PAUSE:
        return None
    return timedelta(seconds=min(2 ** (failures - _BEFORE_PAUSE), _LONGEST_PAUSE))


def new_secret() -> str:
    """A secret that nobody can guess."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def checked_secret(secret: str) -> str:
    """The secret; InputError where it is not one that Standard Webhooks allows."""
    if not secret.startswith(SECRET_PREFIX):
        raise InputError(f"A webhook secret starts with {SECRET_PREFIX}, then base64. Leave it out to have one made.")
    try:
        size = len(_bytes_of(secret))
    except binascii.Error:
        raise InputError(f"What follows {SECRET_PREFIX} in the webhook secret is not base64.") from None
    if not _FEWEST_BYTES <= size <= _MOST_BYTES:
        raise InputError(f"The webhook secret has {size} bytes: it needs {_FEWEST_BYTES} to {_MOST_BYTES}.")
    return secret


def signed(keys: Sequence[str], event_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks: one v1 signature a secret over id.timestamp.body."""
    timestamp = str(int(at.timestamp()))
    content = b".".join((event_id.encode(), timestamp.encode(), body))
    return {
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signatures(keys, content)),
    }


def _signatures(keys: Iterable[str], content: bytes) -> Iterable[str]:
    for key in keys:
        yield "v1," + base64.b64encode(hmac.new(_bytes_of(key), content, hashlib.sha256).digest()).decode()


def _bytes_of(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
