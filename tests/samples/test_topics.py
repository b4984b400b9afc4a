"""The bundled village news: five classes, told by the main clause and not by the words alone."""

import hashlib
import json
import re
from collections import Counter

import pytest

from studio.samples import Draw, read_parts, topics

SHA256 = "512a223726c3d99fa355d7fd18cca0d3bd2482e65a8a93a2fcf9001b1a55b530"
Row = dict[str, str]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(topics.rows(1))


def test_the_rows_are_the_ones_that_everything_was_measured_on(rows: list[Row]) -> None:
    lines = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    assert hashlib.sha256(lines.encode()).hexdigest() == SHA256


def test_there_are_at_least_4_000_rows_of_five_classes_and_no_text_twice(rows: list[Row]) -> None:
    assert len(rows) == topics.SAMPLE.count >= 4_000
    labels = Counter(row["label"] for row in rows)
    assert set(labels) == {"weather", "music", "cooking", "animals", "sport"}
    assert min(labels.values()) > 0.18 * len(rows)
    assert len({row["text"] for row in rows}) == len(rows)


def test_every_text_is_a_sentence_or_two_in_plain_letters(rows: list[Row]) -> None:
    for row in rows:
        text = row["text"]
        assert text.isascii()
        assert not re.search(r"[\[\]<>{}|]|  |\.\.", text), row
        assert text[0].isupper()
        assert text[-1] == "."
        assert 6 <= len(text.split()) <= 60


def test_the_main_clause_is_the_topic_wherever_it_stands() -> None:
    parts = {part: [f"a {part} clause"] for part in ("weather", "music", "plain")} | {"joined": []}
    for joined in read_parts("topics")["joined"]:
        told = {topics._item("weather", "music", Draw(seed), parts | {"joined": [joined]}) for seed in range(200)}
        assert any("music" in text for text in told), joined
        for text in told:
            first = re.split(r", | (?:after|before) ", text.split(". ")[0])[0]
            subordinate = re.match(r"(Although|Because|While|After|When|Since) ", first)
            main = text.split(", ")[1] if subordinate else text
            assert "weather" in main.lower()


def test_about_a_quarter_mentions_another_topic(rows: list[Row]) -> None:
    telling = {"music": ("the choir ", "played the "), "cooking": ("the soup ", "the dough ", "the recipe "),
               "weather": ("the fog ", "thunder ", "the puddles ")}  # fmt: skip
    other = Counter(
        label != row["label"]
        for row in rows
        for label, words in telling.items()
        if any(word in row["text"].lower() for word in words)
    )
    assert 0.1 < other[True] / other.total() < 0.3


def test_little_of_it_comes_twice(rows: list[Row]) -> None:
    runs: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        words = re.findall(r"\w+", row["text"].lower())
        runs.update({tuple(words[start : start + 8]) for start in range(len(words) - 7)})
    assert sum(count == 1 for count in runs.values()) / len(runs) > 0.9


def test_another_seed_tells_other_news() -> None:
    first, second = (next(topics.rows(seed))["text"] for seed in (1, 2))
    assert first != second


@pytest.mark.slow
def test_words_alone_do_not_solve_it(rows: list[Row]) -> None:
    from tests.samples.baseline import accuracy

    assert accuracy(rows) == pytest.approx(0.864, abs=0.01)
