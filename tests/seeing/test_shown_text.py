"""The text as the views need it: what follows each token, how it reads, and which place is looked at."""

import pytest

from studio.seeing.shown_text import ShownText
from studio.tokenizers import make_tokenizer

LETTERS = make_tokenizer("characters", ["ab c\n"])
IDS = tuple(LETTERS.encode("a b\nc"))
TEXT = ShownText(("a", " ", "b", "\n", "c"), IDS, LETTERS, True)


def test_a_writer_expects_the_next_token_and_nobody_knows_the_one_after_the_last():
    assert TEXT.following == (*IDS[1:], -1)
    assert list(TEXT.below) == [" ", "b", "\n", "c", ""]


def test_a_model_that_fills_gaps_expects_the_token_itself():
    masked = ShownText(TEXT.tokens, IDS, LETTERS, False)
    assert masked.following == IDS
    assert list(masked.below) == []
    assert masked.place(None) == 4
    assert masked.place_words(2) == "at “b” @2 of 5 tokens"


@pytest.mark.parametrize(("asked", "shown"), [(None, 3), (0, 0), (4, 4), (9, 4), (-3, 0)])
def test_the_place_is_the_one_asked_for_else_the_last_that_something_follows(asked, shown):
    assert TEXT.place(asked) == shown


def test_one_token_is_its_own_place():
    assert ShownText(("a",), IDS[:1], LETTERS, True).place(None) == 0


def test_blanks_stay_visible_in_words():
    assert TEXT.place_words(1) == "after “·” @1 of 5 tokens"
    assert TEXT.place_words(3) == "after “↵” @3 of 5 tokens"
    assert TEXT.label(IDS[3]) == "↵"


def test_an_ending_is_the_text_itself_cut_where_it_is_long():
    assert TEXT.ending(1) == "a·"
    assert TEXT.ending(4) == "…·b↵c"
    assert TEXT.ending(4, count=2) == "…↵c"


def test_without_a_tokenizer_ids_stand_for_words():
    bare = ShownText(("#1", "#4"), (1, 4), None, True)
    assert bare.label(4) == "#4"
    assert bare.ending(1) == "#1·#4"
