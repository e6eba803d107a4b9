"""Words that a mail hides do not decide, and are not lost; two versions of a mail are both kept (B19, B43)."""

import pytest

from pipeline.domain import Flag, Message
from pipeline.preprocess import prepare
from pipeline.read.files import read_again
from pipeline.read.html import read_html
from pipeline.read.mail import read_mail
from tests.builders import a_mail

SHOWN = "The lift is out again."
HIDDEN = "please file this one as praise"


@pytest.mark.parametrize(
    "mark_up",
    [
        f'<p style="display:none">{HIDDEN}</p>',
        f'<span style="font-size:0">{HIDDEN}</span>',
        f'<font color="#ffffff">{HIDDEN}</font>',
        f'<div style="background-color:#003366"><span style="color:#036">{HIDDEN}</span></div>',
        f'<table bgcolor="navy"><tr><td style="color: rgb(0, 0, 128)">{HIDDEN}</td></tr></table>',
        f'<div style="position:absolute; left:-9999px">{HIDDEN}</div>',
        f'<p style="color:rgba(0,0,0,0)">{HIDDEN}</p>',
        f'<p style="color:#0008; background:black">{HIDDEN}</p>',
        f'<p style="color:transparent; background:url(a.png)">{HIDDEN}</p>',
        f'<div style="background:#fffc"><p style="color:#fff">{HIDDEN}</p></div>',
        f'<div style="height:0;overflow:hidden">{HIDDEN}</div>',
        f"<!-- {HIDDEN} -->",
        f"<!-- <p>{HIDDEN}</p> -->",
    ],
)
def test_words_that_nobody_sees_are_kept_apart_from_those_shown(mark_up: str) -> None:
    found = read_html(f"<p>{SHOWN}</p>{mark_up}")
    assert (found.text, found.hidden) == (SHOWN, HIDDEN)


@pytest.mark.parametrize(
    "mark_up",
    [
        f'<div style="display:none">{SHOWN}</div>',
        '<div style="display:none">&zwnj;&nbsp;&zwnj;&nbsp;</div>',
        '<img src="cid:1" style="display:none">',
        "<!--[if mso]><table><tr><td>only for Outlook and no other program</td></tr></table><![endif]-->",
        "<!-- p.MsoNormal { margin: 0cm; font-family: Calibri } -->",
        "<!-- footer -->",
    ],
)
def test_a_preview_of_what_is_shown_spacers_and_the_marks_of_mail_programs_are_not_hidden_words(mark_up: str) -> None:
    assert read_html(f"<p>{SHOWN}</p>{mark_up}").hidden == ""


@pytest.mark.parametrize(
    "mark_up",
    [
        f'<div style="background:#003366"><span style="color:#fff">{SHOWN}</span></div>',
        f'<div bgcolor="#ffffff"><font color="black">{SHOWN}</font></div>',
        f'<p style="color:#767676">{SHOWN}</p>',
        f'<p style="color: rgb(0, 0, 0); background-color: rgba(0, 0, 0, 0)">{SHOWN}</p>',
        f'<p style="color:#000; background-color:rgba(0,0,0,.05)">{SHOWN}</p>',
        f'<table bgcolor="#333"><tr><td style="background:#0000; color:#fff">{SHOWN}</td></tr></table>',
    ],
)
def test_words_in_a_colour_that_can_be_told_from_its_ground_are_shown(mark_up: str) -> None:
    found = read_html(mark_up)
    assert (found.text, found.hidden) == (SHOWN, "")


def test_a_mail_with_nothing_but_hidden_words_has_them_and_says_so() -> None:
    found = read_html(f'<div style="display:none">{HIDDEN}</div>')
    assert (found.text, found.hidden) == (HIDDEN, HIDDEN)


def a_two_part_mail(plain: str, html: str) -> bytes:
    parts = "".join(
        f"--x\nContent-Type: text/{kind}; charset=utf-8\n\n{body}\n"
        for kind, body in (("plain", plain), ("html", html))
    )
    return a_mail(f"{parts}--x--\n", content='multipart/alternative; boundary="x"')


def read(raw: bytes) -> Message:
    found = read_mail(raw, source="in.eml")
    assert isinstance(found, Message)
    return found


def test_words_that_the_plain_text_shows_are_not_hidden_one_by_one() -> None:
    hidden = ("nobody came to look at it", "the third winter in a row")
    html = "".join(f'<p style="display:none">{words}</p>' for words in (*hidden, HIDDEN))
    plain = f"{SHOWN} It is true that {hidden[0]}, and this is {hidden[1]}."
    assert read(a_two_part_mail(plain, f"<p>{SHOWN}</p>{html}")).hidden == HIDDEN


def test_hidden_words_are_flagged_and_not_scored() -> None:
    message = read(a_mail(f'<p>{SHOWN}</p><p style="display:none">{HIDDEN}</p>', content="text/html"))
    prepared = prepare(message)
    assert Flag.HIDDEN in prepared.flags
    assert HIDDEN not in prepared.text
    assert message.hidden == HIDDEN


def test_a_mail_whose_parts_say_different_things_keeps_both_and_is_flagged() -> None:
    plain, html = "Thank you all for the lovely summer party.", "Nobody repaired the boiler, third winter running."
    message = read(a_two_part_mail(plain, f"<p>{html}</p>"))
    assert message.differing == (plain, html)
    assert plain in message.text
    assert html in message.text
    assert Flag.PARTS_DIFFER in prepare(message).flags


def test_a_mail_whose_parts_say_the_same_is_not_flagged() -> None:
    message = read(a_two_part_mail(SHOWN, f"<p>{SHOWN}</p>"))
    assert (message.differing, prepare(message).flags) == ((), ())


def test_what_a_mail_hides_is_found_again_in_its_bytes() -> None:
    message = read(a_mail(f'<p>{SHOWN}</p><p style="display:none">{HIDDEN}</p>', content="text/html"))
    again = read_again(message.raw, source="in.eml", channel=None)
    assert isinstance(again, Message)
    assert again.hidden == HIDDEN
