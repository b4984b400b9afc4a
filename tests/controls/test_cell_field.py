"""The field over one number of a picture: what Enter gives, what leaving keeps, what is no number."""

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import QWidget

from studio.controls.cell_field import CellField

pytestmark = pytest.mark.gui


@pytest.fixture
def field(look, on_screen):
    ground = QWidget()
    ground.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    on_screen(ground)
    field = CellField(look, ground, 1_000.0)
    field.open(QRectF(40, 40, 30, 20), (2, 1), 0.25)
    return field


def test_the_field_lies_over_its_cell_with_the_number_ready_to_be_replaced(field) -> None:
    assert field.geometry().contains(QRectF(40, 40, 30, 20).center().toPoint())
    assert field.selectedText() == field.text() == "0.25"


def test_enter_gives_another_number_and_keeps_quiet_about_the_same_one(field, qtbot) -> None:
    given: list[tuple] = []
    field.given.connect(lambda *what: given.append(what))
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert given == []
    assert not field.isVisible()
    field.open(QRectF(40, 40, 30, 20), (2, 1), 0.25, "-")
    assert field.text() == "-"
    qtbot.keyClicks(field, "1e-3")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert given == [(2, 1, -0.001)]


def test_enter_alone_changes_nothing_of_a_number_that_is_longer_than_what_is_shown(field, qtbot) -> None:
    field.open(QRectF(40, 40, 30, 20), (2, 1), 1 / 3)
    assert field.text() == "0.333333"
    with qtbot.assertNotEmitted(field.given):
        qtbot.keyClick(field, Qt.Key.Key_Return)


def test_a_mistake_is_said_until_something_else_is_typed(field, qtbot) -> None:
    field.setText("half")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.property("invalid")
    assert "number" in field.accessibleDescription()
    qtbot.keyClicks(field, "1")
    assert not field.property("invalid")
    assert field.accessibleDescription() == ""


def test_leaving_keeps_the_old_number(field, qtbot) -> None:
    given: list[tuple] = []
    field.given.connect(lambda *what: given.append(what))
    field.setText("9")
    field.parentWidget().setFocus()
    assert not field.isVisible()
    assert given == []


def test_a_number_that_is_too_large_is_refused_with_the_largest_one(field, qtbot) -> None:
    field.setText("1001")
    with qtbot.assertNotEmitted(field.given):
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.isVisible()
    assert field.accessibleDescription() == "Write a number between −1,000 and 1,000."


def test_a_field_over_a_cell_at_the_edge_stays_inside_the_picture(field) -> None:
    ground = field.parentWidget()
    field.open(QRectF(-10, 0, 20, 20), (0, 0), 1.0)
    assert field.x() == 0
    field.open(QRectF(ground.width() - 6, 0, 20, 20), (0, 0), 1.0)
    assert field.geometry().right() < ground.width()


def test_keys_that_the_field_has_no_use_for_do_not_reach_the_picture(field, qtbot) -> None:
    heard: list[int] = []
    ground = field.parentWidget()
    ground.keyPressEvent = lambda event: heard.append(event.key())
    for key in (Qt.Key.Key_Up, Qt.Key.Key_F5, Qt.Key.Key_Escape):
        qtbot.keyClick(field, key)
    assert heard == []
    assert not field.isVisible()
