import base64
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from pipeline.errors import InputError
from service.queue import DECIDED_LATER, ItemEventKind
from service.webhook_addresses import checked_url, refusal
from service.webhooks import (
    ON_OFFER,
    RETRY_AFTER,
    Happening,
    checked_secret,
    new_secret,
    pause_after,
    signed,
    wait_after,
    wanted,
)

BODY = '{"type":"item.confirmed","data":{"item":{"case_reference":"Bücher-1"}}}'.encode()


def headers(*keys: str, event_id: str = "msg_1") -> dict[str, str]:
    return signed(keys, event_id, datetime.now(UTC), BODY)


def test_the_reference_library_verifies_what_is_signed() -> None:
    secret = new_secret()
    assert Webhook(secret).verify(BODY, headers(secret))["type"] == "item.confirmed"


def test_after_a_rotation_both_secrets_verify() -> None:
    old, new = new_secret(), new_secret()
    both = headers(new, old)
    assert Webhook(old).verify(BODY, both) == Webhook(new).verify(BODY, both)


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": str(int(datetime.now(UTC).timestamp()) - 1)},
        {"webhook-signature": "v1," + base64.b64encode(b"0" * 32).decode()},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_another_id_or_time_or_signature_does_not_verify(changed: dict[str, str]) -> None:
    secret = new_secret()
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers(secret) | changed)


@pytest.mark.parametrize("at", range(0, len(BODY), 7))
def test_an_altered_byte_does_not_verify(at: int) -> None:
    secret, sent = new_secret(), bytearray(BODY)
    sent[at] ^= 1
    with pytest.raises((WebhookVerificationError, UnicodeDecodeError)):
        Webhook(secret).verify(bytes(sent), headers(secret))


def test_what_was_recorded_and_sent_again_later_does_not_verify() -> None:
    secret = new_secret()
    late = signed([secret], "msg_1", datetime.now(UTC) - timedelta(minutes=6), BODY)
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(secret).verify(BODY, late)


def test_ten_tries_take_three_days_and_each_wait_is_within_a_tenth_of_the_plan() -> None:
    assert sum(RETRY_AFTER, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)
    for tries, planned in enumerate(RETRY_AFTER, start=1):
        shortest, longest = wait_after(tries, 0.0), wait_after(tries, 1.0)
        assert shortest == planned * 0.9
        assert longest == planned * 1.1
    assert wait_after(len(RETRY_AFTER) + 1, 0.5) is None


def test_a_few_failures_do_not_pause_a_target_and_many_pause_it_for_a_minute_at_most() -> None:
    assert pause_after(4) is None
    assert [pause_after(failures) for failures in (5, 6, 100)] == [timedelta(seconds=n) for n in (1, 2, 60)]


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("", "starts with whsec_"),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "starts with whsec_"),
        ("whsec_", "0 bytes"),
        ("whsec_" + base64.b64encode(b"x" * 23).decode(), "23 bytes"),
        ("whsec_" + base64.b64encode(b"x" * 65).decode(), "65 bytes"),
        ("whsec_n*t base64", "not base64"),
    ],
)
def test_a_secret_that_is_missing_short_long_or_garbled_is_refused_with_the_reason(secret: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        checked_secret(secret)


@pytest.mark.parametrize("size", [24, 64])
def test_a_secret_of_a_fitting_size_is_taken(size: int) -> None:
    secret = "whsec_" + base64.b64encode(b"x" * size).decode()
    assert checked_secret(secret) == secret


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://cases.example/hook", "https"),
        ("cases.example/hook", "https"),
        ("https:///hook", "no host"),
        ("https://user:pass@cases.example/", "user name or password"),
        ("https://token@cases.example/", "user name or password"),
        ("https://cases.example:25/", "port"),
        ("https://cases.example:0/", "port"),
        ("https://cases.example:65536/", "no URL"),
        ("https://cases.example/#part", "fragment"),
        ("https://bücher.example/", "xn--"),
        ("https://cases.example/\r\nX-Evil: 1", "do not belong"),
        ("https://cases.example\\@evil.example/", "do not belong"),
        ("https://[2001:db8::1]/", "not its address"),
        ("https://192.0.2.1/", "not its address"),
        ("https://0x7f.1/", "not its address"),
        ("https://2130706433/", "not its address"),
        ("https://cases.example/" + "x" * 2_000, "longer than"),
    ],
)
def test_a_url_that_cannot_be_a_target_is_refused_with_the_reason(url: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        checked_url(url, allow_private=False)


@pytest.mark.parametrize("url", ["https://cases.example/hook?tenant=7", "https://cases.example:8443/"])
def test_a_plain_https_url_is_taken(url: str) -> None:
    assert checked_url(url, allow_private=False) == url


PRIVATE = ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "fd00::1", "100.64.0.1", "::ffff:10.0.0.1"]
NEVER = ["169.254.169.254", "fe80::1", "fe80::1%eth0", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255"]


@pytest.mark.parametrize("address", [*PRIVATE, "64:ff9b::a00:1", "2002:a00:1::", "192.0.2.1", "2001:db8::1"])
def test_an_address_that_is_not_public_is_refused_unless_allowed(address: str) -> None:
    assert refusal(address, allow_private=False)
    assert refusal(address, allow_private=True) is None


@pytest.mark.parametrize("address", [*NEVER, "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"])
def test_an_address_of_no_machine_or_of_a_clouds_credentials_is_refused_even_if_private_ones_are_allowed(
    address: str,
) -> None:
    assert refusal(address, allow_private=False)
    assert refusal(address, allow_private=True)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_a_public_address_is_let_through(address: str) -> None:
    assert refusal(address, allow_private=False) is None


def test_events_are_asked_for_by_name() -> None:
    assert wanted("item.undone, item.confirmed") == (Happening.CONFIRMED, Happening.UNDONE)
    assert wanted("all") == ON_OFFER
    for names in ("item.confirmd", "", "webhook.test"):
        with pytest.raises(InputError, match=r"choose from message\.decided"):
            wanted(names)


def test_every_step_of_an_item_is_on_offer_but_claims_and_what_is_told_as_a_decision() -> None:
    told = {kind.removeprefix("item.") for kind in Happening if kind.startswith("item.")}
    claims = {ItemEventKind.CLAIMED, ItemEventKind.TAKEN_OVER, ItemEventKind.GIVEN_BACK}
    assert set(ItemEventKind) - told == claims | set(DECIDED_LATER.values())
