"""Where tokens stand in a text: to the byte where the text is kept, by search where it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.tokenizers import make_tokenizer
from studio.tokenizing.aligned import Lane, _shared, lane_of

TEXT = "Mira went to the harbour."


def places(lane: Lane):
    return [(placed.start, placed.end) for placed in lane.tokens]


def cut(lane: Lane, text: str):
    return [text[round(placed.start) : round(placed.end)] for placed in lane.tokens]


def test_byte_pairs_cover_the_text_without_gaps():
    lane = lane_of("GPT-2", make_tokenizer("gpt2"), TEXT)
    assert cut(lane, TEXT) == ["M", "ira", " went", " to", " the", " harbour", "."]
    assert not lane.loose


def test_a_token_that_ends_inside_a_character_ends_inside_it():
    assert places(lane_of("bytes", make_tokenizer("bytes"), "aï")) == [(0, 1), (1, 1.5), (1.5, 2)]


def test_words_are_found_between_their_blanks():
    lane = lane_of("words", make_tokenizer("words", [TEXT]), "Mira  went to\nthe harbour .")
    assert cut(lane, "Mira  went to\nthe harbour .") == ["Mira", "went", "to", "the", "harbour", "."]
    assert lane.loose


def test_unknown_words_cover_what_they_stand_for():
    text = "Mira saw Paris went home"
    lane = lane_of("words", make_tokenizer("words", [TEXT]), text)
    assert [placed.token.special for placed in lane.tokens] == [False, True, True, False, True]
    assert cut(lane, text) == ["Mira", "saw", "Paris", "went", "home"]


def test_where_words_and_lost_tokens_differ_in_number_the_stretch_is_shared():
    assert _shared("a  saw Paris b", 1, 12, 2) == [(3, 6), (7, 12)]
    assert _shared("a  saw Paris b", 1, 12, 3) == [(3, 6), (6, 9), (9, 12)]
    assert _shared("a   b", 1, 4, 2) == [(1, 2.5), (2.5, 4)]


def test_what_cannot_be_said_is_told():
    lane = lane_of("characters", make_tokenizer("characters", ["abc"]), "abz")
    assert "“z”" in lane.problem
    assert lane.tokens == ()


def test_small_letters_are_found_in_a_text_with_capitals():
    from studio.vocabularies.training import Recipe, train_tokenizer

    tokenizer = train_tokenizer(Recipe(kind="bpe", vocabulary=258, lower=True), ["mira mira"])
    lane = lane_of("small", tokenizer, "MIRA")
    assert (places(lane)[0][0], places(lane)[-1][1]) == (0, 4)


@pytest.mark.parametrize("name", ["gpt2", "bytes"])
@given(text=st.text(max_size=30))
def test_any_text_is_covered_from_end_to_end(name, text):
    found = places(lane_of(name, make_tokenizer(name), text))
    assert [start for start, _ in found[1:]] == [end for _, end in found[:-1]]
    assert (found[0][0], found[-1][1]) == (0, len(text)) if text else found == []
