import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from studio.widgets.flow_layout import FlowLayout
from studio.widgets.hover_card import CardRow, HoverCard
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


@pytest.mark.parametrize("at", [QPoint(0, 0), QPoint(395, 10), QPoint(200, 295), QPoint(398, 298)])
def test_a_card_stays_inside_and_beside_the_pointer(look: Look, qtbot: QtBot, at: QPoint) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    card = HoverCard(look, parent)
    bounds = QRect(0, 0, 400, 300)
    card.show_rows("step 2,604", [CardRow("training 1.611", "smooth 1.6", 0), CardRow("20 63", mono=True)], at, bounds)
    assert bounds.contains(card.geometry())
    assert not card.geometry().contains(at)
    assert card.lines == ["step 2,604", "training 1.611 smooth 1.6", "20 63"]
    card.grab()


def test_a_card_of_many_rows_says_how_many_it_leaves_out(look: Look, qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    card = HoverCard(look, parent)
    card.show_rows("t", [CardRow(str(row)) for row in range(20)], QPoint(), QRect(0, 0, 400, 600))
    assert card.lines[-1] == "+ 8"


def test_a_flow_breaks_lines_and_grows_in_height(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    flow = FlowLayout(widget, spacing=4, line_spacing=4)
    buttons = [QPushButton(str(place)) for place in range(6)]
    for button in buttons:
        button.setFixedSize(100, 20)
        flow.addWidget(button)
    assert flow.heightForWidth(1000) == 20
    assert flow.heightForWidth(320) == 44
    assert flow.heightForWidth(90) == 6 * 20 + 5 * 4
    assert flow.sizeHint().width() == 620
    flow.setGeometry(QRect(0, 0, 320, 44))
    assert [button.y() for button in buttons] == [0, 0, 0, 24, 24, 24]
    assert flow.takeAt(9) is None
    assert flow.takeAt(0) is not None
    assert flow.count() == 5
