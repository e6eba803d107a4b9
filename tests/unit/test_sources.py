from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from service.sources import Inboxes, MailboxSource, MoveTo, Secret, SetKeyword, Tls, folder_at, read_inboxes

MAILBOX = '[[mailbox]]\nname = "repairs"\nhost = "mail.example"\nuser = "repairs@brindlevale.example"\n'
PASSWORD = 'password = { env = "INBOX_PASSWORD" }\n'


@pytest.fixture(autouse=True)
def _a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INBOX_PASSWORD", "correct-horse-01632")


def read(folder: Path, text: str) -> Inboxes:
    file = folder / "inboxes.toml"
    file.write_text(text)
    return read_inboxes(file)


def test_what_is_left_out_is_the_safe_choice(tmp_path: Path) -> None:
    (mailbox,) = read(tmp_path, MAILBOX + PASSWORD).mailbox
    assert (mailbox.tls, mailbox.after, mailbox.folders) == (Tls.ON, "leave", ("INBOX",))
    assert mailbox.timeout_seconds <= 60


def test_mailboxes_and_folders_are_read_with_what_happens_afterwards(tmp_path: Path) -> None:
    text = (
        f'{MAILBOX}{PASSWORD}after = {{ keyword = "Heard" }}\n'
        f'{MAILBOX.replace("repairs", "asb")}{PASSWORD}after = {{ move = "Done/Heard" }}\n'
        '[[folder]]\nname = "post"\npath = "/srv/post"\nchannel = "survey"\n'
    )
    found = read(tmp_path, text)
    assert [source.name for source in found.all] == ["repairs", "asb", "post"]
    assert [mailbox.after for mailbox in found.mailbox] == [SetKeyword(keyword="Heard"), MoveTo(move="Done/Heard")]


FAULTS = {
    "an unknown key": (MAILBOX + PASSWORD + "delete = true\n", "mailbox.0.delete"),
    "a wrong type": (MAILBOX + PASSWORD + 'port = "many"\n', "mailbox.0.port"),
    "no password": (MAILBOX, "give password or oauth"),
    "a missing secret": (MAILBOX + 'password = { env = "NOT_SET" }\n', "the variable NOT_SET holds no secret"),
    "plain to another machine": (MAILBOX + PASSWORD + 'tls = "off"\n', "on this machine only"),
    "a move into a watched folder": (MAILBOX + PASSWORD + 'after = { move = "INBOX" }\n', "must not be one of"),
    "a keyword that is none": (MAILBOX + PASSWORD + 'after = { keyword = "two words" }\n', "after"),
    "one name twice": ((MAILBOX + PASSWORD) * 2, "two sources have the name 'repairs'"),
    "nothing": ("", "nothing is watched"),
    "no TOML": ("mailbox = [", "is not TOML"),
    "a token endpoint without TLS": (
        MAILBOX + 'oauth = { token_url = "http://a.example", client_id = "x", client_secret = { env = "PATH" } }\n',
        "https://",
    ),
    "half an endpoint": (MAILBOX + 'oauth = { client_id = "x" }\n', "all of token_url"),
    "two places of a secret": (MAILBOX + 'password = { env = "A", file = "b" }\n', "not both"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused_at_the_start_with_its_key_and_without_any_secret(tmp_path: Path, fault: str) -> None:
    text, said = FAULTS[fault]
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, text)
    assert said in str(refused.value)
    assert "correct-horse" not in str(refused.value)


def test_a_placeholder_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INBOX_PASSWORD", "ChangeMe")
    with pytest.raises(SettingsError, match="placeholder"):
        Secret(env="INBOX_PASSWORD").read()


def test_a_secret_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("correct-horse-01632\n")
    file.chmod(0o600)
    assert Secret(file=file).read() == "correct-horse-01632"
    file.chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        Secret(file=file).read()


def test_what_a_source_shows_of_itself_holds_no_secret() -> None:
    source = MailboxSource(name="a", host="mail.example", user="u", password=Secret(env="INBOX_PASSWORD"))
    assert "correct-horse" not in repr(source)


def test_a_folder_given_on_the_command_line_goes_by_its_own_name(tmp_path: Path) -> None:
    assert folder_at(tmp_path / "post").name == "post"
    with pytest.raises(SettingsError, match="needs a plain name"):
        folder_at(tmp_path / "p\u00f6st!")
