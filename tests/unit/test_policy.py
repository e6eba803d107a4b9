import pytest

from pipeline.domain import Channel, CueKind, Flag, MessageKind, Prediction, Route
from pipeline.errors import SettingsError
from pipeline.policy import flags_of, load_profile, profile_names, route
from tests.builders import a_cue, a_prediction, some_thresholds


def routed(
    prediction: Prediction, cues: list[CueKind] | None = None, profile: str = "hos-2024", **given: object
) -> Route:
    values: dict[str, object] = {"channel": Channel.EMAIL, "kind": MessageKind.WRITTEN, "prior_contacts": None, **given}
    return route(
        prediction=prediction,
        cues=[a_cue(kind) for kind in (cues if cues is not None else [CueKind.REPEAT_CONTACT])],
        profile=load_profile(profile),
        thresholds=some_thresholds(),
        **values,
    ).route


def test_a_sure_complaint_goes_to_stage_1() -> None:
    assert routed(a_prediction(0.9)) is Route.STAGE_1


def test_a_doubtful_one_goes_to_review() -> None:
    assert routed(a_prediction(0.5)) is Route.REVIEW


def test_the_review_threshold_itself_is_reviewed() -> None:
    assert routed(a_prediction(0.2)) is Route.REVIEW


def test_a_request_is_recorded_as_one() -> None:
    assert routed(a_prediction(0.1, service_request=0.8)) is Route.SERVICE_REQUEST


def test_praise_needs_no_action() -> None:
    assert routed(a_prediction(0.1, service_request=0.1)) is Route.NO_ACTION


def test_dissatisfaction_in_a_survey_is_signposted() -> None:
    assert routed(a_prediction(0.9), channel=Channel.SURVEY) is Route.SIGNPOST


def test_a_survey_answer_that_asks_for_the_process_goes_to_stage_1() -> None:
    assert routed(a_prediction(0.9), [CueKind.EXPLICIT_COMPLAINT], channel=Channel.SURVEY) is Route.STAGE_1


def test_whoever_asks_for_the_process_is_never_filed_away_unseen() -> None:
    assert routed(a_prediction(0.01), [CueKind.EXPLICIT_COMPLAINT]) is Route.REVIEW


def test_a_bounce_needs_no_action_whatever_the_model_says() -> None:
    assert routed(a_prediction(0.99), kind=MessageKind.MACHINE) is Route.NO_ACTION


def test_a_mail_without_words_goes_to_a_person() -> None:
    assert routed(a_prediction(0.0), kind=MessageKind.UNREADABLE) is Route.REVIEW


def test_the_part_of_a_message_nobody_scored_is_read_by_a_person() -> None:
    assert routed(a_prediction(0.01), [], windowed=True) is Route.REVIEW


@pytest.mark.parametrize(
    ("flag", "why"), [(Flag.INSTRUCTION, "tells software"), (Flag.LANGUAGE, "in Welsh"), (Flag.WORDLESS, "no words")]
)
def test_what_could_not_be_judged_as_written_is_read_by_a_person_who_is_told_why(flag: Flag, why: str) -> None:
    routing = route(
        prediction=a_prediction(0.01),
        cues=[],
        channel=Channel.SURVEY,
        kind=MessageKind.WRITTEN,
        prior_contacts=None,
        profile=load_profile("hos-2024"),
        thresholds=some_thresholds(),
        flags=(flag,),
        language="Welsh",
    )
    assert routing.route is Route.REVIEW
    assert why in routing.reasons[0]


@pytest.mark.parametrize("flag", [Flag.INSTRUCTION, Flag.LANGUAGE])
def test_a_sure_complaint_goes_to_stage_1_whatever_else_is_noted(flag: Flag) -> None:
    assert routed(a_prediction(0.9), flags=(flag,)) is Route.STAGE_1


@pytest.mark.parametrize("flag", [Flag.HAZARD, Flag.VULNERABILITY, Flag.MEMBER])
def test_other_flags_change_no_route(flag: Flag) -> None:
    assert routed(a_prediction(0.1, service_request=0.8), [], flags=(flag,)) is Route.SERVICE_REQUEST


def test_a_first_report_that_blames_goes_two_ways_under_the_two_codes() -> None:
    blaming = a_prediction(0.9)
    assert routed(blaming, [CueKind.DISSATISFACTION]) is Route.STAGE_1
    assert routed(blaming, [CueKind.DISSATISFACTION], "lgsco-2024") is Route.REVIEW


def test_prior_contacts_count_as_history() -> None:
    assert routed(a_prediction(0.9), [CueKind.DISSATISFACTION], "lgsco-2024", prior_contacts=2) is Route.STAGE_1


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_has_a_provision_for_every_cue(name: str) -> None:
    profile = load_profile(name)
    assert set(profile.provisions) == set(CueKind)
    assert (profile.acknowledge_days, profile.answer_days) == (5, 10)


def test_an_unknown_profile_is_named_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match=r"no profile 'old'.*hos-2024, lgsco-2024"):
        load_profile("old")


def test_flags_come_from_cues_and_from_how_the_message_was_read() -> None:
    found = flags_of([a_cue(CueKind.HAZARD, Flag.HAZARD)], MessageKind.MACHINE, windowed=True)
    assert found == (Flag.HAZARD, Flag.MACHINE, Flag.WINDOWED)


def test_flags_noted_in_reading_are_shown_with_those_of_cues() -> None:
    noted = (Flag.INSTRUCTION, Flag.LANGUAGE)
    found = flags_of([a_cue(CueKind.HAZARD, Flag.HAZARD)], MessageKind.WRITTEN, windowed=False, noted=noted)
    assert found == (Flag.HAZARD, Flag.INSTRUCTION, Flag.LANGUAGE)


def test_no_officer_is_shown_a_forbidden_word() -> None:
    profile = load_profile("lgsco-2024")
    reasons = [
        sentence
        for complaint in (0.05, 0.3, 0.95)
        for kind in MessageKind
        for channel in Channel
        for cues in ([], [a_cue(CueKind.EXPLICIT_COMPLAINT)])
        for sentence in route(
            prediction=a_prediction(complaint),
            cues=cues,
            channel=channel,
            kind=kind,
            prior_contacts=0,
            profile=profile,
            thresholds=some_thresholds(),
        ).reasons
    ]
    assert not [
        s for s in reasons if any(word in s.lower() for word in ("triage", "informal", "formal complaint", "stage 0"))
    ]
