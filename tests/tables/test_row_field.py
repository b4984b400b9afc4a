"""A value in full: an editor gives back exactly what was put into it, or lets it only be read."""

from typing import Any

import pytest
from PySide6.QtTest import QTest

from studio.tables.row_field import RowField

pytestmark = pytest.mark.gui


@pytest.fixture
def field(look: Any, show: Any) -> RowField:
    field = RowField("text", look)
    show(field)
    return field


@pytest.mark.parametrize("value", ["plain", "a\u00a0b  c", "\ttab\n\n", "", None, 3, ["x", {"y": None}]])
def test_an_untouched_value_stays_as_it_is(field: RowField, value: Any, qtbot: Any) -> None:
    field.set_value(value, "Text", True)
    assert not field.editor.isReadOnly()
    with qtbot.assertNotEmitted(field.changed):
        field.keep()


def test_a_blank_that_does_not_break_survives_editing(field: RowField, qtbot: Any) -> None:
    field.set_value("10\u00a0km", "", True)
    field.editor.moveCursor(field.editor.textCursor().MoveOperation.End)
    QTest.keyClicks(field.editor, "!")
    with qtbot.waitSignal(field.changed) as told:
        field.keep()
    assert told.args == ["text", "10\u00a0km!"]


@pytest.mark.parametrize("value", ["old\r\nline ends", "para\u2029graph", "one long line " * 400])
def test_what_an_editor_would_change_is_only_read(field: RowField, value: str) -> None:
    field.set_value(value, "", True)
    assert field.editor.isReadOnly()
    assert "only be read" in field.note.text()


def test_where_nothing_may_change_a_conversation_is_told_and_not_spelled(field: RowField) -> None:
    field.set_value([{"role": "user", "content": "Hi"}], "Messages", False)
    assert field.editor.toPlainText() == "user: Hi"
    assert field.name.text() == "text · Messages"
