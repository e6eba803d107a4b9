"""Named places where a test may end the process as a power cut would, to prove that nothing is lost (P3, F2).

`HEARD_CRASHPOINT=name` ends it the first time it gets there, `name:n` the n-th time; nothing is flushed, closed or
answered. Without the variable a crash point costs one look-up in a dictionary.
"""

import os
from collections import Counter

from pipeline.errors import SettingsError

VARIABLE = "HEARD_CRASHPOINT"
KILLED = 137
"""What a shell reports for a process ended by SIGKILL."""

POINTS = frozenset(
    {
        "intake_after_decision",  # decided, nothing written yet
        "intake_in_transaction",  # the write transaction is open, nothing in it
        "intake_after_message",  # the message is written, its decision is not
        "intake_after_decision_row",  # the decision is written, its item is not
        "intake_after_item",  # all but the arrival is written
        "intake_after_outbox",  # and what case systems and the audit record are told
        "intake_before_commit",  # everything is written and nothing is committed
        "intake_after_commit",  # committed; the sender has not been told
        "quarantine_before_commit",  # set aside, not committed
        "quarantine_after_commit",  # set aside and committed; the caller has not been told
        "settle_after_close",  # the case is closed, its message is not there yet
        "settle_before_commit",  # everything is written and nothing is committed
        "settle_after_commit",  # settled; the officer has not been told
        "decide_before_commit",  # a late decision is written, its item moved, nothing committed
        "audit_before_commit",  # appended to the audit record, not committed
        "outbox_before_commit",  # an event is claimed, not committed
        "outbox_after_claim",  # claimed; nothing is sent
        "outbox_after_send",  # sent; that is not written down
        "http_before_receive",  # the body is read, nothing is stored
        "http_before_answer",  # stored; the client has no answer yet
    }
)
"""The points of intake and HTTP; `heard watch` and `heard import` have their own."""

_passed: Counter[str] = Counter()


def crashpoint(name: str) -> None:
    """End the process here, without any clean-up, where the environment names this point."""
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    point, _, passage = wanted.partition(":")
    if point != name:
        return
    _passed[name] += 1
    if _passed[name] == int(passage or 1):
        os._exit(KILLED)


def refuse_in_production() -> None:
    """SettingsError where a crash point is set and HEARD_ENV says production."""
    if os.environ.get(VARIABLE) and os.environ.get("HEARD_ENV") == "production":
        raise SettingsError(f"{VARIABLE} is for tests: unset it, or this service will end itself.")
