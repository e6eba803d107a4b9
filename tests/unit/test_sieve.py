"""The sieve says where spaCy's matcher must look, or what it would find; the matcher on the whole text is the judge."""

import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.matcher import Matcher
from spacy.tokens import Doc

from pipeline.cues import read_patterns
from pipeline.domain import CueKind
from pipeline.sieve import Sieve

NLP = spacy.blank("en")
WORDS = ("no", "one", "came", "again", "nobody", "3rd", "12", "!", "the", "The")

words = st.sampled_from(WORDS)
conditions = st.one_of(
    words.map(lambda word: {"LOWER": word}),
    words.map(lambda word: {"TEXT": word}),
    st.lists(words, min_size=1, max_size=4).map(lambda some: {"LOWER": {"IN": some}}),
    st.lists(words, min_size=1, max_size=4).map(lambda some: {"LOWER": {"NOT_IN": some}}),
    st.sampled_from([r"^no", r"\d", r"e$"]).map(lambda form: {"LOWER": {"REGEX": form}}),
    st.sampled_from([{"IS_PUNCT": False}, {"LIKE_NUM": True}, {"LOWER": "no", "IS_TITLE": True}, {}]),
)
operators = st.sampled_from([None, None, None, "?", "*", "+", "!", "{2}", "{1,2}", "{,2}", "{0,1}", "{1,}"])
tokens = st.builds(lambda condition, op: {**condition, "OP": op} if op else condition, conditions, operators)
patterns = st.lists(st.lists(tokens, min_size=1, max_size=5), min_size=1, max_size=4)


def found_through_the_sieve(patterns, doc):
    sieve = Sieve(patterns)
    found = set()
    for number, start, end in sieve.stretches([token.lower_ for token in doc]):
        if sieve.is_match((number, start, end)):
            found.add((number, start, end))
        else:
            found |= {
                (number, start + first, start + last) for first, last in matches(patterns[number], doc[start:end])
            }
    return found


def found_by_spacy_alone(patterns, doc):
    return {(number, *place) for number, pattern in enumerate(patterns) for place in matches(pattern, doc)}


def matches(pattern, where):
    matcher = Matcher(NLP.vocab)
    matcher.add("p", [pattern])
    return {(start, end) for _, start, end in matcher(where)}


@settings(deadline=None)
@given(patterns, st.lists(words, max_size=25))
def test_no_match_of_any_token_pattern_is_lost(patterns, text):
    doc = Doc(NLP.vocab, words=text)
    assert found_through_the_sieve(patterns, doc) == found_by_spacy_alone(patterns, doc)


@given(patterns, st.lists(words, max_size=25))
def test_stretches_of_one_pattern_never_overlap(patterns, text):
    ends = {}
    for number, start, end in Sieve(patterns).stretches([word.lower() for word in text]):
        assert ends.get(number, 0) <= start < end <= len(text)
        ends[number] = end


def test_no_match_of_the_patterns_in_use_is_lost():
    rows = [row for kind in CueKind for row in read_patterns(kind)]
    patterns = [row["pattern"] for row in rows if not isinstance(row["pattern"], str)]
    doc = NLP(" ".join(row["example"] for row in rows[::8]))
    found = found_by_spacy_alone(patterns, doc)
    assert len(found) > len(rows) / 8
    assert found_through_the_sieve(patterns, doc) == found
