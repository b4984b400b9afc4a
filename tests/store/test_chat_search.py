"""Searching chats: every word as the beginning of a word, in every script, and no text of a search is a command."""

import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.store.chat_search import wanted
from studio.store.chats import Chats


@pytest.fixture
def chats(tmp_path: Path) -> Iterator[Chats]:
    chats = Chats(tmp_path / "chats.sqlite")
    with chats.reading() as connection:
        connection.execute("PRAGMA synchronous = OFF")  # nobody pulls the plug here
    yield chats
    chats.close()


def say(chats: Chats, *texts: str, title: str = "") -> list[int]:
    chat = chats.create(title)
    parent, ids = None, []
    for text in texts:
        parent = chats.add(chat, parent, "user", text)
        ids.append(parent)
    return ids


def found(chats: Chats, text: str, limit: int = 50) -> list[int | None]:
    return [hit.message for hit in chats.search(text, limit)]


def test_every_word_must_be_there_and_each_may_be_begun_only(chats: Chats) -> None:
    first, second = say(chats, "The quick brown fox", "A quick wolf")
    assert found(chats, "quick") == [second, first]
    assert found(chats, "qui bro") == [first]
    assert found(chats, "QUICK WOLF") == [second]
    assert found(chats, "uick") == []


def test_a_word_far_inside_a_long_message_is_shown_with_what_stands_around_it(chats: Chats) -> None:
    for before in (0, 19_995, 150_000):
        say(chats, "é " * (before // 2) + f"here it stands{before}, so", title="long")
        hit = chats.search(f"stands{before}")[0]
        (start, end), *_ = hit.spans
        assert hit.snippet[start:end] == f"stands{before}"
        assert hit.snippet.endswith("here it " + f"stands{before}, so")


def test_many_hits_in_enormous_messages_take_little_time(chats: Chats) -> None:
    for _ in range(5):
        say(chats, "é ü a " * 150_000 + "needle")
    began = time.process_time()
    assert len(chats.search("needle")) == 5
    assert time.process_time() - began < 0.5


def test_letters_are_found_with_and_without_their_marks(chats: Chats) -> None:
    first, second = say(chats, "Über die Brücke", unicodedata.normalize("NFD", "Ein Café"))
    assert found(chats, "uber") == [first]
    assert found(chats, "brücke") == [first]
    assert found(chats, "café") == [second]
    assert found(chats, "CAFE") == [second]


def test_scripts_without_blanks_and_marks_are_found_inside(chats: Chats) -> None:
    first, second, third = say(chats, "私は猫が好きです", "def f(x): return x != 3", "🐈 meow")
    assert found(chats, "猫") == [first]
    assert found(chats, "好き") == [first]
    assert found(chats, "!=") == [second]
    assert found(chats, "return !=") == [second]
    assert found(chats, "🐈") == [third]
    assert found(chats, "犬") == []


def test_a_word_with_marks_inside_is_a_phrase(chats: Chats) -> None:
    first, _second = say(chats, "call foo_bar() now", "foo and bar")
    assert found(chats, "foo_bar()") == [first]


@pytest.mark.parametrize(
    "text",
    ['"', '""', "'", "*", "NEAR(a b)", "a AND", "OR", "NOT", "text:secret", "{text} : x", "^a", "a + b", "(", "a\x00b",
     "\ud800", "%", "_", "; DROP TABLE chats", "a" * 20_000, " ".join(["a"] * 5_000), "-a", "a*b*"],
)  # fmt: skip
def test_no_search_is_a_command(chats: Chats, text: str) -> None:
    say(chats, "plain words here")
    assert chats.search(text) == []
    assert chats.listing(text) == []


@given(st.text(max_size=40))
@settings(max_examples=25)
def test_any_search_makes_a_pattern_and_a_question(text: str) -> None:
    sought = wanted(text)
    assert sought.empty == (not text.encode("utf-8", "replace").decode().replace("\x00", " ").split())
    assert sought.match.count('"') % 2 == 0


def test_a_text_that_holds_a_command_is_found_by_it(chats: Chats) -> None:
    (number,) = say(chats, 'she said "no" AND left; NEAR(x)')
    assert found(chats, '"no" AND') == [number]


def test_titles_stand_first_and_leave_room_for_messages(chats: Chats) -> None:
    for place in range(6):
        say(chats, title=f"foxes {place}")
    ids = say(chats, "foxes a", "foxes b", "foxes c", "foxes d", title="wolves")
    assert found(chats, "foxes", 4) == [None, None, ids[3], ids[2]]
    assert found(chats, "foxes", 0) == []
    assert len(found(chats, "foxes")) == 10
    assert [hit.title for hit in chats.search("wolv")] == ["wolves"]


def test_the_list_holds_chats_with_the_words_in_title_or_message(chats: Chats) -> None:
    say(chats, "a message about foxes", title="first")
    say(chats, title="foxes")
    say(chats, "wolves", title="third")
    assert [info.title for info in chats.listing("fox")] == ["foxes", "first"]
    assert [info.title for info in chats.listing("   ")] == ["third", "foxes", "first"]
    assert chats.listing("fox", "no such folder") == []


def test_a_snippet_is_one_short_line_around_the_words(chats: Chats) -> None:
    say(chats, "x" * 300 + " The quick\nbrown\x1b FÖX " + "y" * 300, title="t")
    (hit,) = chats.search("fox quick")
    assert hit.snippet.startswith("…")
    assert hit.snippet.endswith("…")
    assert len(hit.snippet) <= 162
    assert "\n" not in hit.snippet
    assert "\x1b" not in hit.snippet
    assert [hit.snippet[start:end] for start, end in hit.spans] == ["quick", "FÖX"]
    assert hit.title == "t"


def test_a_short_text_is_its_own_snippet(chats: Chats) -> None:
    say(chats, "a fox")
    (hit,) = chats.search("fox")
    assert (hit.snippet, hit.spans) == ("a fox", ((2, 5),))


def test_letters_that_have_two_small_ones_keep_their_places(chats: Chats) -> None:
    say(chats, "İİİ ẞ ﬁn fox")
    (hit,) = chats.search("fox")
    assert [hit.snippet[start:end] for start, end in hit.spans] == ["fox"]
