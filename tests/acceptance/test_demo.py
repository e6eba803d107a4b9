"""What `make run` does, as a new user sees it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import heard


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def shown(model: Path, folder: Path) -> str:
    done = heard("demo", "--no-serve", cwd=folder, HEARD_MODEL=str(model), COLUMNS="160")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demo_says_what_it_did(shown: str) -> None:
    assert "163 messages received, 1 seen before, 0 set aside." in shown
    assert re.search(r"email +│ +\d+ │", shown)
    assert "acknowledge by" in shown
    assert re.search(r"repeat_contact \(HOS 1\.5\)", shown)
    assert "Traceback" not in shown


def test_a_second_run_adds_nothing_and_the_count_still_holds(shown: str, model: Path, folder: Path) -> None:
    again = heard("demo", "--no-serve", cwd=folder, HEARD_MODEL=str(model))
    assert "0 messages received, 164 seen before, 0 set aside." in again.stdout
    balance = heard("reconcile", cwd=folder, COLUMNS="160")
    assert balance.returncode == 0
    assert balance.stdout.count("holds") == 3
    assert "DOES NOT HOLD" not in balance.stdout


def test_the_other_code_and_nation_are_one_setting_away(model: Path, tmp_path: Path) -> None:
    done = heard(
        "demo", "--no-serve", cwd=tmp_path, HEARD_MODEL=str(model), HEARD_PROFILE="lgsco-2024", HEARD_NATION="SCT"
    )
    assert "LGSCO 1.7" in done.stdout


@pytest.fixture
def server(model: Path, tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    command = [str(Path(sys.executable).parent / "heard"), "serve", "--port", "8765", "--model", str(model)]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        address = "http://127.0.0.1:8765"
        _wait_for(f"{address}/health/ready", process)
        yield process, address
        process.kill()


def _wait_for(address: str, process: "subprocess.Popen[str]") -> None:
    while process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(process.communicate()[0])


def test_a_message_that_was_answered_for_survives_a_kill(
    server: tuple["subprocess.Popen[str]", str], model: Path, tmp_path: Path
) -> None:
    process, address = server
    body = json.dumps({"id": "m-1", "text": "Third time of asking. Nobody came.", "channel": "note"}).encode()
    request = urllib.request.Request(f"{address}/v1/messages", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 201
    process.kill()
    process.wait()
    assert "http" in heard("reconcile", cwd=tmp_path).stdout


def test_ctrl_c_ends_the_service_without_a_traceback(server: tuple["subprocess.Popen[str]", str]) -> None:
    process, _address = server
    os.kill(process.pid, signal.SIGINT)
    printed, _ = process.communicate(timeout=30)
    assert "Traceback" not in printed


def test_a_port_in_use_is_a_sentence(server: tuple["subprocess.Popen[str]", str], model: Path, tmp_path: Path) -> None:
    done = heard("serve", "--port", "8765", "--model", str(model), cwd=tmp_path)
    assert done.returncode == 2
    assert "port 8765" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["serve", "--host", "0.0.0.0"], "only 127.0.0.1, ::1 or localhost can be served"),
        (["serve", "--port", "99999"], "port"),
        (["serve", "--database", "nonsense"], "database address cannot be used"),
        (["serve", "--database", "sqlite:////nowhere/at/all/heard.db"], "cannot be opened"),
        (["reconcile", "--database", "sqlite:///mistyped.db"], "the database is empty or of another version"),
        (["serve", "--model", "/nowhere"], "is not a model folder"),
    ],
)
def test_a_wrong_setting_is_a_sentence_and_status_2(
    model: Path, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    known = [] if "--model" in arguments or arguments[0] == "reconcile" else ["--model", str(model)]
    done = heard(*arguments, *known, cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr


def test_help_names_every_command(tmp_path: Path) -> None:
    done = heard("--help", cwd=tmp_path)
    assert done.returncode == 0
    for command in ("score", "train", "evaluate", "serve", "demo", "reconcile"):
        assert command in done.stdout
