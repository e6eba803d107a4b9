"""The pattern files: every row finds what it says it finds, and plain requests stay quiet."""

import pytest

from pipeline import cues
from pipeline.cues import find_cues, read_patterns
from pipeline.domain import Channel, CueKind, Flag
from pipeline.preprocess import prepare
from tests.builders import a_message

_FLAGS = {
    CueKind.EXPLICIT_COMPLAINT: {None, Flag.STAGE_2},
    CueKind.HAZARD: {Flag.HAZARD},
    CueKind.VULNERABILITY: {Flag.VULNERABILITY},
    CueKind.ADJUSTMENT: {Flag.ADJUSTMENT},
    CueKind.EXCLUSION_FLAG: {Flag.EXCLUSION, Flag.LEGAL, Flag.DATA_PROTECTION},
    CueKind.REPRESENTATIVE: {None, Flag.MEMBER},
}
_AGAINST_THE_ORGANISATION = (
    CueKind.EXPLICIT_COMPLAINT,
    CueKind.REPEAT_CONTACT,
    CueKind.BROKEN_COMMITMENT,
    CueKind.NO_RESPONSE,
    CueKind.POOR_WORKMANSHIP,
    CueKind.STAFF_CONDUCT,
    CueKind.UNFAIR_DECISION,
    CueKind.DISSATISFACTION,
)
_ROWS = [pytest.param(kind, row, id=f"{kind}: {row['example']}") for kind in CueKind for row in read_patterns(kind)]


@pytest.mark.parametrize(("kind", "row"), _ROWS)
def test_every_pattern_finds_its_own_example(kind, row):
    found = [cue for cue in find_cues(row["example"]) if cue.kind is kind]
    assert found, f"{row['pattern']!r} finds nothing in {row['example']!r}"


@pytest.mark.parametrize("kind", list(CueKind))
def test_a_kind_carries_only_the_flags_an_officer_expects_of_it(kind):
    assert {row.get("flag") for row in read_patterns(kind)} == _FLAGS.get(kind, {None})


