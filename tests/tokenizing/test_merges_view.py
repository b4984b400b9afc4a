"""The replay on the page: a sentence, its merges forward and back, and the pairs of every moment."""

import pytest
from PySide6.QtCore import Qt

from studio.tokenizing.merges_view import SOME, MergesView

pytestmark = pytest.mark.gui


@pytest.fixture
def view(show):
    return show(MergesView)


def test_it_begins_with_the_courses_sentence_as_bytes(view):
    assert view.edit.text() == "the cat in the hat"
    assert view.heading.text() == "It begins with 18 bytes"
    assert view.pairs.rows()[0].words == "t + h"
    assert not view.which.isVisible()


def test_the_keyboard_walks_through_the_merges_and_back(view, qtbot):
    for _ in range(3):
        qtbot.keyClick(view.canvas, Qt.Key.Key_Right)
    assert view.heading.text() == "Merge 3: the + · is now the·, token 258"
    assert [token.id for token in view.story.moments[view.player.step].made] == [256, 257, 258]
    qtbot.keyClick(view.canvas, Qt.Key.Key_Home)
    assert (view.player.step, view.canvas.step) == (0, 0)


def test_another_sentence_is_learned_from_as_it_is_typed(view, qtbot):
    view.edit.clear()
    qtbot.keyClicks(view.edit, "aaaa")
    qtbot.waitUntil(lambda: view.heading.text() == "It begins with 4 bytes")
    view.player.go(1)
    assert view.heading.text() == "Merge 1: a + a is now aa, token 256"


def test_the_example_of_gpt2_ends_with_the_courses_ids(view, qtbot, scripted_run):
    qtbot.mouseClick(view.some, Qt.MouseButton.LeftButton)
    scripted_run.settle()
    assert (view.edit.text(), view.which.value(), view.which.isVisible()) == (SOME, "gpt2", True)
    qtbot.keyClick(view.canvas, Qt.Key.Key_End)
    assert [piece.id for piece in view.story.moments[view.canvas.step].frame.pieces] == [1212, 318, 617, 2420]
    assert "merged earliest in training" in view.why.text()
    qtbot.mouseClick(view.cat, Qt.MouseButton.LeftButton)
    scripted_run.settle()
    assert view.story.learns
    assert view.heading.text() == "It begins with 18 bytes"


def test_without_a_sentence_there_is_nothing_to_go_through(view, scripted_run):
    view.edit.setText("")
    view.replay_now()
    scripted_run.settle()
    assert view.story.moments == ()
    assert not view.player.forward.isEnabled()
    assert (view.heading.text(), view.pairs.rows()) == ("", [])


def test_no_tokenizer_but_byte_pairs_is_offered_for_reading(view):
    names = [view.which.itemData(place) for place in range(view.which.count())]
    assert {"gpt2", "cl100k", "o200k"} <= set(names)
    assert not {"words", "characters", "bytes"} & set(names)
