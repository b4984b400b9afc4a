from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.views.token_layout import lay_out
from studio.views.token_text import Token, spelled_bytes, visible
from studio.views.token_view import TINTS, TokenView, tint, weight_tint
from studio.widgets.hover_card import CardRow
from studio.widgets.look import Look

pytestmark = pytest.mark.gui
Show = Callable[..., None]


def tokens_of(text: str) -> list[Token]:
    return [Token(char, ord(char), char.encode()) for char in text]


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (Token(" the", 1), "·the"), (Token("\n\n", 2), "↵↵"), (Token("\t", 3), "→"), (Token("한", 4), "한"),
        (Token("\ufffd", 5, b"\xe2\x9c"), "⟨E2⟩⟨9C⟩"), (Token(" \ufffd", 6, b" \xec"), "·⟨EC⟩"),
        (Token("\x1b", 7), "⟨1B⟩"), (Token("", 8), "⟨⟩"),
    ],
)  # fmt: skip
def test_nothing_of_a_token_stays_invisible(token: Token, words: str) -> None:
    assert visible(token) == words


def test_the_bytes_of_a_token_are_spelled_out() -> None:
    assert spelled_bytes(Token("✓", 1, "✓".encode())) == "E2 9C 93"
    assert spelled_bytes(Token("é", 1)) == "C3 A9"
    assert spelled_bytes(Token("x" * 100, 1)).endswith("…")


@given(st.lists(st.tuples(st.floats(1, 90), st.booleans()), max_size=200), st.floats(50, 400))
def test_lines_hold_every_token_once_and_never_overflow(pieces: list[tuple[float, bool]], room: float) -> None:
    layout = lay_out([width for width, _ in pieces], [ends for _, ends in pieces], room, 1.0)
    assert [index for line in range(layout.lines) for index in layout.span(line)] == list(range(len(pieces)))
    for line in range(layout.lines):
        span = layout.span(line)
        assert layout.lefts[span[0]] == 0.0
        for index in span:
            assert layout.line_of(index) == line
            assert layout.lefts[index] + layout.widths[index] <= room + 1e-9
            assert layout.at(layout.lefts[index] + layout.widths[index] / 2, line) == index
        assert not any(pieces[index][1] for index in span[:-1])  # what ends a line stands last in it


def test_a_point_finds_the_token_that_is_drawn_there(look: Look, on_screen: Show) -> None:
    view = TokenView(look)
    view.set_tokens(tokens_of("the cat sat on the mat\nand looked at the rat " * 30))
    on_screen(view, width=360, height=300)
    view.verticalScrollBar().setValue(40)
    seen = [index for index in range(200) if view.viewport().rect().contains(view.token_rect(index).center())]
    assert len(seen) > 50
    assert all(view.token_at(view.token_rect(index).center()) == index for index in seen)
    assert view.token_at(QPoint(3, -500)) == -1


def test_pointing_shows_id_and_bytes(look: Look, on_screen: Show, qtbot: QtBot) -> None:
    view = TokenView(look)
    view.set_tokens([Token("The", 464, b"The"), Token(" cat", 3797, b" cat"), Token("<|end|>", 9, b"", True)])
    on_screen(view, width=360, height=300)
    with qtbot.waitSignal(view.pointed) as caught:
        QTest.mouseMove(view.viewport(), view.token_rect(1).center())
    assert caught.args == [1]
    assert view._card.lines == ["·cat", "id 3797", "20 63 61 74", "token 2 of 3"]
    QTest.mouseMove(view.viewport(), view.token_rect(2).center())
    assert "special token" in view._card.lines


def test_tokens_are_chosen_by_click_and_by_keyboard(look: Look, on_screen: Show, qtbot: QtBot) -> None:
    view = TokenView(look)
    view.set_tokens(tokens_of("abc\ndef\nghi"))
    on_screen(view, width=360, height=300)
    with qtbot.waitSignal(view.selected) as caught:
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.token_rect(1).center())
    assert caught.args == [1]
    for key, index in ((Qt.Key.Key_Right, 2), (Qt.Key.Key_Down, 6), (Qt.Key.Key_Up, 2), (Qt.Key.Key_Home, 0),
                       (Qt.Key.Key_Left, 0), (Qt.Key.Key_End, 10)):  # fmt: skip
        QTest.keyClick(view, key)
        assert view.selected_index == index
    assert "token 11 of 11: i, id 105" in view.accessibleDescription()


def test_the_chosen_token_is_brought_into_sight(look: Look, on_screen: Show) -> None:
    view = TokenView(look)
    view.set_tokens(tokens_of("some words " * 500))
    on_screen(view, width=360, height=200)
    view.select(4000)
    assert view.viewport().rect().contains(view.token_rect(4000))
    view.select(3)
    assert view.viewport().rect().contains(view.token_rect(3))


