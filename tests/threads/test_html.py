import pytest

from pipeline.read.html import html_to_text
from pipeline.read.markup import MARKUP_LIMIT, thin
from pipeline.threads import newest_words

WORDS = "<p>The boiler is off.</p>"


@pytest.mark.parametrize(
    "hidden",
    [
        "<div style='display : NONE'>praise</div>",
        "<div style='display:none!important'>praise</div>",
        "<div hidden>praise</div>",
        "<p style='visibility:hidden'>praise</p>",
        "<p style='font-size:0.0pt'>praise</p>",
        "<p style='mso-hide:all'>praise</p>",
        "<p style='opacity:0'>praise</p>",
        "<p style='position:absolute;left:-9999px'>praise</p>",
        "<p style='text-indent:-5000px'>praise</p>",
        "<div style='max-height:0px;overflow:hidden'>praise</div>",
        "<font color='#FFFFFF'>praise</font>",
        "<p style='color:rgb(255, 255, 255)'>praise</p>",
        "<div style='background:#fff'><p style='color:white'>praise</p></div>",
        "<div style='display:none'><p style='color:white'>praise</p>praise</div>",
        "<script>praise</script><style>praise</style><title>praise</title><template>praise</template>",
    ],
)
def test_words_that_no_reader_sees_are_left_out(hidden: str) -> None:
    assert html_to_text(hidden + WORDS) == "The boiler is off."


@pytest.mark.parametrize(
    "style",
    ["font-size:0.9em", "color:#333", "background:#036;color:white", "text-indent:-18pt", "opacity:0.8", "left:-2px"],
)
def test_words_that_a_reader_sees_stay(style: str) -> None:
    assert html_to_text(f'<p style="{style}">The boiler is off.</p>') == "The boiler is off."


def test_a_mail_with_nothing_but_hidden_words_keeps_them() -> None:
    assert html_to_text("<p style='color:white'>The boiler is off.</p>") == "The boiler is off."


@pytest.mark.parametrize(
    "before",
    [
        "<div>" * 20_000,
        "<blockquote>x</blockquote>" * 500 + "<div>" * 100_000,
        "<p " + "a=1 " * 1_000_000 + ">",
        "<style>" + ".a{color:red}" * 400_000 + "</style>",
        '<img src="data:image/png;base64,' + "A" * 5_000_000 + '">',
        "<!--" + "x" * 3_000_000 + "-->",
        '<a href="https://x.example">x</a>' * 5_001,
        "<!-- never closed ",
        "<!-- x " * 50_000,
        '<a title="never closed>',
        '<a b="' * 50_000,
        "<style>p {",
    ],
)
def test_words_behind_vast_or_broken_markup_are_found(before: str) -> None:
    assert "The boiler is off." in html_to_text(before + WORDS)


def test_what_is_parsed_is_bounded() -> None:
    assert len(thin("<i>x</i>" * 1_000_000)) <= MARKUP_LIMIT


def test_cells_and_lines_are_not_run_together() -> None:
    assert html_to_text("<table><tr><td>Name</td><td>Jo</td></tr></table>one<br>two") == "Name Jo\n\none\ntwo"


def test_a_break_in_the_source_is_no_break_on_the_page() -> None:
    assert html_to_text("<p>The boiler\n   is <b>off</b>.</p>") == "The boiler is off."
    assert html_to_text("<pre>one\ntwo</pre>") == "one\ntwo"


def test_a_sign_of_less_and_an_address_in_angles_stay_words() -> None:
    assert html_to_text("<p>below 5 < 6, write to <jo@example.org></p>") == "below 5 < 6, write to <jo@example.org>"


def test_words_that_the_writer_indented_are_no_quotation() -> None:
    indent = '<blockquote style="margin:0 0 0 40px;border:none;padding:0px">Nobody came.</blockquote>'
    assert html_to_text(f"<p>So:</p>{indent}") == "So:\n\nNobody came."


def test_a_signature_that_the_program_marks_is_cut_away_and_what_follows_it_stays() -> None:
    html = '<p>Done.</p><div id="Signature"><p>Kit Rowsell</p></div><p>PS the smell is back and I am ill.</p>'
    found = newest_words(html_to_text(html), forwarded=False)
    assert "Kit" not in found
    assert found.endswith("PS the smell is back and I am ill.")


def test_lines_of_a_quotation_keep_their_breaks_and_marks() -> None:
    quoted = "<blockquote><p>We are <a href='x'>so</a> sorry.</p><p>Goodbye</p></blockquote>"
    assert html_to_text(f"<p>No.</p>{quoted}") == "No.\n\n> We are so sorry.\n> Goodbye"
