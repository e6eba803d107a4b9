"""`heard watch` against a real Dovecot: passwords, tokens, certificates."""

import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.api.context import Context
from service.sources import OAuth, Secret, Tls
from tests.dovecot import PASSWORD, Dovecot, Proxy, a_certificate
from tests.imap_script import Script
from tests.mailboxes import a_source, a_watcher, found, look, mails, plain, state
from tests.token_endpoint import TokenEndpoint


def test_after_a_refused_login_nobody_tries_again_within_a_minute(
    context: Context, dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INBOX_PASSWORD", "not-the-password-01632")
    with Proxy(target=dovecot.port) as proxy:
        source = plain(a_source(dovecot, user), proxy.port)
        assert not look(context, source)
        tried = proxy.connections
        assert not look(context, source)
        assert proxy.connections == tried == 1
        monkeypatch.setenv("INBOX_PASSWORD", PASSWORD)
        later = a_watcher(context, source)
        later._now = lambda: datetime.now(UTC) + timedelta(seconds=61)
        assert later.once(threading.Event())
    said = capfd.readouterr()
    assert "refused the login" in said.out
    assert "not-the-password" not in said.out + said.err


def an_oauth(endpoint: TokenEndpoint, monkeypatch: pytest.MonkeyPatch, secret: str = "tell-no-one-7") -> OAuth:
    monkeypatch.setenv("CLIENT_SECRET", secret)
    return OAuth(
        token_url=f"{endpoint.address}/token",
        client_id="6f1c",
        client_secret=Secret(env="CLIENT_SECRET"),
    )


def test_a_token_is_fetched_used_again_and_renewed_when_it_ends_or_is_refused(
    context: Context, dovecot: Dovecot, user: str, endpoint: TokenEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.user, before = user, endpoint.given
    dovecot.deliver(user, *mails(1))
    source = a_source(dovecot, user, password=None, oauth=an_oauth(endpoint, monkeypatch))
    watcher = a_watcher(context, source)
    assert watcher.once(threading.Event())
    assert watcher.once(threading.Event())
    assert endpoint.given == before + 1
    assert endpoint.asked[-1]["scope"] == "https://outlook.office365.com/.default"
    endpoint.valid.clear()
    assert not watcher.once(threading.Event())
    assert "refused the login" in state(context).failure
    watcher._now = lambda: datetime.now(UTC) + timedelta(seconds=61)
    dovecot.deliver(user, *mails(2))
    assert watcher.once(threading.Event())
    assert endpoint.given == before + 2
    assert found(context) == {1: 1, 2: 1}


def test_a_client_the_token_endpoint_refuses_is_said_by_its_code_and_never_with_its_secret(
    context: Context, dovecot: Dovecot, user: str, endpoint: TokenEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    oauth = an_oauth(endpoint, monkeypatch, secret="wrong-secret-01632")
    assert not look(context, a_source(dovecot, user, password=None, oauth=oauth))
    assert "invalid_client" in state(context).failure
    assert "wrong-secret" not in state(context).failure


def test_a_token_command_is_asked_before_each_login(
    context: Context, dovecot: Dovecot, user: str, endpoint: TokenEndpoint
) -> None:
    endpoint.valid["by-hand"] = user
    source = a_source(dovecot, user, password=None, oauth=OAuth(token_command=("echo", "by-hand")))
    assert look(context, source)
    broken = a_source(dovecot, user, password=None, oauth=OAuth(token_command=("false",)))
    assert not look(context, broken)
    assert "token command failed with status 1" in state(context).failure


WRONG = {"unknown": "not trusted", "other name": "not valid for 'localhost'", "ended": "expired"}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_certificate_that_is_not_right_is_refused_before_any_word_is_said(
    context: Context, user: str, tmp_path: Path, wrong: str
) -> None:
    host, ends = (
        "other.example" if wrong == "other name" else "localhost",
        timedelta(days=-1 if wrong == "ended" else 1),
    )
    certificate, key = a_certificate(tmp_path, host=host, ends=ends)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate, key)
    (tmp_path / "more").mkdir()
    trusted = a_certificate(tmp_path / "more")[0] if wrong == "unknown" else certificate
    with Script([], tls=served) as server:
        assert not look(context, server.source(user, host="localhost", tls=Tls.ON, ca_file=trusted))
        assert not server.heard
    assert "certificate is not trusted" in state(context).failure
    assert WRONG[wrong] in state(context).failure


def test_where_starttls_is_stripped_no_password_is_sent(context: Context, user: str) -> None:
    with Script([]) as server:
        assert not look(context, server.source(user, tls=Tls.STARTTLS))
        assert not any("AUTHENTICATE" in line or "LOGIN" in line for line in server.heard)


def test_starttls_is_used_where_it_is_asked_for(context: Context, dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, *mails(1))
    assert look(context, a_source(dovecot, user, tls=Tls.STARTTLS, port=dovecot.port))
    assert found(context) == {1: 1}
