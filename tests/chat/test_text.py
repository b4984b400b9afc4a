import pytest

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
