"""Labels: plain text always, and one that says when it was cut."""

from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

pytestmark = pytest.mark.gui
LONG = "Gradient norm before clipping, of all parameters together"


def rest_on(label: Label) -> str:
    """The tooltip that a pointer at rest brings up."""
    QToolTip.hideText()
    at = QPoint(2, 2)
    QApplication.sendEvent(label, QHelpEvent(QEvent.Type.ToolTip, at, label.mapToGlobal(at)))
    return QToolTip.text() if QToolTip.isVisible() else ""


def test_markup_is_shown_as_it_is_written(look: Look, on_screen: Any) -> None:
    label = Label("<b>not bold</b>")
    on_screen(label)
    assert label.sizeHint().width() > Label("not bold").sizeHint().width()


def test_text_that_fits_is_whole_and_needs_no_tooltip(look: Look, on_screen: Any) -> None:
    label = ElidedLabel("Loss")
    on_screen(label)
    assert not label.cut
    assert rest_on(label) == ""


def test_text_that_was_cut_tells_all_of_itself(look: Look, on_screen: Any) -> None:
    label = ElidedLabel(LONG)
    on_screen(label, width=140)
    assert label.cut
    assert rest_on(label) == LONG
    QToolTip.hideText()


def test_a_tooltip_of_its_own_counts_more(look: Look, on_screen: Any) -> None:
    label = ElidedLabel(LONG)
    label.setToolTip("What it means")
    on_screen(label, width=140)
    assert rest_on(label) != LONG
    QToolTip.hideText()


def test_it_may_become_narrow_but_not_vanish(look: Look) -> None:
    assert 0 < ElidedLabel(LONG).minimumSizeHint().width() < 60
    assert ElidedLabel("a").minimumSizeHint().width() <= Label("a").sizeHint().width()


def test_what_is_cut_is_drawn_in_the_colour_of_its_role(look: Look, on_screen: Any) -> None:
    quiet = ElidedLabel(LONG, "quiet")
    on_screen(quiet, width=140)
    image = quiet.grab().toImage()
    colors = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    assert look.color("text_quiet").name() in colors


def test_two_lines_stay_two_and_only_the_one_that_is_too_long_is_cut(on_screen: Any) -> None:
    label = ElidedLabel("50,257 tokens\n1,061,103 in this text")
    on_screen(label)
    label.resize(400, 40)
    assert not label.cut
    wide = label.fontMetrics().horizontalAdvance("50,257 tokens") + 4
    label.resize(wide, 40)
    assert label.cut
    both = label.grab().toImage()
    label.setText("50,257 tokens")
    first = label.grab().toImage()
    rows = both.height() // 2
    assert both.copy(0, 0, wide, rows) != first.copy(0, 0, wide, rows)  # the first of two stands higher than one alone
    assert both.copy(0, rows, wide, rows) != first.copy(0, rows, wide, rows)
