"""Boxes that join: where they stand, that no letter is lost on the way, and the keyboard."""

import pytest
from PySide6.QtCore import Qt

from studio.tokenizers import make_tokenizer
from studio.tokenizing.merge_canvas import MergeCanvas, _targets
from studio.tokenizing.moments import learn_story, read_story

pytestmark = pytest.mark.gui


@pytest.fixture
def canvas(look, on_screen):
    canvas = MergeCanvas(look)
    canvas.set_frames([moment.frame for moment in learn_story("the cat in the hat").moments])
    on_screen(canvas)
    canvas.resize(700, 200)
    return canvas


def test_a_merged_box_begins_where_its_first_letter_stood(canvas):
    before = canvas.box(0)
    canvas.show_step(1)
    assert canvas.box(0).left() == before.left()
    assert canvas.box(0).width() > before.width()


def test_steps_beyond_the_ends_stay_at_the_ends(canvas):
    canvas.show_step(99)
    assert canvas.step == 4
    canvas.show_step(-1)
    assert canvas.step == 0


def test_a_step_moves_where_motion_is_wanted_and_jumps_otherwise(canvas, look, qtbot):
    canvas.show_step(1)
    assert not canvas.moving
    look.reduce_motion = False
    canvas.show_step(2)
    assert canvas.moving
    canvas.grab()
    qtbot.waitUntil(lambda: not canvas.moving)
    canvas.show_step(0)
    assert not canvas.moving


def test_the_arrows_ask_for_the_neighbours_and_space_for_playing(canvas, qtbot):
    canvas.show_step(1)
    for key, step in ((Qt.Key.Key_Right, 2), (Qt.Key.Key_Left, 0), (Qt.Key.Key_End, 4), (Qt.Key.Key_Home, 0)):
        with qtbot.waitSignal(canvas.step_wanted) as wish:
            qtbot.keyClick(canvas, key)
        assert wish.args == [step]
    with qtbot.waitSignal(canvas.play_wanted):
        qtbot.keyClick(canvas, Qt.Key.Key_Space)


def test_every_piece_finds_the_box_that_it_goes_into():
    before, after = learn_story("the cat in the hat").moments[:2]
    places = [place for place, _ in _targets(before.frame.pieces, after.frame.pieces)]
    assert places == [0, 0, *range(1, 10), 10, 10, *range(11, 16)]
    assert [last for _, last in _targets(before.frame.pieces, after.frame.pieces)][:3] == [False, True, False]


def test_words_stand_apart_where_no_merge_goes_across(canvas):
    frames = [moment.frame for moment in read_story(make_tokenizer("gpt2"), "so it").moments]
    canvas.set_frames(frames)
    inside = canvas.box(1).left() - canvas.box(0).right()
    across = canvas.box(2).left() - canvas.box(1).right()
    assert across > inside


def test_a_long_sentence_needs_more_lines_in_a_narrow_window(canvas):
    canvas.set_frames([learn_story("the cat in the hat " * 10).moments[0].frame])
    assert canvas.heightForWidth(300) > canvas.heightForWidth(900) > 100


def test_without_a_sentence_it_says_so(canvas):
    canvas.set_frames((), "Type a sentence above.")
    canvas.show_step(3)
    assert (canvas.step, canvas.accessibleDescription()) == (0, "")
    assert not canvas.grab().isNull()
