import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from sklearn.base import clone

from pipeline.domain import Channel, CueKind
from pipeline.features import CueCounts, Texts
from pipeline.preprocess import prepare
from tests.builders import COMPLAINT, a_message

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
