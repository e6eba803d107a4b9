from collections.abc import Sequence
from dataclasses import replace

import pytest

from pipeline.domain import Channel, Decision, Label, Message, Route
from pipeline.metrics import share
from pipeline.perturb import Perturbation, Purpose, perturbations
from pipeline.robustness import Robustness, changed_sample, measure, perturbed, robustness_table
from tests.builders import a_decision, a_message

BY_NAME = {perturbation.name: perturbation for perturbation in perturbations(Purpose.CHECKING)}
MESSAGES = [a_message(id=f"m-{n}", channel=list(Channel)[n % 4], subject="Lift's out") for n in range(40)]


def easily_shouted_down(messages: Sequence[Message]) -> list[Decision]:
    """Takes capitals for no complaint."""
    return [
        a_decision(0.01, Route.NO_ACTION, message_id=message.id)
        if message.text.isupper()
        else a_decision(message_id=message.id)
        for message in messages
    ]


def measured(perturbation: Perturbation) -> Robustness:
    before = {decision.message_id: decision for decision in easily_shouted_down(MESSAGES)}
    pairs = changed_sample(MESSAGES, perturbation, rows=30, seed=1)
    return measure(pairs, before, perturbation, easily_shouted_down)


def test_flips_and_messages_lost_to_officers_are_counted() -> None:
    shouted = measured(BY_NAME["upper case"])
    assert (shouted.flips.value, shouted.flips.n, shouted.lost.value) == (1.0, 30, 1.0)
    assert measured(BY_NAME["lower case"]).flips.value == 0.0


def test_only_messages_that_the_change_touches_are_counted() -> None:
    untouched = [replace(message, text="no hyphen here", subject="") for message in MESSAGES]
    assert changed_sample(untouched, BY_NAME["hyphen variants"], rows=30, seed=1) == []


def test_only_mail_gets_a_signature() -> None:
    pairs = changed_sample(MESSAGES, BY_NAME["signature"], rows=30, seed=1)
    assert {before.channel for before, _ in pairs} == {Channel.EMAIL}
    assert len(pairs) == 10


def test_the_same_seed_draws_and_changes_the_same_messages() -> None:
    typing = BY_NAME["typos in 5 % of letters"]
    drawn = changed_sample(MESSAGES, typing, rows=5, seed=3)
    assert changed_sample(MESSAGES, typing, rows=5, seed=3) == drawn
    assert changed_sample(MESSAGES, typing, rows=5, seed=4) != drawn


def test_characters_change_in_the_subject_too_but_nothing_is_added_to_it() -> None:
    message = MESSAGES[0]
    assert perturbed(message, BY_NAME["upper case"], seed=1).subject == "LIFT'S OUT"
    assert perturbed(message, BY_NAME["greeting"], seed=1).subject == message.subject


@pytest.mark.parametrize(
    ("hits", "total", "verdict"), [(0, 1000, "met"), (0, 50, "unclear"), (2, 100, "unclear"), (20, 100, "not met")]
)
def test_an_aim_is_met_only_where_the_whole_interval_is_below_it(hits: int, total: int, verdict: str) -> None:
    result = Robustness(perturbation=BY_NAME["upper case"], flips=share(hits, total), lost=share(0, total))
    assert result.verdict == verdict


def test_the_table_has_a_row_a_change_with_its_aim() -> None:
    lines = robustness_table([measured(change) for change in BY_NAME.values()]).split("\n")
    assert len(lines) == 2 + len(BY_NAME)
    assert lines[2].startswith("| upper case ")
    assert "| < 1% | not met |" in lines[2]
    assert all(line.startswith("|") and line.endswith("|") for line in lines)


def test_a_label_that_stays_is_no_flip_whatever_its_probability() -> None:
    unsure = a_decision(0.6, Route.REVIEW, label=Label.COMPLAINT)
    message = MESSAGES[0]
    pairs = [(message, perturbed(message, BY_NAME["emoji"], seed=1))]
    result = measure(pairs, {message.id: a_decision()}, BY_NAME["emoji"], lambda _: [unsure])
    assert (result.flips.value, result.lost.value) == (0.0, 0.0)
