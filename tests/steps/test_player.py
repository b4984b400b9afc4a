"""Playing: short movements with pauses, every one of which can be skipped; none where motion is not wanted."""

import pytest

from studio.steps.player import Player

pytestmark = pytest.mark.gui


@pytest.fixture
def player(look, qtbot):
    player = Player(look, 4)
    yield player
    player.pause()


def test_without_motion_every_wish_is_granted_at_once(player) -> None:
    player.go(2)
    assert player.position == 2.0
    player.go(9)
    assert player.position == 3.0
    player.go(-1)
    assert player.position == 0.0


def test_the_next_station_is_moved_to_and_another_wish_jumps(player, look, qtbot) -> None:
    look.reduce_motion = False
    player.go(1)
    assert player.position == 0.0
    assert player.station == 1
    qtbot.waitUntil(lambda: 0.0 < player.position < 1.0)
    player.go(2)
    assert player.position == 2.0
    player.go(0)
    assert player.position == 0.0


def test_a_movement_arrives(player, look, qtbot) -> None:
    look.reduce_motion = False
    player.go(1)
    qtbot.waitUntil(lambda: player.position == 1.0, timeout=3_000)


def test_a_pause_ends_the_movement_that_has_begun(player, look, qtbot) -> None:
    look.reduce_motion = False
    player.play()
    qtbot.waitUntil(lambda: player.position > 0.0)
    player.pause()
    assert player.position == 1.0
    assert not player.playing


def test_playing_goes_on_to_the_end_and_then_rests(player, qtbot, monkeypatch) -> None:
    monkeypatch.setattr("studio.steps.player._REST", 10)
    seen: list[float] = []
    player.moved.connect(lambda: seen.append(player.position))
    with qtbot.waitSignals([player.changed, player.changed]):
        player.play()
    assert seen == [1.0, 2.0, 3.0]
    assert not player.playing


def test_playing_at_the_end_begins_anew(player, qtbot, monkeypatch) -> None:
    monkeypatch.setattr("studio.steps.player._REST", 10)
    player.go(3)
    player.play()
    assert player.position == 0.0
    qtbot.waitUntil(lambda: not player.playing)
    assert player.position == 3.0


def test_a_hand_on_the_thumb_stops_playing(player) -> None:
    player.play()
    player.scrub(1.5)
    assert not player.playing
    assert player.position == 1.5
