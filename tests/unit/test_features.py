import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion, make_pipeline

from pipeline import features
from pipeline.domain import Channel, CueKind
from pipeline.features import CharacterGrams, CueCounts, SideBySide, Texts, WordGrams
from pipeline.preprocess import prepare
from tests.builders import COMPLAINT, REQUEST, THANKS, a_message

CORPUS = [
    COMPLAINT,
    REQUEST,
    THANKS,
    "aaaa aaaa aaaa bb\tb\u2003c",
    "it's no good!!! is it??\n\n\nno",
    "the link https://repairs.brindlevale.example/report/2026/11/boiler?again=third is dead",
    "",
]
SAME = [
    (CharacterGrams(ngram_range=(2, 5)), {"analyzer": "char_wb", "ngram_range": (2, 5)}),
    (CharacterGrams(ngram_range=(1, 3), min_df=2), {"analyzer": "char_wb", "ngram_range": (1, 3), "min_df": 2}),
    (WordGrams(ngram_range=(1, 2), token_pattern=r"\w+|[!?]+"), {"ngram_range": (1, 2), "token_pattern": r"\w+|[!?]+"}),
    (WordGrams(min_df=2), {"min_df": 2}),
]
PREPARED = [prepare(a_message()), prepare(a_message(text="Lovely new bench."))]


def test_transformers_clone_pickle_and_keep_a_row_a_message() -> None:
    for transformer in (Texts(), CueCounts()):
        fitted = pickle.loads(pickle.dumps(clone(transformer).fit(PREPARED)))
        assert np.shape(fitted.transform(PREPARED))[0] == 2


def test_texts_are_the_prepared_words_in_lower_case() -> None:
    assert Texts().fit(PREPARED).transform(PREPARED) == [COMPLAINT.casefold(), "lovely new bench."]


def test_a_cue_found_counts_once_and_a_little_more_when_repeated() -> None:
    message = prepare(a_message(text="Third time I have asked. This is the third time."))
    counts = CueCounts().fit([message])
    names = list(counts.get_feature_names_out())
    row = counts.transform([message]).toarray()[0]
    assert row[names.index("cue:repeat_contact")] == 1.5
    assert row[names.index("cue:praise")] == 0


def test_channel_and_length_are_no_features() -> None:
    counts = CueCounts().fit(PREPARED)
    by_channel = [counts.transform([prepare(a_message(channel=channel))]).toarray().tolist() for channel in Channel]
    assert all(row == by_channel[0] for row in by_channel)
    assert not {"length", "channel"} & {name.split(":")[1] for name in counts.get_feature_names_out()}


def test_flag_kinds_are_shown_to_officers_but_not_to_the_model() -> None:
    names = CueCounts().fit(PREPARED).get_feature_names_out()
    assert f"cue:{CueKind.EXCLUSION_FLAG}" not in names


def test_threads_find_the_cues_that_one_would() -> None:
    messages = [a_message(text=f"{COMPLAINT} word{n} sparking bodged fly-tipping") for n in range(300)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(prepare, messages)) == [prepare(message) for message in messages]


def the_same(found, expected) -> bool:
    return (
        type(found) is type(expected)
        and found.dtype == expected.dtype
        and found.shape == expected.shape
        and np.array_equal(found.indptr, expected.indptr)
        and np.array_equal(found.indices, expected.indices)
        and np.array_equal(found.data, expected.data)
    )


@pytest.mark.parametrize(("ours", "settings"), SAME)
def test_ngrams_are_weighed_as_scikit_learn_weighs_them_to_the_last_digit(ours, settings) -> None:
    theirs = TfidfVectorizer(lowercase=False, sublinear_tf=True, **settings).fit(CORPUS)
    found = clone(ours).fit(CORPUS)
    assert list(found.get_feature_names_out()) == list(theirs.get_feature_names_out())
    unseen = [*CORPUS, "unseen words, and again: boilerboilerboiler", "x" * 7000, " \n "]
    for _ in range(2):  # the second time from what was kept
        assert the_same(found.transform(unseen), theirs.transform(unseen))
    assert the_same(found.fit_transform(CORPUS), theirs.fit_transform(CORPUS))


LEARNED = CharacterGrams(ngram_range=(2, 5)).fit(CORPUS)
THEIRS = TfidfVectorizer(lowercase=False, sublinear_tf=True, analyzer="char_wb", ngram_range=(2, 5)).fit(CORPUS)
WORDS = st.sampled_from(sorted({word for text in CORPUS for word in text.split()}))
SPACES = st.text(" \n\t\r\x0b\x1c\x85\u00a0\u2003\u3000", min_size=1, max_size=3)
TEXTS = st.lists(st.one_of(WORDS, SPACES, st.text(max_size=40)), max_size=30).map("".join)


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_whatever_is_written_its_character_ngrams_are_those_of_scikit_learn(texts: list[str]) -> None:
    together = LEARNED.transform(texts)
    assert the_same(together, THEIRS.transform(texts))
    assert all(the_same(LEARNED.transform([text]), together[number]) for number, text in enumerate(texts))


def test_what_is_kept_of_words_is_bounded_and_long_words_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "_WORDS_KEPT", 10)
    grams = CharacterGrams().fit(CORPUS)
    grams.transform([f"boiler{number}" for number in range(50)])
    assert grams._columns.cache_info().currsize == 10
    held = grams._columns.cache_info()
    grams.transform(["x" * 6000])
    assert grams._columns.cache_info() == held


def test_what_was_kept_of_words_is_neither_pickled_nor_survives_new_learning() -> None:
    grams = CharacterGrams().fit(CORPUS)
    before = pickle.dumps(grams)
    grams.transform(["boiler boiler"])
    assert pickle.dumps(grams) == before
    other = ["zebra crossing", "boiler room zebra"]
    assert the_same(grams.fit(other).transform(["boiler"]), CharacterGrams().fit(other).transform(["boiler"]))


def test_features_side_by_side_are_those_of_a_feature_union() -> None:
    parts = [("characters", make_pipeline(Texts(), CharacterGrams())), ("cues", CueCounts())]
    expected = FeatureUnion(parts).fit(PREPARED).transform(PREPARED)
    assert the_same(SideBySide(parts).fit(PREPARED).transform(PREPARED), expected)
