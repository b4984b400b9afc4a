"""Answers against wanted ones: worked examples, a table of common subsequences, and what is nearest."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.scores.answers import Neighbours, SharedRuns, exact_match, longest_shared_run, nearest, rouge_l, token_f1


def test_an_exact_match_forgives_blanks_around_it_and_nothing_else() -> None:
    assert exact_match("the cat\nsat", "  the cat\r\nsat\n") == 1
    for other in ("The cat\nsat", "the cat sat", "the  cat\nsat", "the cat\nsat.", ""):
        assert exact_match("the cat\nsat", other) == 0, other
    assert exact_match("", " ") == 1


@pytest.mark.parametrize(
    ("wanted", "answered", "score"),
    [
        ("The cat sat.", "cat, the: SAT", 1),  # neither order nor marks nor capitals
        ("the cat sat", "the dog", 2 / 5),
        ("a a b", "a b b", 4 / 6),  # a word counts as often as both have it
        ("one", "two", 0),
        ("one", "", 0),
        ("", "one", 0),
        ("", "", 1),
        ("?", "?", 1),
        ("+", "-", 0),
        ("東京", "東 京", 1),
    ],
)
def test_the_f1_of_words_is_as_counted_by_hand(wanted: str, answered: str, score: float) -> None:
    assert token_f1(wanted, answered) == pytest.approx(score)


@pytest.mark.parametrize(
    ("wanted", "answered", "score"),
    [
        # the examples of Lin 2004: police killed the gunman
        ("police killed the gunman", "police kill the gunman", 3 / 4),
        ("police killed the gunman", "the gunman kill police", 2 / 4),
        ("police killed the gunman", "the gunman police killed", 2 / 4),
        ("w1 w2 w3 w4 w5", "w1 w2 w6 w7 w8", 2 / 5),
        ("w1 w2 w3 w4 w5", "w1 w3 w8 w9 w5", 3 / 5),
        ("a b c d e f", "a c e", 2 * 3 / 9),
        ("a", "", 0),
        ("", "", 1),
    ],
)
def test_rouge_l_is_as_worked_out_by_hand(wanted: str, answered: str, score: float) -> None:
    assert rouge_l(wanted, answered) == pytest.approx(score)


def test_an_enormous_wanted_answer_costs_no_more_than_its_length() -> None:
    wanted = " ".join(f"w{number}" for number in range(200_000))
    began = time.process_time()
    assert rouge_l(wanted, "w1 w2 w3 " * 50) == pytest.approx(2 * 3 / 200_150)
    assert time.process_time() - began < 1.0


def common_by_table(one: list[str], other: list[str]) -> int:
    row = [0] * (len(one) + 1)
    for word in other:
        before, row = row, [0]
        for place, mine in enumerate(one):
            row.append(before[place] + 1 if mine == word else max(before[place + 1], row[-1]))
    return row[-1]


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=90), st.lists(st.sampled_from("abcd"), min_size=1))
@settings(max_examples=30, deadline=None)
def test_the_longest_common_subsequence_is_that_of_the_table(one: list[str], other: list[str]) -> None:
    wanted = 2 * common_by_table(one, other) / (len(one) + len(other))
    assert rouge_l(" ".join(one), " ".join(other)) == pytest.approx(wanted)


def test_the_longest_shared_run_is_counted_in_tokens() -> None:
    assert longest_shared_run([1, 2, 3, 9, 3, 4, 5], SharedRuns([0, 1, 2, 3, 4, 5])) == 3


QUESTIONS = [
    "Rewrite the sentence in capitals: the dog barks",
    "Rewrite the sentence in capitals: a river runs",
    "What is 7 plus 5?",
    "Name the opposite of cold.",
]


def test_the_nearest_question_shares_its_rare_words() -> None:
    assert nearest("Rewrite the sentence in capitals: one quiet river", QUESTIONS) == 1
    assert nearest("what is 7 minus 5", QUESTIONS) == 2
    near = Neighbours(QUESTIONS)
    assert [near.nearest(question) for question in QUESTIONS] == [0, 1, 2, 3]


def test_the_order_of_words_counts() -> None:
    assert nearest("cat bites dog", ["dog bites cat", "cat bites dog"]) == 1


def test_a_question_that_shares_nothing_gets_the_first() -> None:
    assert nearest("zzz", QUESTIONS) == 0
    assert nearest("", ["", "?"]) == 0


def test_without_questions_nothing_is_near() -> None:
    with pytest.raises(StudioError, match="no question"):
        nearest("anything", [])


def test_each_of_two_thousand_questions_is_nearest_to_itself() -> None:
    chance = random.Random(4)
    questions = [f"add {number} and {chance.randrange(99)} for me please" for number in range(2_000)]
    near = Neighbours(questions)
    assert [near.nearest(question) for question in questions[::100]] == list(range(0, 2_000, 100))
