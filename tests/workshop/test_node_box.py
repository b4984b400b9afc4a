"""One step as a box: what it says to eye and ear, which keys are its own, and when it is noticed."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QWidget

from studio.core.outline import Node
from studio.workshop.node_box import NodeBox
from tests.workshop.conftest import block, leaf

pytestmark = pytest.mark.gui
MATRIX = leaf("Linear", "layers.0.mlp.up_proj", 16_640, (4, 32, 256), weight=(256, 64))


@pytest.fixture
def box(look, on_screen):
    host = QWidget()
    made = NodeBox(look, host)
    made.setGeometry(4, 4, 220, 28)
    on_screen(host)
    return made


def show(box: NodeBox, node: Node, is_open: bool = False, is_round: bool = False, unknown: bool = False) -> NodeBox:
    box.show_node(node, is_open, is_round, unknown)
    return box


def test_a_box_says_its_name_and_whether_it_is_open(box):
    assert show(box, MATRIX).accessibleName() == "Widen"
    assert show(box, block()).accessibleName() == "Block, closed"
    assert show(box, block(), is_open=True).accessibleName() == "Block, open"
    assert "16,640 parameters (256 × 64)" in show(box, MATRIX).accessibleDescription()


def test_an_operation_in_a_circle_is_called_by_what_it_does(box):
    assert show(box, leaf("add", "add"), is_round=True).accessibleName() == "Sum"
    assert show(box, leaf("mul", "layers.0.mlp.mul"), is_round=True).accessibleName() == "Product"


def test_its_figure_counts_one_block_and_how_many_there_are(box):
    assert show(box, block()).figure == "3 × 49.8 k"
    assert show(box, replace(block(), times=1)).figure == "49.8 k"
    assert show(box, leaf("gelu", "layers.0.mlp.gelu")).figure == ""


def test_a_table_whose_vocabulary_is_not_known_shows_no_count(box):
    table = leaf("Embedding", "embed_tokens", 6_400)
    assert show(box, table, unknown=True).figure == ""
    assert show(box, table).figure == "6.4 k"
    assert show(box, MATRIX, unknown=True).figure == "16.6 k"


def test_only_what_opens_has_a_hand(box):
    assert show(box, block()).cursor().shape() == Qt.CursorShape.PointingHandCursor
    assert show(box, MATRIX).cursor().shape() == Qt.CursorShape.ArrowCursor


@pytest.mark.parametrize("key", [Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Return])
def test_walking_is_left_to_the_drawing_and_the_space_bar_presses(box, qtbot, key):
    pressed = []
    show(box, block()).clicked.connect(lambda: pressed.append(True))
    qtbot.keyClick(box, key)
    assert pressed == []
    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert pressed == [True]


def test_it_is_noticed_by_pointer_and_leaves_again(box, qtbot):
    heard = []
    show(box, MATRIX).noticed.connect(heard.append)
    middle = QPointF(10, 10)
    box.enterEvent(QEnterEvent(middle, middle, middle))
    box.leaveEvent(QEvent(QEvent.Type.Leave))
    assert heard == [True, False]


def test_the_part_that_is_lit_keeps_its_colour_and_the_others_pale(box):
    plain = show(box, MATRIX).grab().toImage()
    box.lit = "Feed forward"
    assert box.grab().toImage() == plain
    box.lit = "Norms"
    assert box.grab().toImage() != plain


def test_a_name_without_room_is_cut_and_its_count_stays(box):
    box.resize(220, 28)
    wide = show(box, leaf("Embedding", "embed_tokens", 617_558_016)).grab().toImage()
    box.resize(110, 28)
    narrow = box.grab().toImage()
    ratio = box.devicePixelRatioF()
    tail = round(50 * ratio)  # where the count stands, at the right
    cut = [image.copy(image.width() - tail, 8, tail - 6, 14) for image in (wide, narrow)]
    assert cut[0] == cut[1]
