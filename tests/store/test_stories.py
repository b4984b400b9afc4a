"""The sample corpus: the same bytes every time, and good English."""

import re
from collections import Counter
from pathlib import Path

import pytest

from studio.store import stories
from studio.store.prose import shingles
from studio.store.stories import BETWEEN, Teller, read_grammar

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "samples" / "stories.txt"


@pytest.fixture(scope="module")
def text() -> str:
    return SAMPLE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def told(text: str) -> list[str]:
    return text.rstrip("\n").split(BETWEEN)


def test_the_generator_gives_the_beginning_of_the_committed_text(text: str) -> None:
    beginning = stories.write_stories(characters=60_000).rstrip("\n")
    assert len(beginning) > 60_000 - 2_000
    assert text.startswith(beginning)


@pytest.mark.slow
def test_the_generator_gives_the_committed_bytes() -> None:
    assert stories.write_stories().encode() == SAMPLE.read_bytes()


def test_it_is_at_least_a_megabyte_of_plain_letters(text: str) -> None:
    assert len(text.encode()) >= 1 << 20
    assert text.isascii()
    assert len(set(text)) < 80


def test_every_story_has_a_title_and_paragraphs_of_80_to_200_words(told: list[str]) -> None:
    for story in told:
        title, *paragraphs = story.split("\n\n")
        assert len(title.split()) < 12
        assert "\n" not in story.replace("\n\n", "")
        assert len(paragraphs) >= 2
        assert all(80 <= len(paragraph.split()) <= 200 for paragraph in paragraphs), story


def test_little_of_it_comes_twice(text: str, told: list[str]) -> None:
    runs = shingles(text)
    assert len(set(runs)) / len(runs) > 0.88
    assert Counter(runs).most_common(1)[0][1] < 20
    assert len(set(told)) == len(told)


@pytest.mark.parametrize(
    "mistake",
    [
        r"[\[\]{}<>|/]",  # markup that was not replaced
        r"\b[Aa] [aeio]",
        r"\b[Aa]n [bcdfgjklmnpqrstvwxz]",
        r"\b(?!had)(\w+) \1\b",  # a word twice
        r" [,.;:!?]",
        r"[,;]{2}|[,;][.!?]|[!?]\.",
        r"[^.]\.\.[^.]",
        r"  ",
        r"\bMrs?\b(?!\. [A-Z])",
        r"[?!]\" (?:Asked|Said|Cried|Called|She said|He said)",
        r"(?:[!?] |(?<!\.)\. |^)[a-z]",  # a sentence with a small letter
        r"(?<!if )(?<!though )\b(?:she|he) (?:are|were|am|have|do)\b",
        r"\b(?:of|with|for|to|from|beside) (?:he|she)\b(?! )",
    ],
)
def test_it_is_free_of_this_mistake(told: list[str], mistake: str) -> None:
    paragraphs = "\n".join(paragraph for story in told for paragraph in story.split("\n\n")[1:])
    found = [paragraphs[max(0, match.start() - 30) : match.end()] for match in re.finditer(mistake, paragraphs, re.M)]
    assert found == []


def test_what_is_said_stands_between_two_quotation_marks(told: list[str]) -> None:
    odd = [paragraph for story in told for paragraph in story.split("\n\n") if paragraph.count('"') % 2]
    assert odd == []


def test_a_girl_is_she_and_a_boy_is_he(told: list[str]) -> None:
    """Openings such as "lived a girl named Ella. She was seven" name the pronoun right after the kind."""
    pairs = re.findall(r"a (girl|boy) (?:called|named|by the name of) \w+\. (\w+) (?:was|is)", "\n".join(told))
    assert len(pairs) > 20
    assert {
        pair for pair in pairs if pair not in (("girl", "She"), ("boy", "He"), ("girl", "It"), ("boy", "It"))
    } == set()


def test_every_plot_is_told_in_both_its_threads() -> None:
    grammar = read_grammar()
    assert len(grammar.plots) >= 40
    assert len({plot.name for plot in grammar.plots}) == len(grammar.plots)
    for plot in grammar.plots:
        teller = Teller(grammar, 3)
        tellings = [teller.tell(plot, tries=1) for _ in range(6)]
        assert len(set(tellings)) == 6, plot.name


def test_all_plots_are_told_before_one_comes_again() -> None:
    grammar = read_grammar()
    order = Teller(grammar, 1).plots()
    for _ in range(2):
        assert {next(order).name for _ in grammar.plots} == {plot.name for plot in grammar.plots}
