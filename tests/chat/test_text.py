import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QContextMenuEvent, QTextCursor
from PySide6.QtWidgets import QMenu

from studio.chat.text import CompletionView
from studio.chat.writing import Written
from studio.parts.plain_text import LONGEST_LINE

pytestmark = pytest.mark.gui


@pytest.fixture
def view(look, on_screen):
    view = CompletionView(look)
    on_screen(view)
    return view


def tokens(*texts, probability=0.5):
    return [Written(text, place, probability, 0.1) for place, text in enumerate(texts)]


def ground(view, position):
    cursor = view.textCursor()
    cursor.setPosition(position + 1)
    return cursor.charFormat().background().color().name()


def test_tokens_follow_the_prompt_as_plain_text(view):
    view.begin("Once <b>")
    view.add(tokens(" upon", "\n& a"))
    assert view.toPlainText() == "Once <b> upon\n& a"
    assert view.whole_text == view.toPlainText()


def test_a_surprising_token_is_tinted_more_than_a_certain_one(view, look):
    sure, odd = Written("a", 1, 1.0, 0.0), Written("b", 2, 0.01, 0.0)
    assert view.color_of(sure).name() == look.color("surface").name()
    assert view.color_of(odd).name() != view.color_of(sure).name()
    view.begin("")
    view.add([sure, odd])
    assert ground(view, 1) == view.color_of(odd).name()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_stays_readable_on_the_strongest_tint(view, look, theme):
    look.set_theme(theme)
    ground, ink = view.color_of(Written("x", 1, 1e-9, 0.0)), look.color("text")
    light, dark = sorted((luminance(ground), luminance(ink)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def luminance(color):
    parts = (color.redF(), color.greenF(), color.blueF())
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_tint_can_be_taken_away_and_the_text_stays(view):
    view.begin("x")
    view.add(tokens("a", "b"))
    view.set_tinted(False)
    assert view.toPlainText() == "xab"
    assert len(view.tokens) == 2


def test_a_position_finds_its_token(view):
    view.begin("ab")
    view.add(tokens("cd", "ef"))
    assert view.token_at(1) is None
    assert view.token_at(3).text == "cd"
    assert view.token_at(4).text == "ef"


def test_a_text_without_line_ends_is_broken_only_on_the_screen(view):
    view.begin("")
    view.add(tokens(*(["word "] * 900)))
    assert max(map(len, view.toPlainText().split("\n"))) <= LONGEST_LINE
    assert view.whole_text == "word " * 900


def test_a_change_of_theme_keeps_every_token(view, look):
    view.begin("p")
    view.add(tokens("a", "b"))
    look.set_theme("light")
    assert view.whole_text == "pab"


def middle_of(view, position):
    """The middle of the letter at a position, in the viewport's coordinates."""
    cursor = QTextCursor(view.document())
    cursor.setPosition(position)
    left = view.cursorRect(cursor)
    cursor.setPosition(position + 1)
    return QPoint((left.x() + view.cursorRect(cursor).x()) // 2, left.center().y())


def test_the_pointer_finds_the_letter_it_stands_on_and_nothing_beside_the_text(view):
    view.resize(400, 200)
    view.begin("ab ")
    view.add(tokens("moment", " under"))
    assert view.position_under(middle_of(view, 3)) == 3
    edge = middle_of(view, 3)  # the right half of a letter belongs to it too
    assert view.position_under(QPoint(edge.x() + 3, edge.y())) == 3
    assert view.position_under(QPoint(395, edge.y())) == -1
    assert view.position_under(QPoint(edge.x(), 190)) == -1


def test_moving_over_a_token_tells_it_and_leaving_takes_it_back(view, qtbot):
    view.resize(400, 200)
    view.begin("ab ")
    view.add(tokens("moment", " under"))
    heard = []
    view.hovered.connect(heard.append)
    qtbot.mouseMove(view.viewport(), middle_of(view, 5))
    qtbot.mouseMove(view.viewport(), QPoint(390, 190))
    assert heard[0] is view.tokens[0]
    assert heard[-1] is None


def test_a_token_that_is_pointed_out_is_underlined_whole(view):
    view.begin("ab ")
    view.add(tokens("moment", " under"))
    view.point_out(view.tokens[0])
    assert [one.cursor.selectedText() for one in view.extraSelections()] == ["moment"]
    view.point_out(view.tokens[1])
    assert view.extraSelections()[0].cursor.selectedText() == " under"
    view.point_out(None)
    assert view.extraSelections() == []


def test_where_a_token_stands_is_where_its_first_letter_stands(view):
    view.resize(400, 200)
    view.begin("ab")
    view.add(tokens(" under"))
    cursor = QTextCursor(view.document())
    cursor.setPosition(3)
    assert view.rect_of(view.tokens[0]) == view.cursorRect(cursor)
    assert view.rect_of(Written("x", 1, 0.5, 0.0)).isNull()


@pytest.mark.parametrize(("width", "widest"), [(400, 400), (1_600, 860)])
def test_lines_are_as_wide_as_the_page_but_never_wider_than_is_read_with_ease(view, width, widest):
    view.resize(width, 300)
    view.begin("")
    view.add(tokens(*(["word "] * 200)))
    assert widest - 80 < view.document().idealWidth() <= widest


def test_the_menu_of_a_token_leads_inside_the_model_at_that_token(view, monkeypatch, qtbot):
    view.resize(400, 200)
    view.begin("ab ")
    view.add(tokens("moment", " under"))
    menus = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, place: menus.append(menu))
    for place in (middle_of(view, 5), QPoint(390, 190)):
        view.contextMenuEvent(QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, view.mapToGlobal(place)))
    words = [[action.text() for action in menu.actions()] for menu in menus]
    assert words[0][-1] == "Look inside at “moment”"
    assert not any("inside" in text for text in words[1])
    with qtbot.waitSignal(view.inside_requested) as heard:
        menus[0].actions()[-1].trigger()
    assert view.text_until(heard.args[0]) == "ab moment"
    assert view.text_until(None) == "ab moment under"
    for menu in menus:
        menu.deleteLater()
