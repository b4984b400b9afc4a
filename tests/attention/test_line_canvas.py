"""Lines as they are painted: opacity is weight, tokens are found where they stand, nothing freezes."""

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.attention.line_canvas import LineCanvas
from studio.attention.line_layouts import Arcs, Columns
from studio.attention.lines import Wanted, lines_of
from studio.widgets.hover_card import CardRow

pytestmark = pytest.mark.gui

TOKENS = ("Once", "·upon", "·a", "·time", ",", "·there")


def weights(length=6, heads=3):
    values = np.tril(np.random.default_rng(0).dirichlet(np.ones(length), (heads, length))) + 1e-6 * np.tri(length)
    return (values / values.sum(-1, keepdims=True)).astype(np.float32)


@pytest.fixture
def canvas(look, on_screen):
    found = LineCanvas(look)
    found.resize(900, 500)
    on_screen(found)
    found.set_tokens(TOKENS)
    found.set_lines(lines_of(weights(), Wanted((0, 1, 2), 6)))
    return found


def move(canvas, point):
    nowhere, none = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseMove, point, canvas.viewport().mapToGlobal(point), nowhere, nowhere, none)
    QApplication.sendEvent(canvas.viewport(), event)


@pytest.mark.parametrize("weight", [0.0, 0.031, 0.5, 1.0])
def test_opacity_is_the_weight_however_many_heads_are_drawn(canvas, weight):
    """Mistake 10: opacity that is divided by how many heads are shown."""
    for heads in ((0,), (0, 1, 2)):
        canvas.set_lines(lines_of(weights(), Wanted(heads, 6)))
        assert canvas.pen(0, weight).color().alphaF() == pytest.approx(weight, abs=1 / 255)


def test_a_weight_of_one_is_painted_in_the_full_colour_of_its_head_beside_eleven_others(canvas, look):
    values = np.zeros((12, 6, 6), np.float32)
    values[:, :, 0] = 1.0
    canvas.set_lines(lines_of(values, Wanted(tuple(range(12)), 1)))
    canvas.set_lines(lines_of(values, Wanted((4,), 1)))
    start, end = canvas.row_rect(0), canvas.column_rect(0)
    middle = QPoint(round((start.right() + end.left()) / 2), round(start.center().y()))
    image = canvas.viewport().grab().toImage()
    near = [image.pixelColor(middle + QPoint(0, dy)) for dy in (-1, 0, 1)]
    assert look.color(4).name() in [colour.name() for colour in near]


def test_heads_that_share_a_colour_differ_by_their_dashes(canvas):
    assert canvas.pen(1, 0.5).color() == canvas.pen(9, 0.5).color()
    assert canvas.pen(1, 0.5).style() != canvas.pen(9, 0.5).style()


def other_weights():
    return np.roll(weights(), 1, axis=0)


def test_a_difference_has_the_colour_of_its_sign_and_dashes_below_zero(canvas, look):
    found = lines_of(weights(), Wanted((0, 1, 2), 6), other_weights())
    canvas.set_lines(found)
    more, less = canvas.pen(0, found.most / 2), canvas.pen(0, -found.most / 4)
    assert more.color().name() == look.color(1).name()
    assert less.color().name() == look.color(0).name()
    assert more.style() == Qt.PenStyle.SolidLine
    assert less.style() == Qt.PenStyle.DashLine
    assert more.color().alphaF() == pytest.approx(0.5, abs=1 / 255)
    assert less.color().alphaF() == pytest.approx(0.25, abs=1 / 255)
    assert canvas.pen(2, 0.1) == canvas.pen(9, 0.1)  # no colour of a head's own


def test_the_strength_of_a_difference_stays_when_a_token_is_pointed_at(canvas):
    found = lines_of(weights(), Wanted((0, 1, 2), 6), other_weights())
    canvas.set_lines(found)
    before = canvas.pen(0, 0.1).color().alphaF()
    canvas.focus(5, None, lines_of(weights(), Wanted((0,), 6, row=5), other_weights()))
    assert canvas.focused.most < canvas.most == found.most
    assert canvas.pen(0, 0.1).color().alphaF() == before


