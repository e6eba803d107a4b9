"""What a target may be and do: redirects, certificates, private addresses, endless answers."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InputError
from service import webhook_targets
from service.webhook_addresses import resolve
from service.webhook_post import Poster
from tests.desk import Desk
from tests.outgoing import add, next_moment, rows, send, statuses, tell
from tests.receiver import Handler, Receiver, a_receiver, crawl, endless, reset


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(
    desk: Desk, receiver: Receiver, tmp_path: Path, status: int
) -> None:
    with a_receiver(tmp_path / "..", tls=True) as other:
        add(desk, receiver.url)
        receiver.act = lambda handler: handler.answer(status, Location=other.url)
        tell(desk)
        send(desk)
        assert len(receiver.got) == 1
        assert other.got == []
    [row] = rows(desk)
    assert "never followed" in row.failure


def until_the_sender_hangs_up(act: Callable[[Handler], None]) -> Callable[[Handler], None]:
    def acting(handler: Handler) -> None:
        try:
            act(handler)
        except OSError:
            handler.server.receiver.hung_up.set()

    return acting


@pytest.mark.parametrize("act", [reset, crawl], ids=["reset", "headers a byte at a time"])
def test_a_target_that_breaks_or_crawls_is_tried_again(desk: Desk, receiver: Receiver, act: Any) -> None:
    add(desk, receiver.url)
    receiver.act = until_the_sender_hangs_up(act)
    tell(desk)
    send(desk, Poster(seconds=0.5))
    assert statuses(desk) == ["waiting"]
    receiver.act = lambda handler: handler.answer(200)
    next_moment(desk)
    send(desk)
    assert statuses(desk) == ["sent"]


def test_an_answer_of_a_gigabyte_is_read_for_64_kilobytes(desk: Desk, receiver: Receiver) -> None:
    add(desk, receiver.url)
    receiver.act = until_the_sender_hangs_up(endless)
    tell(desk)
    send(desk)
    assert receiver.hung_up.wait(20)
    assert statuses(desk) == ["sent"], "its status was 200"
    assert receiver.written < 10**8, "the rest of it never left the target"


def test_a_certificate_that_is_not_trusted_or_of_another_name_is_refused(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(desk, receiver.url.replace("localhost", "elsewhere.localhost"))
    tell(desk)
    send(desk, Poster(seconds=3, resolver=lambda _host, _port: ["127.0.0.1"]))
    monkeypatch.delenv("SSL_CERT_FILE")
    desk.now += timedelta(hours=1)
    tell(desk, "m-2")
    send(desk, Poster(seconds=3, resolver=lambda _host, _port: ["127.0.0.1"]))
    failures = [row.failure for row in rows(desk)]
    assert all("secure connection failed" in failure for failure in failures)
    assert receiver.got == []


def test_a_target_without_tls_gets_nothing(desk: Desk, tmp_path: Path) -> None:
    with a_receiver(tmp_path, tls=False) as plain:
        add(desk, plain.url)
        tell(desk)
        send(desk)
        assert plain.got == []
    assert statuses(desk) == ["waiting"]


def test_a_name_that_is_public_when_it_is_added_and_private_later_gets_nothing(desk: Desk, receiver: Receiver) -> None:
    """DNS rebinding: the address that is checked is the one that is connected to."""
    webhook_targets.add(desk.database, receiver.url, "all", resolver=lambda _host, _port: ["93.184.216.34"])
    asked: list[str] = []

    def rebound(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["93.184.216.34"] if len(asked) > 1 else resolve(host, port)

    tell(desk)
    send(desk, Poster(seconds=3, resolver=rebound))
    assert receiver.got == []
    assert asked == ["localhost"], "it is resolved once a try"
    [row] = rows(desk)
    assert "not a public address" in row.failure


def test_a_name_with_one_private_address_among_public_ones_gets_nothing(desk: Desk, receiver: Receiver) -> None:
    webhook_targets.add(desk.database, receiver.url, "all", resolver=lambda _host, _port: [])
    tell(desk)
    send(desk, Poster(seconds=3, resolver=lambda _host, _port: ["93.184.216.34", "127.0.0.1"]))
    assert receiver.got == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:10.0.0.1", "169.254.169.254", "fd00::1"])
def test_a_name_that_leads_inside_is_refused_when_it_is_added(desk: Desk, address: str) -> None:
    with pytest.raises(InputError, match="cannot be a webhook's URL"):
        webhook_targets.add(
            desk.database, "https://inside.example/", "all", resolver=lambda _host, _port: ["93.184.216.34", address]
        )