@pytest.mark.parametrize(
    ("text", "kind", "flag"),
    [
        ("There is a smell of gas in the hall.", CueKind.HAZARD, Flag.HAZARD),
        ("No heating and a newborn baby in the flat.", CueKind.HAZARD, Flag.HAZARD),
        ("My son uses a wheelchair.", CueKind.VULNERABILITY, Flag.VULNERABILITY),
        ("Please write to me in large print.", CueKind.ADJUSTMENT, Flag.ADJUSTMENT),
        ("I'm not happy with your stage 1 reply.", CueKind.EXPLICIT_COMPLAINT, Flag.STAGE_2),
        ("My solicitor has your letter.", CueKind.EXCLUSION_FLAG, Flag.LEGAL),
        ("This is a data breach.", CueKind.EXCLUSION_FLAG, Flag.DATA_PROTECTION),
        ("It was already answered at stage 2.", CueKind.EXCLUSION_FLAG, Flag.EXCLUSION),
        ("I write about my constituent, Mr Day.", CueKind.REPRESENTATIVE, Flag.MEMBER),
    ],
)
def test_what_an_officer_must_see_at_once_is_flagged(text, kind, flag):
    assert any(cue.kind is kind and cue.flag is flag for cue in find_cues(text))


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("The kitchen tap drips, can you send a plumber?", _AGAINST_THE_ORGANISATION),
        ("My boiler has packed in this morning, please send someone.", _AGAINST_THE_ORGANISATION),
        ("I want to complain my tap is leaking.", (CueKind.EXPLICIT_COMPLAINT,)),
        ("The neighbours complain about my dog.", (CueKind.EXPLICIT_COMPLAINT,)),
        ("Can't complain, the new windows are warm.", (CueKind.EXPLICIT_COMPLAINT, CueKind.DISSATISFACTION)),
        ("Where can I read the complaints policy?", (CueKind.EXPLICIT_COMPLAINT,)),
        ("I don't want to make a formal complaint.", (CueKind.EXPLICIT_COMPLAINT,)),
        ("The old cooker still works fine.", (CueKind.REPEAT_CONTACT,)),
        ("Thanks again for your time.", (CueKind.REPEAT_CONTACT, CueKind.PRAISE)),
        ("See you again on Friday.", (CueKind.REPEAT_CONTACT,)),
        ("I have not reported this before.", (CueKind.REPEAT_CONTACT,)),
        ("First time I have been in touch about the gutter.", (CueKind.REPEAT_CONTACT,)),
        ("I live on the third floor.", (CueKind.REPEAT_CONTACT,)),
        ("Is my appointment on Tuesday morning or afternoon?", (CueKind.BROKEN_COMMITMENT, CueKind.NO_RESPONSE)),
        ("Could you move my visit to the 14th?", (CueKind.BROKEN_COMMITMENT,)),
        ("I will be in all day on Monday.", (CueKind.BROKEN_COMMITMENT,)),
        ("How do I pay my rent online?", _AGAINST_THE_ORGANISATION),
        ("What date do you take the direct debit?", _AGAINST_THE_ORGANISATION),
        ("Could we have a bigger blue bin please?", _AGAINST_THE_ORGANISATION),
        ("My neighbour plays loud music until three.", _AGAINST_THE_ORGANISATION),
        ("Some yobs have kicked the gate in, I'm fuming.", _AGAINST_THE_ORGANISATION),
        ("Heating off and it's freezing, this is ridiculous, sort it out.", (CueKind.DISSATISFACTION,)),
        ("I am furious with whoever dumped this sofa.", (CueKind.DISSATISFACTION,)),
        ("The driver of the minicab was rude to everyone.", (CueKind.STAFF_CONDUCT,)),
        ("The lads outside were shouting all night.", (CueKind.STAFF_CONDUCT,)),
        ("Please look at my banding, I have a new letter.", (CueKind.UNFAIR_DECISION,)),
        ("Why has my service charge gone up?", (CueKind.UNFAIR_DECISION, CueKind.DISSATISFACTION)),
        ("Many thanks, Ann.", (CueKind.PRAISE,)),
        ("Thank you in advance.", (CueKind.PRAISE,)),
        ("Kind regards and thanks, Mr Day", (CueKind.PRAISE,)),
        ("The drawer front came off in my hand.", (CueKind.POOR_WORKMANSHIP,)),
        ("My toddler broke the window handle.", (CueKind.POOR_WORKMANSHIP, CueKind.STAFF_CONDUCT)),
        ("The wind took two slates last night.", (CueKind.POOR_WORKMANSHIP, CueKind.IMPACT)),
        ("The gas meter is in the hall.", (CueKind.HAZARD,)),
        ("When is the next fire drill?", (CueKind.HAZARD,)),
        ("Is there a fee for the licence?", (CueKind.UNFAIR_DECISION, CueKind.HAZARD)),
        ("Can I paint the front door blue?", (CueKind.POOR_WORKMANSHIP, CueKind.ADJUSTMENT)),
        ("We would like a bench in Tribunal Road.", (CueKind.NO_RESPONSE, CueKind.DISSATISFACTION)),
        ("Please post me a form.", (CueKind.ADJUSTMENT, CueKind.REPRESENTATIVE)),
        ("The window looks on to the court.", (CueKind.EXCLUSION_FLAG,)),
        (
            "I work at the chip shop on Mill Lane.",
            (CueKind.EXCLUSION_FLAG, CueKind.REPRESENTATIVE, CueKind.VULNERABILITY),
        ),
        ("Cust asks which day the stairs are washed, happy.", _AGAINST_THE_ORGANISATION),
        ("Tnt rpts leak under sink, first report, op booked.", _AGAINST_THE_ORGANISATION),
        ("I rang the police twice about the lads on the stairs.", (CueKind.REPEAT_CONTACT,)),
        ("The water company promised to come on Monday and never did.", (CueKind.BROKEN_COMMITMENT,)),
        ("The letting agent never answers my calls.", (CueKind.NO_RESPONSE,)),
        ("No complaints at all, the lads were tidy.", (CueKind.EXPLICIT_COMPLAINT, CueKind.DISSATISFACTION)),
        ("We are not unhappy with the new windows.", (CueKind.DISSATISFACTION,)),
        ("My neighbour is typing this for me.", (CueKind.THIRD_PARTY_TARGET,)),
        ("It is the lamp across the road from the shop.", (CueKind.THIRD_PARTY_TARGET,)),
        ("It is the one with the blue door.", (CueKind.VULNERABILITY,)),
        ("Ms Doe asks what she owes.", (CueKind.VULNERABILITY,)),
        ("Could you send. Thank you.", (CueKind.VULNERABILITY,)),
        ("There is no reply needed.", (CueKind.NO_RESPONSE,)),
        ("The tap has dripped since Sunday.", (CueKind.DELAY, CueKind.REPEAT_CONTACT)),
        ("I empty the bowl twice a day.", (CueKind.REPEAT_CONTACT,)),
        ("You never know, it may be the fuse.", (CueKind.DISSATISFACTION,)),
        ("Every time a lorry passes the lid rattles.", (CueKind.REPEAT_CONTACT,)),
        ("I am not complaining about the council.", (CueKind.EXPLICIT_COMPLAINT,)),
        ("Do not treat this note as a complaint.", (CueKind.EXPLICIT_COMPLAINT,)),
        ("Do you collect old fridges?", (*_AGAINST_THE_ORGANISATION, CueKind.DELAY, CueKind.IMPACT)),
        ("My new telephone number is below.", (*_AGAINST_THE_ORGANISATION, CueKind.DELAY, CueKind.IMPACT)),
    ],
)
def test_a_plain_request_shows_none_of_these_kinds(text, kinds):
    found = {cue.kind: cue.text for cue in find_cues(text) if cue.kind in kinds}
    assert not found


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I told you twice what the police said.", CueKind.REPEAT_CONTACT),
        ("The gas company says your man never came back.", CueKind.BROKEN_COMMITMENT),
        ("Your letter says it is mended. It is not. Unacceptable.", CueKind.DISSATISFACTION),
        ("I rang the police. The officer never rang back.", CueKind.NO_RESPONSE),
        ("I am not happy and want this logged as a complaint.", CueKind.EXPLICIT_COMPLAINT),
    ],
)
def test_another_body_or_a_negation_silences_only_its_own_clause(text, kind):
    assert any(cue.kind is kind for cue in find_cues(text))


