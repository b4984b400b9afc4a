"""Lines between tokens: of which heads, how many, and what they leave out."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.attention.lines import MOST
from studio.attention.lines_view import LinesView
from tests.attention.conftest import TEXT, scene_of

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def view(session, look, look_at, on_screen, settled):
    found = LinesView(session, look)
    look_at(scene_of())
    on_screen(found)
    settled()
    return found


def move(widget, point):
    nowhere, none = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseMove, point, widget.mapToGlobal(point), nowhere, nowhere, none)
    QApplication.sendEvent(widget, event)


def choose(edit, value):
    edit.set_value(value)
    edit.changed.emit()


def test_every_line_is_a_weight_of_the_layer_that_is_chosen(view, session):
    weights = session.looking.scene.capture.attention
    for layer in (0, 2):
        choose(view.layer, layer)
        lines = view.canvas.lines
        assert session.selection.locked("layer") == layer
        assert np.array_equal(weights[layer][lines.head, lines.row, lines.column].astype(float), lines.weight)
        assert set(lines.head.tolist()) <= {0, 1, 2}


def test_drawn_and_hidden_add_up_to_one_and_the_page_says_how_much_is_hidden(view):
    for top in (1, 3, 0):
        for least in (0.0, 0.25):
            choose(view.top, top)
            choose(view.least, least)
            lines = view.canvas.lines
            assert np.abs(lines.drawn + lines.hidden - 1.0).max() <= 1e-5
    choose(view.least, 0.5)
    assert "of all attention is not drawn" in view.note.text()


def test_pointing_at_a_token_brings_its_lines_forward_and_through_the_selection(view, session):
    move(view.canvas.viewport(), view.canvas.row_rect(6).center())
    assert session.selection.value("row") == 6
    assert set(view.canvas.focused.row.tolist()) == {6}
    assert view.canvas.card_lines[0] == "and @6"
    assert sum("hidden" in line for line in view.canvas.card_lines) == 3
    move(view.canvas.viewport(), view.canvas.column_rect(2).center())
    assert set(view.canvas.focused.column.tolist()) == {2}
    QApplication.sendEvent(view.canvas.viewport(), QEvent(QEvent.Type.Leave))
    assert view.canvas.focused is None


def test_a_click_keeps_a_token_until_it_is_freed(view, session):
    where = view.canvas.row_rect(4).center().toPoint()
    QTest.mouseClick(view.canvas.viewport(), Qt.MouseButton.LeftButton, pos=where)
    QApplication.sendEvent(view.canvas.viewport(), QEvent(QEvent.Type.Leave))
    assert session.selection.locked("row") == 4
    assert set(view.canvas.focused.row.tolist()) == {4}
    session.selection.free()
    assert view.canvas.focused is None


def test_a_token_that_is_locked_elsewhere_is_scrolled_to_once(session, look, look_at, on_screen):
    look_at(scene_of(text=" ".join(TEXT.split() * 8)))
    view = LinesView(session, look)
    on_screen(view)
    canvas, last = view.canvas, len(view.canvas.tokens) - 1
    seen = canvas.viewport().rect()
    assert not seen.contains(canvas.row_rect(last).center().toPoint())
    session.selection.lock(row=last)
    assert seen.contains(canvas.row_rect(last).center().toPoint())
    view.window().resize(view.window().width(), view.window().height() - 60)
    QApplication.processEvents()
    assert canvas.viewport().rect().contains(canvas.row_rect(last).center().toPoint())
    canvas.verticalScrollBar().setValue(0)
    session.selection.hover(row=0)
    session.selection.leave()
    assert canvas.verticalScrollBar().value() == 0


def test_a_double_click_on_a_head_draws_it_alone(view):
    QTest.mouseDClick(view.chips.chips[3], Qt.MouseButton.LeftButton)
    assert set(view.canvas.lines.head.tolist()) == {3}
    assert np.abs(view.canvas.lines.drawn + view.canvas.lines.hidden - 1.0).max() <= 1e-5


def test_over_the_text_a_token_shows_both_whom_it_looks_at_and_who_looks_at_it(view, session):
    view.form._choose("arcs")
    session.selection.lock(row=5)
    focused = view.canvas.focused
    assert (focused.row == 5).any()
    assert ((focused.column == 5) & (focused.row > 5)).any()
    pairs = list(zip(focused.head.tolist(), focused.row.tolist(), focused.column.tolist(), strict=True))
    assert len(pairs) == len(set(pairs))


def test_a_long_text_never_draws_more_than_it_may_and_is_chosen_in_the_background(
    session, look, look_at, on_screen, settled, monkeypatch
):
    monkeypatch.setattr("studio.attention.lines_view.HEAVY", 1_000)
    look_at(scene_of(text=" ".join(TEXT.split() * 8)))
    view = LinesView(session, look)
    on_screen(view)
    choose(view.top, 0)
    choose(view.least, 0.0)
    assert any(job.lane == "attention lines" for job in session.jobs.jobs)
    settled()
    assert len(view.canvas.lines) == MOST
    assert view.canvas.lines.left_out > 0
    assert "weaker ones left out" in view.note.text()
    assert np.abs(view.canvas.lines.drawn + view.canvas.lines.hidden - 1.0).max() <= 1e-5


def compare(session, mode="difference", seed=2):
    looking = session.looking
    looking.other, looking.mode = scene_of(seed=seed), mode
    looking.changed.emit(frozenset({"other", "mode"}))
    return looking


def test_every_line_of_a_difference_is_a_weight_of_a_less_that_of_b(view, session):
    choose(view.least, 0.0)
    looking = compare(session)
    one, other = looking.scene.capture.attention[0], looking.other.capture.attention[0]
    lines = view.canvas.lines
    places = lines.head, lines.row, lines.column
    assert np.array_equal(lines.weight, one[places].astype(float) - other[places])
    assert view.key.isVisible()
    assert view.key.words[:2] == ("A looks more", "B looks more")
    assert lines.most == pytest.approx(np.abs(one - other).max())
    assert "of all attention goes elsewhere" in view.note.text()
    assert view.chips.chips[0].plain
    assert np.array_equal(view.numbers()["difference"], lines.weight)
    assert np.array_equal(view.numbers()["weight_b"], other[places])


def test_pointing_at_a_difference_tells_what_both_sides_say(view, session):
    choose(view.least, 0.0)
    looking = compare(session)
    move(view.canvas.viewport(), view.canvas.row_rect(6).center())
    one, other = (scene.capture.attention[0, 1, 6] for scene in (looking.scene, looking.other))
    best = int(np.abs(one - other).argmax())
    assert view.canvas.card_lines[2].startswith(
        f"{one[best] - other[best]:+.3f} (A {one[best]:.3f}, B {other[best]:.3f}) head 1 to "
    )
    session.selection.lock(row=6)
    assert "they differ most" in view.explanation()
    assert f"{view.canvas.focused.weight[-1]:+.4f}" in view.explanation()


def test_b_alone_shows_its_own_weights_in_the_colours_of_its_heads(view, session):
    looking = compare(session)
    looking.mode = "B"
    looking.changed.emit(frozenset({"mode"}))
    assert view.scene is looking.other
    lines = view.canvas.lines
    assert np.array_equal(looking.other.capture.attention[0][lines.head, lines.row, lines.column], lines.weight)
    assert not view.key.isVisible()
    assert not view.chips.chips[0].plain
    assert not lines.signed


def test_models_that_hardly_differ_say_how_far_they_do_instead_of_showing_nothing(view, session):
    looking, scene = session.looking, session.looking.scene
    nearly = replace(scene.capture, attention=scene.capture.attention * np.float32(0.99))
    looking.other, looking.mode = replace(scene, capture=nearly), "difference"
    looking.changed.emit(frozenset({"other", "mode"}))
    assert len(view.canvas.lines) == 0
    assert "No difference of these heads reaches 0.05; the largest of the layer is 1.0e-02" in view.note.text()
    assert "0.5 % of all attention goes elsewhere (half of Σ |difference|)" in view.note.text()


def test_a_model_less_itself_says_that_nothing_differs(view, session):
    looking = session.looking
    looking.other, looking.mode = looking.scene, "difference"
    looking.changed.emit(frozenset({"other", "mode"}))
    session.selection.lock(row=6)
    assert len(view.canvas.lines) == len(view.canvas.focused) == 0
    assert view.note.text() == "No weight of this layer differs"
    assert view.key.words[2] == "nothing differs"
    row = view._describe("row", 6)[1][0]
    assert (row.text[:6], row.color) == ("+0.000", None)
    assert not view.grab().isNull()


def test_what_is_said_and_given_out_is_never_of_lines_that_are_still_being_chosen(view, session, settled, monkeypatch):
    monkeypatch.setattr("studio.attention.lines_view.HEAVY", 1)
    compare(session)
    assert view.numbers() == {}
    assert view.note.text() == "being computed…"
    assert "hidden" not in view._describe("row", 6)[1][0].note
    settled()
    found = view.numbers()
    assert np.array_equal(found["difference"], found["weight_a"].astype(float) - found["weight_b"])
    assert "of all attention goes elsewhere" in view.note.text()


def test_a_picture_of_a_difference_holds_what_its_lines_mean(view, session):
    from studio.seeing.export import svg_bytes

    compare(session)
    drawing = svg_bytes(view.drawing(), "Lines").decode()
    assert "A looks more" in drawing
    assert "full colour: ±" in drawing
    assert drawing.count("<path") + drawing.count("<polyline") >= len(view.canvas.lines) > 0
    assert "<image" not in drawing


def test_the_explanation_names_the_strongest_line_of_the_token(view, session):
    session.selection.lock(row=9)
    lines = view.canvas.focused
    assert f"{lines.weight[-1]:.4f}" in view.explanation()
    assert "'saw'@9" in view.explanation()


def test_the_numbers_are_the_lines_that_are_drawn(view):
    found = view.numbers()
    assert len(found["weight"]) == len(view.canvas.lines)
    assert found["tokens"].tolist() == TEXT.split()
    assert found["hidden"].shape == (3, 12)


def test_a_text_of_one_token_and_a_model_of_other_heads_are_drawn(view, session, look_at):
    look_at(scene_of(text="the"))
    assert len(view.canvas.tokens) == 1
    look_at(scene_of("llama 3.1", n_heads=2, n_kv_heads=1))
    assert len(view.chips.chips) == 2
    assert not view.grab().isNull()


def test_both_forms_look_different_and_both_themes_are_drawn(view, look):
    pictures = [view.canvas.viewport().grab().toImage()]
    view.form._choose("arcs")
    pictures.append(view.canvas.viewport().grab().toImage())
    look.set_theme("light")
    pictures.append(view.canvas.viewport().grab().toImage())
    assert pictures[0] != pictures[1] != pictures[2]


def test_lines_that_come_late_are_not_drawn_on_another_text(view, session, look_at, settled, monkeypatch):
    monkeypatch.setattr("studio.attention.lines_view.HEAVY", 1)
    choose(view.top, 10)
    monkeypatch.undo()
    look_at(scene_of(text="the cat"))
    settled()
    assert len(view.canvas.tokens) == 2
    assert view.canvas.lines.row.max() <= 1
    view.form._choose("arcs")
    assert not view.grab().isNull()
