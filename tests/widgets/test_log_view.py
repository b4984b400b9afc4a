"""A log that grows without pulling a reader away from what they read."""

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.widgets.log_view import LIMIT, LogView
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


@pytest.fixture
def log(look: Look, on_screen: Callable[..., None]) -> LogView:
    """An empty log on the screen."""
    made = LogView(look)
    on_screen(made, height=240)
    return made


def test_lines_come_in_order(log: LogView) -> None:
    log.append("one")
    log.extend([("two", "warning"), ("three", "error")])
    assert log.text.toPlainText() == "one\ntwo\nthree"


def test_the_newest_line_is_in_view_while_the_reader_is_at_the_end(log: LogView, qtbot: QtBot) -> None:
    log.extend([(f"line {n}", "info") for n in range(200)])
    bar = log.text.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum())
    log.append("last")
    assert bar.value() == bar.maximum()


def test_a_reader_further_up_is_left_in_peace(log: LogView, qtbot: QtBot) -> None:
    log.extend([(f"line {n}", "info") for n in range(200)])
    bar = log.text.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    bar.setValue(3)
    log.append("last")
    assert bar.value() == 3


def test_a_search_shows_only_what_it_finds_and_counts(log: LogView) -> None:
    log.extend([("Saved at step 400", "info"), ("Disk is full", "error"), ("saved at step 800", "info")])
    log.search.setText("saved")
    assert log.text.toPlainText() == "Saved at step 400\nsaved at step 800"
    assert log.count.text() == "2 of 3"
    log.append("Saved again")
    assert log.count.text() == "3 of 4"
    log.search.setText("")
    assert log.text.document().blockCount() == 4


def test_only_so_many_lines_stay_on_the_screen(log: LogView) -> None:
    log.extend([(str(n), "info") for n in range(LIMIT + 50)])
    assert log.text.document().blockCount() <= LIMIT
    assert log.text.toPlainText().endswith(str(LIMIT + 49))


def test_everything_shown_can_be_copied(log: LogView) -> None:
    log.append("one")
    log.copy()
    assert QApplication.clipboard().text() == "one"
    log.clear()
    assert log.text.toPlainText() == ""


def test_colors_follow_the_theme(log: LogView, look: Look) -> None:
    log.append("Disk is full", "error")
    look.set_theme("light")
    cursor = log.text.textCursor()
    cursor.setPosition(1)
    assert cursor.charFormat().foreground().color() == look.color("danger")
    log.set_wrap(True)
    assert log.text.lineWrapMode() == log.text.LineWrapMode.WidgetWidth
