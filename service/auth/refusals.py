"""Why somebody was not let in, or a change to the accounts was not made.

NotLetIn          the sentence tells an attacker nothing about who exists
├── TooOften      wait; `seconds` says how long
└── NoProvider    the identity provider does not answer as it should
AccountRefused    for whoever administers: what to do instead
└── UnfitPassword
"""

from pipeline.errors import HeardError, InputError


class NotLetIn(HeardError):
    """Whoever asks is not who they say, or may not come in. `go_to` is where they were on their way to, if known."""

    go_to = "/"


class TooOften(NotLetIn):
    """Too many tries in too short a time."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many tries. Wait {seconds} seconds.")
        self.seconds = seconds


class NoProvider(NotLetIn):
    """The identity provider cannot be used now."""


class AccountRefused(InputError):
    """Nothing was changed."""


class UnfitPassword(AccountRefused):
    """The password is too short, too long or too common."""
