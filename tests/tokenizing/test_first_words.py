"""The words that are tried while nothing was typed."""

import pytest

from studio.tokenizing.first_words import GREETING, first_words, text_in_use

pytestmark = pytest.mark.gui


def add(session, tmp_path, name, words):
    (tmp_path / f"{name}.txt").write_text(words)
    return session.project.add_text([tmp_path / f"{name}.txt"])


def test_the_text_in_use_is_the_draft_s_else_the_first_one(session, tmp_path):
    add(session, tmp_path, "another", "Another text.")
    assert text_in_use(session).name == session.draft.data.text == "story"
    draft = session.draft
    session.project.delete_text("story")
    assert (text_in_use(session).name, draft.data.text) == ("another", "story")


def test_a_long_text_is_shown_to_the_end_of_a_word_and_a_short_one_whole(session, tmp_path):
    words = first_words(add(session, tmp_path, "long", "Mira went to the harbour. " * 40))
    assert 540 < len(words) < 560
    assert words.split()[-1] in {"Mira", "went", "to", "the", "harbour."}
    assert first_words(add(session, tmp_path, "short", "Mira went.")) == "Mira went."
    assert len(first_words(add(session, tmp_path, "blankless", "猫" * 600))) == 560


def test_without_a_text_or_with_one_that_cannot_be_read_there_is_a_greeting(session, tmp_path):
    text = add(session, tmp_path, "gone", "Gone.")
    text.path.unlink()
    assert first_words(None) == first_words(text) == GREETING
