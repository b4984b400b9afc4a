"""Going through a replay: by buttons, by the slider, by itself."""

import pytest
from PySide6.QtCore import Qt

from studio.tokenizing import step_player
from studio.tokenizing.step_player import StepPlayer

pytestmark = pytest.mark.gui


@pytest.fixture
def player(look, on_screen, monkeypatch):
    monkeypatch.setattr(step_player, "_REST", 5)
    player = StepPlayer(look)
    player.set_steps(4)
    on_screen(player)
    return player


def test_the_buttons_go_one_step_and_stop_at_the_ends(player):
    assert not player.back.isEnabled()
    for _ in range(3):
        player.forward.click()
    assert (player.step, player.forward.isEnabled()) == (3, False)
    player.back.click()
    assert player.step == 2
    assert player.words.text() == "2 of 3 merges"


def test_the_slider_goes_anywhere_by_mouse_and_keyboard(player, qtbot):
    qtbot.keyClick(player.slider, Qt.Key.Key_End)
    assert player.step == 3
    qtbot.keyClick(player.slider, Qt.Key.Key_Left)
    assert player.step == 2
    qtbot.mouseClick(player.slider, Qt.MouseButton.LeftButton, pos=player.slider.rect().center())
    assert player.step in (1, 2)


def test_playing_goes_to_the_end_and_then_begins_anew(player, qtbot):
    steps = []
    player.moved.connect(steps.append)
    qtbot.mouseClick(player.play, Qt.MouseButton.LeftButton)
    assert player.play.text() == "Pause"
    qtbot.waitUntil(lambda: not player.playing)
    assert steps == [1, 2, 3]
    player.toggle()
    assert player.step == 0
    player.toggle()
    assert not player.playing


def test_a_hand_on_the_way_stops_the_playing(player):
    player.toggle()
    player.go(3)
    assert (player.playing, player.play.text()) == (False, "Play")


def test_with_nothing_to_go_through_nothing_can_be_pressed(player):
    player.set_steps(1)
    player.toggle()
    assert not player.playing
    assert not any(widget.isEnabled() for widget in (player.play, player.back, player.forward, player.slider))


def test_playing_ends_when_nobody_looks(player):
    player.toggle()
    player.hide()
    assert not player.playing
