"""A still picture is painted once, until it is forgotten."""

import pytest
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget

from studio.widgets.still_picture import StillPicture

pytestmark = pytest.mark.gui


def test_it_is_painted_once_until_it_is_forgotten(qtbot):
    widget, painted = QWidget(), []
    qtbot.addWidget(widget)
    widget.resize(8, 4)

    def paint(painter: QPainter) -> None:
        painted.append(len(painted))
        painter.fillRect(0, 0, 4, 4, QColor(255, 0, 0) if len(painted) == 1 else QColor(0, 0, 255))

    picture = StillPicture(widget, paint)

    def left_and_right() -> tuple[str, str]:
        image = QImage(8, 4, QImage.Format.Format_RGB32)
        image.fill(QColor(255, 255, 255))
        painter = QPainter(image)
        picture.draw(painter)
        painter.end()
        return image.pixelColor(1, 1).name(), image.pixelColor(6, 1).name()

    assert left_and_right() == left_and_right() == ("#ff0000", "#ffffff"), "what it leaves out stays as it was"
    assert painted == [0]
    picture.forget()
    assert left_and_right() == ("#0000ff", "#ffffff")
    assert painted == [0, 1]
