"""The drawing is to scale, whatever the layer; the tiles are a row that pointer and keyboard walk along."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt

from studio.adapting.thin_matrices import ThinMatrices
from studio.core.adapter_costs import layer_kinds
from studio.core.shelf import FAMILIES

pytestmark = pytest.mark.gui
LLAMA = next(one.config for one in FAMILIES.load("llama").presets if one.name == "Llama 3.1 8B")


@pytest.fixture
def drawing(look, on_screen, book):
    made = ThinMatrices(look)
    on_screen(made)
    made.resize(420, 260)
    made.set_plan(layer_kinds(book), {"q_proj", "up_proj"}, 16, 0.5)
    return made


def test_all_three_matrices_are_drawn_in_one_scale_and_inside(drawing):
    kinds = layer_kinds(LLAMA)
    drawing.set_plan(kinds, {kind.name for kind in kinds}, 256, 1.0)
    for width in (240, 300, 600):
        drawing.resize(width, 240)
        for at, kind in enumerate(kinds):
            drawing._at = at
            in_one_scale(drawing, width, kind.name)


def in_one_scale(drawing, width, name):
    w, b, a = drawing.places()
    kind = drawing.shown
    assert kind.name == name
    for area, rows, columns in ((w, kind.outputs, kind.inputs), (b, kind.outputs, 256), (a, 256, kind.inputs)):
        each = w.height() / kind.outputs
        assert area.width() == pytest.approx(max(1.0, columns * each))
        assert area.height() == pytest.approx(max(1.0, rows * each))
        assert area.left() >= 0
        assert area.right() <= width
        assert area.bottom() <= drawing.tile(0).top()


def test_a_rank_beyond_the_layer_still_stays_inside(drawing):
    drawing.set_plan(drawing.kinds, {"q_proj"}, 3_000, 1.0)
    assert max(area.bottom() for area in drawing.places()) < drawing.tile(0).top()


def test_the_pointer_draws_a_kind_large_and_leaves_it_again(drawing, qtbot):
    with qtbot.waitSignal(drawing.pointed) as told:
        qtbot.mouseMove(drawing, drawing.tile(4).center().toPoint())
    assert told.args == ["up_proj"]
    assert drawing.words() == "16 × (768 + 3,072) = 61,440 · 2.6 %"
    with qtbot.waitSignal(drawing.pointed):
        qtbot.mouseMove(drawing, QPoint(5, 5))
    assert drawing.shown.name == "q_proj"


def test_the_keyboard_walks_along_the_tiles_and_presses_one(drawing, qtbot):
    drawing.setFocus()
    qtbot.keyClick(drawing, Qt.Key.Key_Right)
    assert drawing.words() == "k_proj: 589,824 weights stay as they are"
    assert drawing.accessibleDescription().startswith("k_proj")
    with qtbot.waitSignal(drawing.toggled) as told:
        qtbot.keyClick(drawing, Qt.Key.Key_Return)
    assert told.args == ["k_proj"]
    for _ in range(9):
        qtbot.keyClick(drawing, Qt.Key.Key_Left)
    assert drawing.shown.name == "q_proj"


def test_what_was_looked_at_stays_when_the_model_changes(drawing):
    drawing._at = 5
    drawing.set_plan(layer_kinds(replace(LLAMA, n_layers=3)), {"q_proj"}, 4, 1.0)
    assert drawing.shown.name == "down_proj"


def test_chosen_layers_are_painted_in_their_colours(drawing, look):
    picture = drawing.grab().toImage()
    _, b, a = drawing.places()
    assert picture.pixelColor(round(a.center().x()), round(a.top() + 0.4)).name() == look.color(0).name()
    assert picture.pixelColor(round(b.left() + 0.4), round(b.center().y())).name() == look.color(1).name()