def test_what_an_officer_wrote_in_the_quoted_mail_shows_no_cue():
    reply = (
        "Could I move my visit to Friday?\n\nOn Mon, 2 Nov 2026 at 09:30, Repairs <repairs@brindlevale.example> wrote:"
    )
    quoted = "> I am sorry that nobody came and that you have rung three times. This is unacceptable."
    prepared = prepare(a_message(text=f"{reply}\n{quoted}", channel=Channel.EMAIL))
    assert not [cue for cue in prepared.cues if cue.kind in _AGAINST_THE_ORGANISATION]


@pytest.mark.parametrize("text", ["I RANG AGAIN AND NOBODY CAME", "I rang\nagain and nobody\ncame"])
def test_capitals_and_line_breaks_hide_no_cue(text: str) -> None:
    plain = find_cues("I rang again and nobody came")
    assert plain
    assert [(cue.kind, cue.start, cue.end) for cue in find_cues(text)] == [(c.kind, c.start, c.end) for c in plain]
    assert all(cue.text == text[cue.start : cue.end] for cue in find_cues(text))


def test_cues_are_the_same_after_the_vocabulary_was_made_anew():
    text = "Nobody came, and this is the third time of asking."
    rules, before = cues._rules(), find_cues(text)
    for _ in range(5):
        find_cues(" " * 900_000)
    assert find_cues(text) == before
    assert cues._rules() is not rules
