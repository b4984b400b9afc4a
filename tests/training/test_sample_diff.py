"""What is new in a text against the one before it."""

from hypothesis import given
from hypothesis import strategies as st

from studio.training.sample_diff import changes


def marked(before, after):
    return [after[start : start + length] for start, length in changes(before, after).stretches]


def test_words_that_came_in_are_marked_together():
    assert marked("the dog was sad", "the old red dog was sad") == ["old red"]


def test_words_that_took_the_place_of_others_are_marked():
    assert marked("a red dog", "a red kite") == ["kite"]


def test_words_that_are_gone_leave_no_mark():
    found = changes("the very old dog", "the dog")
    assert found.stretches == ()
    assert found.changed == 0


def test_spaces_and_line_ends_do_not_count():
    assert marked("one two\n\nthree", "one  two three") == []


def test_signs_are_words_of_their_own():
    assert marked("He ran.", "He ran!") == ["!"]


def test_it_counts_how_much_is_new():
    found = changes("one two three", "one two four five")
    assert (found.changed, found.words) == (2, 4)


def test_texts_with_almost_nothing_in_common_are_called_unlike():
    assert changes("alpha beta gamma", "one two three four five six seven").unlike
    assert not changes("one two three", "one two four").unlike
    assert not changes("something", "").unlike


@given(st.text(max_size=60), st.text(max_size=60))
def test_stretches_lie_in_the_text_in_order_and_apart(before, after):
    end = 0
    for start, length in changes(before, after).stretches:
        assert length > 0
        assert start >= end
        end = start + length
    assert end <= len(after)


@given(st.text(max_size=80))
def test_a_text_is_not_new_against_itself(text):
    assert changes(text, text).changed == 0