def test_a_hundred_thousand_tokens_are_laid_out_and_only_the_visible_ones_drawn(look: Look, on_screen: Show) -> None:
    view = TokenView(look)
    view.set_tokens(tokens_of("a hundred thousand " * 5264))
    on_screen(view, width=500, height=300)
    drawn: list[int] = []
    paint = view._paint_texts
    view._paint_texts = lambda painter, span, top: (drawn.extend(span), paint(painter, span, top))  # type: ignore[method-assign, assignment, func-returns-value]
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum() // 2)
    view.viewport().repaint()
    assert 100 < len(set(drawn)) < 1500


def test_ids_below_need_more_height(look: Look, on_screen: Show) -> None:
    view = TokenView(look)
    view.set_tokens(tokens_of("abc\ndef"))
    on_screen(view, width=360, height=200)
    before = view.content_height()
    view.set_show_ids(True)
    assert view.content_height() > before
    view.grab()


def test_a_token_wider_than_the_view_is_cut_to_it(look: Look, on_screen: Show) -> None:
    view = TokenView(look)
    view.set_tokens([Token("x" * 400, 1), Token("y", 2)])
    on_screen(view, width=300, height=200)
    assert view.token_rect(0).width() <= view.viewport().width()
    view.grab()


def contrast(one: QColor, other: QColor) -> float:
    def light(color: QColor) -> float:
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.getRgbF()[:3]]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_on_every_tint_can_be_read(look: Look, theme: str) -> None:
    look.set_theme(theme)
    for index in range(len(TINTS)):
        assert contrast(look.color("text"), tint(look, index)) >= 4.5
        assert contrast(look.color("text_quiet"), tint(look, index)) >= 3.0  # the marks for spaces and line ends
    for role in ("warning", "accent", "good", "danger"):
        assert contrast(look.color("text"), weight_tint(look, role, 1.0)) >= 4.5


def test_weights_colour_the_tokens_instead(look: Look, on_screen: Show) -> None:
    view = TokenView(look)
    view.set_tokens(tokens_of("abcd"))
    view.set_weights([0.0, 0.5, 0.75, 1.0])
    on_screen(view, width=360, height=200)
    image = view.viewport().grab().toImage()
    box = view.token_rect(3)
    assert image.pixelColor(box.left() + 2, box.top() + 4).name() == weight_tint(look, "warning", 1.0).name()
    with pytest.raises(ValueError, match="weights"):
        view.set_weights([1.0])


def test_an_empty_view_says_why(look: Look, on_screen: Show) -> None:
    view = TokenView(look)
    view.set_empty_text("Type something above.")
    on_screen(view, width=360, height=200)
    view.grab()
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.selected_index == -1


def test_remarks_stand_before_what_every_token_tells(look: Look, on_screen: Show, qtbot: QtBot) -> None:
    view = TokenView(look)
    view.set_tokens(tokens_of("abc"))
    view.set_remarks([[CardRow("had 5 %")], [], [CardRow("had 1 %")]])
    on_screen(view, width=360, height=100)
    qtbot.mouseMove(view.viewport(), view.token_rect(0).center())
    assert view._card.lines[:3] == ["a", "had 5 %", "id 97"]
    qtbot.mouseMove(view.viewport(), view.token_rect(1).center())
    assert view._card.lines[1] == "id 98"
    view.set_tokens(tokens_of("x"))
    qtbot.mouseMove(view.viewport(), view.token_rect(0).center())
    assert "had 5 %" not in view._card.lines


def test_weights_below_nothing_have_a_colour_of_their_own(look: Look, on_screen: Show) -> None:
    view = TokenView(look)
    view.set_tokens(tokens_of("ab"))
    view.set_weights([1.0, -1.0], 1, 0)
    on_screen(view, width=360, height=100)
    image = view.viewport().grab().toImage()
    for token, series in ((0, 1), (1, 0)):
        box = view.token_rect(token)
        assert image.pixelColor(box.left() + 2, box.top() + 4).name() == weight_tint(look, series, 1.0).name()
    view.set_weights([1.0, -1.0])
    box, image = view.token_rect(1), view.viewport().grab().toImage()
    assert image.pixelColor(box.left() + 2, box.top() + 4).name() == weight_tint(look, "warning", 0.0).name()


def test_a_weight_that_is_no_number_colours_nothing_and_breaks_nothing(look: Look, on_screen: Show) -> None:
    assert weight_tint(look, "warning", float("nan")) == weight_tint(look, "warning", 0.0)
    assert weight_tint(look, "warning", float("inf")) == weight_tint(look, "warning", 1.0)
    view = TokenView(look)
    view.set_tokens(tokens_of("abc"))
    view.set_weights([float("nan"), 0.5, float("-inf")], 1, 0)
    on_screen(view, width=360, height=100)
    image, box = view.viewport().grab().toImage(), view.token_rect(0)
    assert image.pixelColor(box.left() + 2, box.top() + 4).name() == weight_tint(look, 1, 0.0).name()
