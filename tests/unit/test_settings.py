"""Settings from options, variables and a file, and what is refused of them."""

import os
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import SettingsError
from service.settings import Settings, settings_from
from service.settings_page import as_markdown

CHECKOUT = Path(__file__).resolve().parents[2]
GOOD = "an audit key that nobody guesses 0123"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in the working folder, not written yet."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "heard.toml"


def write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)


def test_an_option_wins_over_a_variable_and_a_variable_over_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(file, 'port = 1\nlease_minutes = 2\nnation = "SCT"\n[keep]\nclosed_days = 3\nsettled_days = 4\n')
    monkeypatch.setenv("HEARD_PORT", "5")
    monkeypatch.setenv("HEARD_LEASE_MINUTES", "6")
    monkeypatch.setenv("HEARD_KEEP_CLOSED_DAYS", "7")
    found = settings_from(port=8)
    assert (found.port, found.lease_minutes, found.nation) == (8, 6, "SCT")
    assert (found.keep.closed_days, found.keep.settled_days) == (7, 4)


def test_a_variable_names_another_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(file, "port = 1")
    other = file.with_name("other.toml")
    write(other, "port = 2")
    monkeypatch.setenv("HEARD_SETTINGS", str(other))
    assert settings_from().port == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('natoin = "ENG"', ("heard.toml", "`natoin`", "`nation` is the nearest")),
        ("[keep]\nclosd_days = 3", ("`keep.closd_days`", "`keep.closed_days` is the nearest")),
        ("qqqqqq = 3", ("there is no setting `qqqqqq`. All",)),
        ('port = "canary"', ("port: ", "heard.toml")),
        ("port = = 3", ("heard.toml are not TOML", "line 1")),
        ('[oidc]\nissuer = "https://login.example"', ("oidc: HEARD_OIDC_CLIENT_ID and HEARD_OIDC_ROLES are needed",)),
        ("oidc = 3", ("oidc: ",)),
    ],
)
def test_what_is_wrong_in_the_file_is_refused_by_name(file: Path, text: str, told: tuple[str, ...]) -> None:
    write(file, text)
    with pytest.raises(SettingsError) as refused:
        settings_from()
    assert all(part in str(refused.value) for part in told), str(refused.value)
    assert "canary" not in str(refused.value)


def test_a_file_that_is_not_there_or_not_text_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(b"port = \xff")
    with pytest.raises(SettingsError, match="not UTF-8"):
        settings_from()
    monkeypatch.setenv("HEARD_SETTINGS", "/nowhere/heard.toml")
    with pytest.raises(SettingsError, match=r"/nowhere/heard\.toml cannot be read"):
        settings_from()


def test_a_file_with_a_secret_is_for_its_owner(file: Path) -> None:
    write(file, f'audit_key = "{GOOD}"')
    assert settings_from().audit_key is not None
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="holds `audit_key` and anybody"):
        settings_from()
    file.write_text('database = "postgresql+psycopg://heard:canary@db.example/heard"', encoding="utf-8")
    with pytest.raises(SettingsError, match="holds `database` and anybody"):
        settings_from()
    file.write_text('database = "postgresql+psycopg://heard@db.example/heard"', encoding="utf-8")
    assert settings_from().database.endswith("/heard")


def test_a_comma_parts_webhook_keys_and_is_a_character_of_an_audit_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEARD_AUDIT_KEY", "HEARD_WEBHOOK_KEY"):
        monkeypatch.setenv(name, f"{GOOD}, and more")
        with pytest.raises(SettingsError, match="webhook_key: has under 32") if "WEBHOOK" in name else nullcontext():
            settings_from()
        monkeypatch.delenv(name)


@pytest.mark.parametrize("name", ["HEARD_AUDIT_KEY", "HEARD_WEBHOOK_KEY"])
@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("changeme", "placeholder"),
        ("Secret", "placeholder"),
        ("changeme" * 8, "placeholder"),
        ("", "placeholder"),
        ("a" * 64, "repeats a few letters"),
        ("only 31 characters, one too few", "under 32 characters"),
    ],
)
def test_a_secret_that_could_be_guessed_is_refused_and_not_told(
    monkeypatch: pytest.MonkeyPatch, name: str, secret: str, why: str
) -> None:
    monkeypatch.setenv(name, secret)
    with pytest.raises(SettingsError, match=why) as refused:
        settings_from()
    assert not secret or secret not in str(refused.value)


def test_a_variable_that_is_nearly_a_setting_is_refused_and_others_are_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HEARD_MAILBOX_PASSWORD", "x")
    monkeypatch.setenv("HEARD_ENV", "test")
    settings_from()
    monkeypatch.setenv("HEARD_AUDT_KEY", "canary")
    with pytest.raises(SettingsError, match="no setting HEARD_AUDT_KEY; `HEARD_AUDIT_KEY` is the nearest") as refused:
        settings_from()
    assert "canary" not in str(refused.value)


def test_lists_are_lists_in_the_file_and_commas_in_a_variable(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(file, f'own_addresses = ["a@x.example", "@y.example"]\n[keep]\ncopies = ["{file.parent}"]')
    assert settings_from().own_addresses == {"a@x.example", "@y.example"}
    assert settings_from().keep.copies == (file.parent,)
    monkeypatch.setenv("HEARD_KEEP_COPIES", f"{file.parent},{os.sep}")
    assert settings_from().keep.copies == (file.parent, Path(os.sep))


def test_the_page_of_settings_is_that_of_the_class() -> None:
    assert (CHECKOUT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8") == as_markdown()


def test_every_setting_says_what_it_is_for() -> None:
    def silent(model: Any) -> list[str]:
        return [name for name, field in model.model_fields.items() if not field.description]

    assert silent(Settings) == []
