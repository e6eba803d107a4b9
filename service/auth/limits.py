"""How often something may be tried (S16). Counted in each process, so several processes allow so much more."""

import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter, RateLimiter, SlidingWindowCounterRateLimiter

from service.auth.refusals import TooOften

_BAD_LOGINS = RateLimitItemPerMinute(5, namespace="login")
_BAD_KEYS = RateLimitItemPerMinute(30, namespace="bad-key")


class Limits:
    """`requests_a_minute` is for each key and each officer."""

    def __init__(self, requests_a_minute: int) -> None:
        storage = MemoryStorage()
        self._exact = MovingWindowRateLimiter(storage)
        self._cheap = SlidingWindowCounterRateLimiter(storage)
        self._requests = RateLimitItemPerMinute(requests_a_minute, namespace="request")

    def before_login(self, account: str, address: str) -> None:
        """TooOften at the sixth bad login a minute for one account, or from one address.

        The account is counted before the password is looked at, so that tries sent together do not all get through.
        """
        if not self._exact.test(_BAD_LOGINS, address):
            raise _too_often(self._exact, _BAD_LOGINS, address)
        if not self._exact.hit(_BAD_LOGINS, "account", account):
            raise _too_often(self._exact, _BAD_LOGINS, "account", account)

    def bad_login(self, address: str) -> None:
        """It was wrong."""
        self._exact.hit(_BAD_LOGINS, address)

    def good_login(self, account: str) -> None:
        """It was right: mistyped passwords before it are forgotten."""
        self._exact.clear(_BAD_LOGINS, "account", account)

    def bad_key(self, address: str) -> None:
        """TooOften where an address has sent too many keys that are none; good ones from there still work."""
        if not self._exact.hit(_BAD_KEYS, address):
            raise _too_often(self._exact, _BAD_KEYS, address)

    def request(self, caller: str) -> None:
        """TooOften where one caller asks more than its share."""
        if not self._cheap.hit(self._requests, caller):
            raise _too_often(self._cheap, self._requests, caller)


def _too_often(limiter: RateLimiter, item: RateLimitItem, *of: str) -> TooOften:
    left = limiter.get_window_stats(item, *of).reset_time - time.time()
    return TooOften(max(1, math.ceil(left)))
