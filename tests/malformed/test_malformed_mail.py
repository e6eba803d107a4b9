"""Every malformed mail is accounted for, its words are found, and its neighbours are left alone."""

import re
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.domain import Message, MessageKind
from pipeline.errors import InputError
from pipeline.read.files import read_again, read_paths
from tests.conftest import heard
from tests.malformed.making import Case, mail
from tests.malformed.table import every_case, file_name

ENVELOPE = b"From jo@example.org Mon Nov  2 09:31:00 2026\n"
LARGE = 1_000_000
GOOD = (
    mail("The good mail before.\n", ident="<before@example.org>"),
    mail("The good mail after.\n", ident="<after@example.org>"),
)
SMALL = [case for case in every_case() if len(case.raw) < LARGE]
SINGLE = [case for case in SMALL if case.row != "B50" and not case.raw.startswith((b"From ", b"\xd0\xcf"))]


@pytest.fixture
def _watchdog() -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("one file took more than a minute"))
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def outcomes(path: Path) -> list[Message | InputError]:
    return list(read_paths([str(path)], channel=None))


def test_there_are_more_than_150_cases_and_no_two_of_one_name() -> None:
    names = [str(case) for case in every_case()]
    assert len(set(names)) == len(names) > 150


@pytest.mark.usefixtures("_watchdog")
@pytest.mark.parametrize("case", every_case(), ids=str)
def test_a_malformed_mail_is_read_as_its_case_says(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(case.raw)
    found = outcomes(path)
    messages = [each for each in found if isinstance(each, Message)]
    text = "\n".join(each.text for each in messages)
    assert len(found) == case.mails
    assert bool(messages) is not case.refused
    assert [word for word in case.words if word not in text] == []
    assert [word for word in case.absent if word in text] == []
    for each in messages:
        assert case.kind in {None, each.kind}
        assert case.subject in {None, each.subject}
        assert case.sender in {None, each.sender}
        assert "\x00" not in each.text + each.subject + each.sender
        (each.text + each.subject + each.sender).encode()


@pytest.mark.parametrize("case", [case for case in SINGLE if not case.refused], ids=str)
def test_the_bytes_of_a_malformed_mail_are_kept_and_read_again_as_the_same(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(case.raw)
    (found,) = outcomes(path)
    assert isinstance(found, Message)
    assert found.raw == case.raw
    assert read_again(found.raw, source=str(path), channel=None) == found


def test_in_one_folder_every_file_is_accounted_for_and_good_mails_between_are_untouched(tmp_path: Path) -> None:
    for number, case in enumerate(SMALL):
        name = file_name(number, case)
        (tmp_path / f"{name}-0").write_bytes(GOOD[0])
        (tmp_path / f"{name}-1").write_bytes(case.raw)
        (tmp_path / f"{name}-2").write_bytes(GOOD[1])
    found = outcomes(tmp_path)
    good = [facts(each) for each in found if isinstance(each, Message) and each.raw in GOOD]
    assert good == [facts(alone(raw)) for raw in GOOD] * len(SMALL)
    assert len(found) == len(good) + sum(case.mails for case in SMALL)


@pytest.mark.parametrize("case", SINGLE, ids=str)
def test_between_two_good_mails_of_an_mbox_a_malformed_one_leaves_both_as_they_are(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "in.mbox"
    quoted = re.sub(rb"^(>*From )", rb">\1", case.raw, flags=re.MULTILINE)
    path.write_bytes(b"\n".join([ENVELOPE + GOOD[0], ENVELOPE + quoted + b"\n", ENVELOPE + GOOD[1]]))
    found = outcomes(path)
    assert len(found) == 3
    assert [facts(found[0]), facts(found[-1])] == [facts(alone(raw)) for raw in GOOD]


def alone(raw: bytes) -> Message | InputError:
    found = read_again(raw, source="alone", channel=None)
    assert isinstance(found, Message)
    return found


def facts(found: Message | InputError) -> Message:
    assert isinstance(found, Message), found
    return replace(found, source=None, received_at=None)


GOODS = [case.raw for case in SMALL if case.kind is MessageKind.WRITTEN and len(case.raw) < 20_000]


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_cuts_and_flipped_bytes_never_raise_and_are_always_accounted_for(data: st.DataObject, tmp_path: Path) -> None:
    raw = bytearray(data.draw(st.sampled_from(GOODS)))
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=12)):
        raw[place] = data.draw(st.integers(0, 255))
    start = data.draw(st.integers(0, len(raw) // 4))
    path = tmp_path / "in"
    path.write_bytes(raw[start : data.draw(st.integers(start, len(raw)))])
    assert outcomes(path)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(st.text("From :\n>x 2026", max_size=60), min_size=1, max_size=5))
def test_what_is_written_to_an_mbox_by_the_rules_comes_out_as_it_was(bodies: list[str], tmp_path: Path) -> None:
    path = tmp_path / "in.mbox"
    mails = [mail(f"{body}\n.\n") for body in bodies]
    quoted = [re.sub(rb"^(>*From )", rb">\1", each, flags=re.MULTILINE) for each in mails]
    path.write_bytes(b"".join(ENVELOPE + each + b"\n" for each in quoted))
    assert [each.raw for each in outcomes(path) if isinstance(each, Message)] == mails


def test_the_command_scores_what_can_be_read_and_names_what_cannot(tmp_path: Path, model: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number, case in enumerate(SMALL):
        (folder / file_name(number, case)).write_bytes(case.raw)
    done = heard("score", str(folder), "--model", str(model), "--output", str(tmp_path / "out.jsonl"))
    scored = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(scored) == sum(case.mails for case in SMALL if not case.refused)
    for number, case in enumerate(SMALL):
        assert (file_name(number, case) in done.stderr) is case.refused, case