def test_a_token_gets_the_difference_that_is_furthest_from_zero(canvas):
    one, other = weights(), other_weights()
    canvas.set_lines(lines_of(one, Wanted((0, 1, 2), 6), other))
    canvas.focus(5, None, lines_of(one, Wanted((0, 1, 2), 6, row=5), other))
    away = (one.astype(np.float64) - other)[:, 5]
    expected = away[np.abs(away).argmax(0), np.arange(6)]
    assert np.array_equal(canvas._received(), expected)
    assert not canvas.viewport().grab().isNull()


def test_pointing_at_the_left_is_looking_and_at_the_right_being_looked_at(canvas):
    heard = []
    canvas.hovered.connect(lambda row, column: heard.append((row, column)))
    canvas.describe = lambda side, place: (f"{side} {place}", [CardRow("x")])
    move(canvas, canvas.row_rect(3).center())
    assert canvas.card_lines[0] == "row 3"
    move(canvas, canvas.column_rect(2).center())
    move(canvas, QPointF(canvas.row_rect(0).right() + 40, canvas.row_rect(0).center().y()))
    assert heard == [(3, -1), (-1, 2), (-1, -1)]
    assert canvas.card_lines == []


def test_a_click_chooses_a_token_and_keys_walk_along_those_that_look(canvas):
    heard = []
    canvas.clicked.connect(lambda row, column: heard.append((row, column)))
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=canvas.column_rect(1).center().toPoint())
    assert heard == [(-1, 1)]
    canvas.focus(2, None, lines_of(weights(), Wanted((0,), 6, row=2)))
    canvas.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_End, Qt.Key.Key_Home):
        QTest.keyClick(canvas, key)
    assert heard[1:] == [(3, -1), (1, -1), (5, -1), (0, -1)]


def test_one_tokens_lines_replace_the_others_and_come_back(canvas):
    everything = canvas.viewport().grab().toImage()
    canvas.focus(5, None, lines_of(weights(), Wanted((0, 1, 2), 6, row=5)))
    assert canvas.viewport().grab().toImage() != everything
    canvas.focus(None, None, None)
    assert canvas.viewport().grab().toImage() == everything


def test_arcs_find_the_same_tokens_in_one_line(canvas):
    canvas.set_arcs(True)
    heard = []
    canvas.hovered.connect(lambda row, column: heard.append((row, column)))
    tops = {canvas.row_rect(place).top() for place in range(6)}
    assert len(tops) == 1
    for place in (0, 5):
        move(canvas, canvas.row_rect(place).center())
        assert heard[-1] == (place, -1)


def test_a_long_text_scrolls_to_its_last_token_in_both_forms(canvas):
    canvas.set_tokens([f"word{number}" for number in range(500)])
    for arcs in (False, True):
        canvas.set_arcs(arcs)
        canvas.setFocus()
        QTest.keyClick(canvas, Qt.Key.Key_End)
        assert canvas.viewport().rect().toRectF().contains(canvas.row_rect(499))


@pytest.mark.parametrize("layout", [Columns, Arcs])
def test_no_line_that_could_be_seen_is_left_out(layout, look):
    found = layout([f"word{number}" for number in range(80)], look, QSizeF(700, 300))
    rows, columns = np.divmod(np.arange(80 * 80), 80)
    seen = QRectF(0, 480, 700, 300) if layout is Columns else QRectF(900, 0, 700, 300)
    near = found.near(rows, columns, seen)
    for at in np.random.default_rng(0).integers(0, 6_400, 300).tolist():
        path = found.path(int(rows[at]), int(columns[at]))
        crosses = any(seen.contains(path.pointAtPercent(share / 20)) for share in range(21))
        assert near[at] or not crosses


def test_an_svg_of_it_is_made_of_lines_and_letters(canvas):
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(canvas.size())
    painter = QPainter(generator)
    canvas.render(painter, QPoint())
    painter.end()
    text = bytes(data.data()).decode()
    assert text.count("<path") >= len(canvas.lines)
    assert "Once" in text
    assert "<image" not in text


def test_a_text_that_changes_takes_its_lines_with_it(canvas):
    canvas.set_tokens(("a", "b"))
    assert canvas.lines is None
    assert not canvas.viewport().grab().isNull()
