"""The drawing: it opens and closes, is walked by keyboard, speaks, and lights up with the ledger."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from studio.workshop.drawing import ModelDrawing
from studio.workshop.titles import part_of, sentence_of, title_of

pytestmark = pytest.mark.gui


@pytest.fixture
def drawing(look, network, on_screen, qtbot):
    made = ModelDrawing(look)
    made.resize(360, 600)
    made.set_network(network)
    on_screen(made)
    made.activateWindow()
    return made


def shown(drawing):
    return [box for box in drawing.boxes if box.isVisible()]


def box(drawing, name):
    return next(one for one in shown(drawing) if one.node.name == name)


def test_the_block_is_open_and_its_parts_are_closed(drawing):
    names = [one.node.name for one in shown(drawing)]
    assert names == [
        "embed_tokens", "embed_positions", "add", "0", "input_layernorm", "self_attn", "add",
        "post_attention_layernorm", "mlp", "add", "norm", "lm_head",
    ]  # fmt: skip


def test_a_click_opens_a_box_and_another_closes_it(drawing, qtbot):
    before = drawing.height()
    with qtbot.waitSignal(drawing.grown):
        box(drawing, "self_attn").click()
    assert {"q_proj", "heads", "scores", "softmax", "mix", "o_proj"} <= {one.node.name for one in shown(drawing)}
    assert drawing.height() > before
    box(drawing, "self_attn").click()
    assert drawing.height() == before


def test_a_box_without_parts_stays_as_it_is(drawing):
    before = drawing.height()
    box(drawing, "lm_head").click()
    assert drawing.height() == before


def test_what_is_open_stays_open_for_another_shape(drawing, network):
    drawing.open("layers.0.self_attn")
    drawing.set_network(replace(network, parameters=1))
    assert box(drawing, "scores").isVisible()


def test_only_one_box_is_a_stop_of_the_tab_key(drawing):
    stops = [one for one in shown(drawing) if one.focusPolicy() == Qt.FocusPolicy.StrongFocus]
    assert [one.node.name for one in stops] == ["embed_tokens"]


def test_the_keyboard_walks_opens_and_goes_back(drawing, qtbot):
    shown(drawing)[0].setFocus()
    for _ in range(5):
        qtbot.keyClick(drawing.boxes[drawing._at], Qt.Key.Key_Down)
    assert box(drawing, "self_attn").hasFocus()
    qtbot.keyClick(box(drawing, "self_attn"), Qt.Key.Key_Right)
    assert box(drawing, "self_attn").is_open
    qtbot.keyClick(box(drawing, "self_attn"), Qt.Key.Key_Down)
    assert box(drawing, "q_proj").hasFocus()
    qtbot.keyClick(box(drawing, "q_proj"), Qt.Key.Key_Left)
    assert box(drawing, "self_attn").hasFocus()
    qtbot.keyClick(box(drawing, "self_attn"), Qt.Key.Key_Left)
    assert not box(drawing, "self_attn").is_open
    qtbot.keyClick(box(drawing, "self_attn"), Qt.Key.Key_Return)
    assert box(drawing, "self_attn").is_open
    qtbot.keyClick(box(drawing, "self_attn"), Qt.Key.Key_Space)
    assert not box(drawing, "self_attn").is_open


def test_the_first_and_the_last_box_end_the_walk(drawing, qtbot):
    shown(drawing)[0].setFocus()
    qtbot.keyClick(shown(drawing)[0], Qt.Key.Key_Up)
    assert shown(drawing)[0].hasFocus()
    for _ in range(30):
        qtbot.keyClick(drawing.boxes[drawing._at], Qt.Key.Key_Down)
    assert box(drawing, "lm_head").hasFocus()


def test_every_box_says_what_it_is_how_many_parameters_it_has_and_what_flows(drawing):
    drawing.open("layers.0.self_attn")
    queries = box(drawing, "q_proj")
    assert queries.accessibleName() == "Queries"
    assert "4,096 parameters (64 × 64) · (4, 32, 64) → (4, 32, 64)" in queries.accessibleDescription()
    assert box(drawing, "self_attn").accessibleName() == "Attention, open"
    assert box(drawing, "mlp").accessibleName() == "Feed forward, closed"
    assert [one for one in shown(drawing) if not one.accessibleName() or not sentence_of(one.node)] == []
    assert "3 blocks" in drawing.accessibleDescription()


def test_figures_stand_on_the_boxes(drawing):
    assert box(drawing, "0").figure == "3 × 49.8 k"
    assert box(drawing, "norm").figure == "128"
    assert box(drawing, "lm_head").figure == ""


def test_a_vocabulary_that_is_not_known_counts_nothing(drawing, network):
    drawing.set_network(network, unknown=True)
    assert box(drawing, "embed_tokens").figure == ""
    assert box(drawing, "embed_positions").figure == "2 k"
    assert drawing.accessibleDescription().endswith("(4, 32, ?).")


def test_what_is_pointed_at_is_told_with_its_part_of_the_ledger(drawing):
    parts, steps = [], []
    drawing.pointed.connect(parts.append)
    drawing.noticed.connect(steps.append)
    box(drawing, "mlp").noticed.emit(True)
    box(drawing, "mlp").noticed.emit(False)
    assert parts == ["Feed forward", ""]
    assert [step.name if step else None for step in steps] == ["mlp", None]


def test_one_part_comes_forward_and_the_others_step_back(drawing, qapp):
    qapp.processEvents()
    drawing.light("")  # the box with the keyboard is lit
    before = drawing.grab().toImage()
    drawing.light("Norms")
    assert drawing.grab().toImage() != before
    drawing.light("")
    assert drawing.grab().toImage() == before


def test_a_tied_head_is_counted_with_the_embedding(network):
    head = network.rows[-1][0][0]
    assert (title_of(head), part_of(head)) == ("Head, tied", "Token embedding")
    own = replace(head, tied="")
    assert (title_of(own), part_of(own)) == ("Output head", "Output head")


def test_the_drawing_follows_the_theme(drawing, look):
    before = drawing.grab().toImage()
    look.set_theme("light")
    assert drawing.grab().toImage() != before


@pytest.mark.parametrize("width", [256, 400, 900])
def test_boxes_stand_where_the_layout_put_them(drawing, width):
    drawing.resize(width, drawing.height())
    for one, place in zip(shown(drawing), drawing.flow.places, strict=True):
        assert one.node is place.node
        assert one.x() >= 0
        assert one.geometry().right() <= width
