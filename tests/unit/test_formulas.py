import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.formulas import formula_plain, formula_safe

RISKY = st.text(st.sampled_from(list("=+-@\t\r\n' \u00a0ab")), max_size=12)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@a", "\tx", "\rx", "\nx", "  =1", "\u00a0=1", "x\n=1", "x\r=1", "x\r\n @1"]
)
def test_no_line_of_a_cell_begins_as_a_formula_does(text: str) -> None:
    safe = formula_safe(text)
    assert not re.match(r"[ \u00a0]*[=+\-@\t\r\n]", safe)
    assert not any(re.match(r"[ \u00a0]*[=+\-@\t]", line) for line in re.split(r"\r\n|\r|\n", safe))


@given(RISKY | st.text(max_size=50))
def test_what_is_made_safe_can_be_made_plain(text: str) -> None:
    assert formula_plain(formula_safe(text)) == text


def test_other_texts_and_numbers_stay_as_they_are() -> None:
    assert [formula_safe(value) for value in ("no heat", "3-4 weeks", -0.5, None)] == [
        "no heat",
        "3-4 weeks",
        -0.5,
        None,
    ]
