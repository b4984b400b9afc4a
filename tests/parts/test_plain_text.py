import pytest

from studio.parts.plain_text import LONGEST_LINE, PlainText, guarded


def test_ordinary_text_is_left_alone():
    text = "one\ntwo\n" + "x" * LONGEST_LINE
    assert guarded(text) is text


def test_no_line_is_longer_than_can_be_laid_out_and_no_letter_is_lost():
    text = "a" * (3 * LONGEST_LINE + 5) + "\nshort"
    safe = guarded(text)
    assert max(map(len, safe.split("\n"))) <= LONGEST_LINE
    assert safe.replace("\n", "") == text.replace("\n", "")


def test_what_already_stands_in_the_line_is_counted():
    assert guarded("abc", column=LONGEST_LINE - 1) == "a\nbc"
    assert guarded("abc", column=LONGEST_LINE) == "\nabc"
    assert guarded("\nabc", column=LONGEST_LINE - 1) == "\nabc"


@pytest.mark.gui
def test_the_same_text_again_keeps_the_selection(look, qtbot):
    view = PlainText(look, "text")
    qtbot.addWidget(view)
    view.set_text("a ship came in")
    view.selectAll()
    view.set_text("a ship came in")
    assert view.textCursor().selectedText() == "a ship came in"
    assert view.isReadOnly()
