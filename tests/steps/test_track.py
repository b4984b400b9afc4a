"""The line of stations: click, drag and keys, and what it says to those who do not see it."""

import pytest
from PySide6.QtCore import QPoint, Qt

from studio.steps.track import Track

pytestmark = pytest.mark.gui

LABELS = ("Q, K, V", "Scores", "Scale", "Mask", "Output")


@pytest.fixture
def track(look, on_screen):
    track = Track(look)
    on_screen(track)
    track.set_labels(LABELS)
    return track


@pytest.fixture
def heard(track) -> dict[str, list]:
    found: dict[str, list] = {"chosen": [], "dragged": []}
    track.chosen.connect(found["chosen"].append)
    track.dragged.connect(found["dragged"].append)
    return found


def at(track: Track, place: float) -> QPoint:
    return QPoint(round(track.x_of(place)), 12)


def test_a_click_chooses_the_nearest_station(track, heard, qtbot) -> None:
    for place, station in ((0, 0), (1, 1), (2.4, 2), (2.6, 3), (4, 4)):
        qtbot.mouseClick(track, Qt.MouseButton.LeftButton, pos=at(track, place))
        assert heard["chosen"][-1] == station
    qtbot.mouseClick(track, Qt.MouseButton.LeftButton, pos=QPoint(1, 12))
    qtbot.mouseClick(track, Qt.MouseButton.LeftButton, pos=QPoint(track.width() - 1, 12))
    assert heard["chosen"][-2:] == [0, 4]


def test_only_the_left_button_counts_and_nothing_moves_without_a_press(track, heard, qtbot) -> None:
    qtbot.mouseClick(track, Qt.MouseButton.RightButton, pos=at(track, 2))
    qtbot.mouseMove(track, at(track, 3))
    assert heard == {"chosen": [], "dragged": []}


def test_a_drag_tells_every_place_and_ends_at_a_station(track, heard, qtbot) -> None:
    qtbot.mousePress(track, Qt.MouseButton.LeftButton, pos=at(track, 0))
    for place in (0.5, 1.25, 2.2):
        qtbot.mouseMove(track, at(track, place))
    assert heard["dragged"] == pytest.approx([0.5, 1.25, 2.2], abs=0.01)
    qtbot.mouseRelease(track, Qt.MouseButton.LeftButton, pos=at(track, 2.2))
    assert heard["chosen"] == [2]
    qtbot.mouseMove(track, at(track, 1))
    assert len(heard["dragged"]) == 3


def test_keys_go_one_station_at_a_time_and_never_over_the_ends(track, heard, qtbot) -> None:
    track.set_position(3.0)
    for key, station in (
        (Qt.Key.Key_Right, 4), (Qt.Key.Key_Left, 2), (Qt.Key.Key_Up, 2), (Qt.Key.Key_Down, 4),
        (Qt.Key.Key_Home, 0), (Qt.Key.Key_End, 4),
    ):  # fmt: skip
        qtbot.keyClick(track, key)
        assert heard["chosen"][-1] == station
    track.set_position(0.0)
    qtbot.keyClick(track, Qt.Key.Key_Left)
    assert heard["chosen"][-1] == 0
    track.set_position(4.0)
    qtbot.keyClick(track, Qt.Key.Key_Right)
    assert heard["chosen"][-1] == 4


def test_other_keys_are_left_to_the_view(track, heard, qtbot) -> None:
    qtbot.keyClick(track, Qt.Key.Key_A)
    assert heard["chosen"] == []


def test_where_one_is_can_be_heard(track) -> None:
    assert track.accessibleDescription() == "Q, K, V, step 1 of 5"
    track.set_position(2.7)
    assert track.accessibleDescription() == "Mask, step 4 of 5"
    assert track.position == 2.7


def test_before_there_are_stations_it_is_only_a_line(look, on_screen, qtbot) -> None:
    track = Track(look)
    on_screen(track)
    heard: list[int] = []
    track.chosen.connect(heard.append)
    qtbot.mouseClick(track, Qt.MouseButton.LeftButton)
    qtbot.keyClick(track, Qt.Key.Key_Right)
    assert heard == []
    assert not track.grab().isNull()


def test_place_theme_and_focus_are_seen(track, look) -> None:
    track.clearFocus()
    start = track.grab().toImage()
    track.set_position(2.0)
    moved = track.grab().toImage()
    track.setFocus()
    focused = track.grab().toImage()
    look.set_theme("light")
    assert len({bytes(one.constBits()) for one in (start, moved, focused, track.grab().toImage())}) == 4


def test_long_words_are_cut_where_the_neighbours_begin(track) -> None:
    track.resize(320, 38)
    track.set_labels(["Concatenate and mix"] * 9)
    assert track._fitting("Concatenate and mix").endswith("…")
