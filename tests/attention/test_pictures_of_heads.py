"""The two pictures of heads in their page: by keyboard alone, in a small window, in both themes, for a long time."""

import time

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel

from studio.attention.heads_view import HeadsView
from studio.attention.lines_view import LinesView
from studio.panels.attention import AttentionPanel
from studio.widgets.label import ElidedLabel
from tests.attention.conftest import TEXT, scene_of

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def page(session, look, look_at, on_screen, settled):
    def open_page(text=TEXT, view="heads", **shape):
        found = AttentionPanel(session, look)
        look_at(scene_of(text=text, **shape))
        on_screen(found)
        found.open_view(view)
        settled()
        return found

    return open_page


def test_both_are_views_of_the_page_and_the_heads_come_first(page):
    assert AttentionPanel.views[0] is HeadsView
    assert LinesView in AttentionPanel.views
    found = page()
    assert isinstance(found.view, HeadsView)
    found.open_view("lines")
    assert isinstance(found.view, LinesView)
    assert not found.view.missing()


def test_escape_frees_what_a_click_locked(page, session):
    found = page()
    heat_map = found.view.one.map
    QTest.mouseClick(heat_map, Qt.MouseButton.LeftButton, pos=heat_map.plane.rect_of(5, 2).center().toPoint())
    assert not session.selection.is_free
    QTest.keyClick(heat_map, Qt.Key.Key_Escape)
    assert session.selection.is_free
    assert heat_map.locked == (None, None)
    assert found.view.one.cell is None


def test_a_head_and_a_weight_are_chosen_by_keyboard_alone(page, session):
    view = page().view
    view.all.mosaic.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down):
        QTest.keyClick(view.all.mosaic, key)
    assert view.one.heading == "Layer 1 · head 1"
    view.one.map.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_End):
        QTest.keyClick(view.one.map, key)
    assert view.one.cell == (1, 11)
    assert view.one.place.text() == "q 'cat'@1 → k 'cat'@11 = 0.0000"
    view.one.scale.setFocus()
    QTest.keyClick(view.one.scale, Qt.Key.Key_Right)
    assert view.one.map.colouring.scale == "log"
    view.all.badge.setFocus()
    QTest.keyClick(view.all.badge, Qt.Key.Key_Right)
    assert view.all.badge.value() == "first_token"
    weights = session.looking.scene.capture.attention
    np.testing.assert_allclose(view.all.values(), weights[:, :, 1:, 0].mean(-1), atol=1e-6)


def test_lines_are_chosen_by_keyboard_alone(page, session):
    view = page(view="lines").view
    view.canvas.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down):
        QTest.keyClick(view.canvas, key)
    assert session.selection.locked("row") == 2
    assert set(view.canvas.focused.row.tolist()) == {2}
    chip = view.chips.chips[3]
    chip.setFocus()
    QTest.keyClick(chip, Qt.Key.Key_Return)
    assert set(view.canvas.focused.head.tolist()) == {3}
    view.form.setFocus()
    QTest.keyClick(view.form, Qt.Key.Key_Right)
    assert view.form.value() == "arcs"


@pytest.mark.parametrize("view", ["heads", "lines"])
def test_everything_one_can_press_has_a_name_and_a_place_in_the_tab_order(page, view):
    found = page(view=view).view
    controls = [item for kind in (QAbstractButton, QComboBox) for item in found.findChildren(kind) if item.isVisible()]
    assert len(controls) > 6
    for item in controls:
        assert item.accessibleName() or (isinstance(item, QAbstractButton) and item.text())
    assert any(item.focusPolicy() & Qt.FocusPolicy.TabFocus for item in controls)


@pytest.mark.parametrize("view", ["heads", "lines"])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_small_window_cuts_no_words_and_keeps_a_picture(page, look, view, theme):
    look.set_theme(theme)
    found = page(view=view)
    found.resize(790, 530)  # what a window of 960 × 600 leaves to a page
    QTest.qWait(1)
    inside = found.view
    assert inside.width() <= 790
    for label in inside.findChildren(QLabel):
        if label.isVisible() and label.text() and not isinstance(label, ElidedLabel) and not label.wordWrap():
            assert label.width() >= label.sizeHint().width() - 1, label.text()
    if view == "heads":
        assert min(inside.one.map.plane.box.width(), inside.one.map.plane.box.height()) >= 90
        assert inside.all.mosaic.tile_rect(0, 0).width() >= 28
    else:
        assert inside.canvas.viewport().height() >= 100


def test_the_picture_of_one_head_spares_names_and_bars_before_it_spares_cells(page):
    found = page()
    heat_map = found.view.one.map
    found.resize(1_100, 900)
    QTest.qWait(1)
    with_bars = heat_map.plane.box
    assert with_bars.top() > 40
    found.resize(790, 480)
    QTest.qWait(1)
    assert heat_map.plane.box.top() < 40


def test_a_hover_reaches_every_open_view_at_once(page, session):
    found = page()
    found.open_view("lines")
    found.open_view("heads")
    found.view.one.map.setFocus()
    times = []
    for row in range(10):
        began = time.process_time()
        session.selection.hover(layer=1, head=2, row=row, column=row // 2)
        times.append(time.process_time() - began)
        assert found.view.one.cell == (row, row // 2)
        assert found.view.one.heading == "Layer 1 · head 2"
    assert sorted(times)[5] < 0.050
    found.open_view("lines")  # the pointer, wherever it rests, may leave the map by that
    session.selection.hover(layer=1, head=2, row=9, column=4)
    assert found.view.shown_layer == 1
    assert set(found.view.canvas.focused.row.tolist()) == {9}


def test_a_text_that_becomes_shorter_takes_locks_beyond_it_away(page, session, look_at, settled):
    found = page()
    session.selection.lock(layer=2, head=3, row=11, column=10)
    session.selection.keep_below(row=3, column=3)
    look_at(scene_of(text="the cat sat"))
    settled()
    assert found.view.one.cell is None
    assert found.view.one.map.values.shape == (3, 3)
    assert found.view.one.heading == "Layer 2 · head 3"


def test_a_smaller_model_shows_a_head_that_it_has(page, session, look_at, settled):
    found = page()
    session.selection.lock(layer=2, head=3)
    look_at(scene_of(n_layers=1, n_heads=2))
    settled()
    assert found.view.one.heading == "Layer 0 · head 1"
    assert found.view.all.mosaic.tiles.levels.shape[:2] == (1, 2)


def test_a_kept_map_of_another_text_is_let_go_of(page, look_at, settled):
    found = page()
    found.view.one.subtract.click()
    assert found.view.one.kept is not None
    assert "orange where the first" in found.view.explanation()
    look_at(scene_of(text="the cat sat"))
    settled()
    assert found.view.one.kept is None
    assert found.view.one.subtract.text() == "Subtract this"


def soak(found, times):
    """Draw both pictures again and again, as a film and a restless hand do; megabytes that were left behind."""
    import psutil

    process, view = psutil.Process(), found.view
    before = 0
    for number in range(times):
        if number == times // 4:
            before = process.memory_info().rss
        view.one.map.mark(number % 12, number % 7)
        view.one.map.redraw()
        view.all.mosaic.redraw()
        view.one.map.repaint()
        view.all.mosaic.viewport().repaint()
    return (process.memory_info().rss - before) / (1 << 20)


@pytest.mark.slow
def test_hundreds_of_repaints_leave_nothing_behind(page):
    assert soak(page(), 120) <= 10


@pytest.mark.slow
def test_five_thousand_repaints_leave_nothing_behind(page):
    assert soak(page(), 5_000) <= 20
