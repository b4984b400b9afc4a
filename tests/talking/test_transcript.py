import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QGuiApplication

from studio.talking.answer import AnswerToken, Rival, Said
from studio.talking.flowing_text import END, Place
from studio.talking.ink import Ink
from studio.talking.markdown_blocks import blocks_of
from studio.talking.markdown_pieces import Piece
from studio.talking.surprise_strip import bar_width, bars, token_under
from studio.talking.table_widths import fitted, laid_table
from studio.talking.transcript import Transcript
from studio.talking.transcript_rows import Spot

pytestmark = pytest.mark.gui

PROSE = "The harbour was quiet and the ships lay **still**, while Mira counted the `lanterns` along the quay. "


@pytest.fixture
def transcript(look, on_screen):
    made = Transcript(look)
    on_screen(made)
    made.resize(800, 500)
    return made


def chat(turns, text=PROSE):
    roles = ("user", "assistant")
    return [[Said(n, roles[n % 2], text * (1 + n % 3), "small" if n % 2 else "")] for n in range(turns)]


def token(text, id=1, chance=0.5):
    return AnswerToken(text, id, chance, tuple(Rival(n, f"r{n}", 0.1, n > 7, 0.2, n + 1) for n in range(10)))


def growing(transcript, colored=False):
    """An answer that tokens come into; the way the page feeds it."""
    transcript.set_colored(colored)
    said = Said(2, "assistant", "", "small", growing=True)
    transcript.set_rows([[Said(1, "user", "go")]])
    transcript.append_row([said])

    def feed(*tokens):
        said.text += "".join(one.text for one in tokens)
        said.tokens.extend(tokens)
        transcript.add(0, tokens)

    return said, feed


def letters(transcript, row):
    view = transcript.rows.view(Spot(row))
    return "\n".join(block.block.text for _, block, _ in view.text.between(0, 1e9))


def point_of(transcript, spot, start):
    """Where a letter of a message's first block stands, in the viewport."""
    view = transcript.rows.view(spot)
    _, block, y = next(view.text.between(0, 1e6))
    rect = block._rects(start, start + 1)[0]
    return QPointF(
        transcript.rows.left_of(spot) + view.left + rect.left() + 1,
        float(transcript.rows.tops[spot.row]) + view.top + y + rect.center().y() - transcript.sight[0],
    )


def test_a_conversation_opens_at_its_end(transcript):
    transcript.set_rows(chat(30))
    bar = transcript.verticalScrollBar()
    assert bar.value() == bar.maximum() > 0


def test_only_what_is_in_sight_is_read(transcript):
    transcript.set_rows(chat(400))
    opened = [row for row, views in enumerate(transcript.rows.rows) if views[0].opened]
    assert len(opened) < 40
    assert opened[-1] == 399


def test_ten_thousand_messages_open_without_being_read(transcript):
    rows = chat(10_000)
    began = time.process_time()
    transcript.set_rows(rows)
    assert time.process_time() - began < 1.5  # the goal is 0.3 s on a quiet machine, the bench keeps it


def test_what_stands_at_the_top_stays_there_while_one_scrolls_up(transcript, qapp):
    transcript.set_rows(chat(200))
    bar = transcript.verticalScrollBar()
    for _ in range(12):
        before = transcript.rows.row_at(transcript.sight[0] + 30)
        place = float(transcript.rows.tops[before]) - transcript.sight[0]
        bar.setValue(bar.value() - 90)
        moved = float(transcript.rows.tops[before]) - transcript.sight[0] - place
        assert abs(moved - 90) < 2.5 or before == transcript.rows.row_at(transcript.sight[0])


def test_an_answer_that_grows_is_followed_unless_one_scrolled_up(transcript):
    _, feed = growing(transcript)
    bar = transcript.verticalScrollBar()
    for _ in range(60):
        feed(token(PROSE + "\n\n"))
    assert bar.value() == bar.maximum() > 0
    bar.setValue(bar.maximum() - 200)
    here = bar.value()
    feed(token(PROSE * 3))
    assert bar.value() == here < bar.maximum()


def test_what_grew_token_by_token_looks_like_what_was_there_at_once(transcript):
    text = "# Head\n\n" + PROSE * 4 + "\n\n```python\nx = 1\n```\n\n- one\n- two\n"
    said, feed = growing(transcript)
    for at in range(0, len(text), 3):
        feed(token(text[at : at + 3]))
    transcript.finish()
    grown, height = letters(transcript, 1), transcript.rows.view(Spot(1)).height
    assert said.text == text
    transcript.set_rows([[Said(1, "user", "go")], [Said(2, "assistant", text, "small")]])
    transcript.grab()
    assert letters(transcript, 1) == grown
    assert transcript.rows.view(Spot(1)).height == pytest.approx(height)


def test_only_the_last_piece_is_laid_out_again(transcript, monkeypatch):
    _, feed = growing(transcript)
    feed(token((PROSE * 3 + "\n\n") * 20))
    made = []
    from studio.talking import flowing_text

    real = flowing_text.LaidBlock
    monkeypatch.setattr(flowing_text, "LaidBlock", lambda *a: made.append(a) or real(*a))
    feed(token("more"))
    assert len(made) == 1


@pytest.mark.parametrize(
    ("head", "part", "most"),
    [("", PROSE, 4), ("| a | b |\n|---|---|\n", "| **some** | words |\n", 6), ("", "- an item of a few words\n", 4)],
    ids=["one line", "table", "list"],
)
def test_however_long_an_answer_is_only_the_boxes_at_its_end_are_laid_out_again(
    transcript, monkeypatch, head, part, most
):
    from studio.talking import laid_block, table_widths

    made = []
    real = laid_block.TextBox
    for module in (laid_block, table_widths):
        monkeypatch.setattr(module, "TextBox", lambda *a: made.append(a[0]) or real(*a))
    said, feed = growing(transcript)
    feed(token(head + part))
    text, numbers = (part * 40)[:1_500], []
    for at in range(0, len(text), 32):
        made.clear()
        feed(token(text[at : at + 32]))
        numbers.append(len(made))
    assert 0 < max(numbers) <= most
    assert len(said.text) > 800


def test_coloured_answers_show_every_token_as_it_was_written(transcript):
    _, feed = growing(transcript, colored=True)
    feed(token("**The"), token(" opposite**", chance=0.01), token(" \x1b"))
    assert letters(transcript, 1) == "**The opposite** ⟨1B⟩"
    view = transcript.rows.view(Spot(1))
    assert view.colored
    rect = view.token_rect(1)
    assert view.token_at(rect.center()) == 1
    assert view.ink.tints[view._tint(1)] != view.ink.tints[view._tint(0)]


def test_the_strip_tells_the_surprise_of_every_token(transcript):
    _, feed = growing(transcript, colored=True)
    feed(*(token("word ", chance=0.5 if n else 0.01) for n in range(40)))
    view = transcript.rows.view(Spot(1))
    assert view._bars[0] > view._bars[1] > 0
    assert view.token_at(QPointF(view.left + 2, view.top - 12)) == 0


@pytest.mark.parametrize(("tokens", "width"), [(1, 100.0), (40, 400.0), (400, 400.0), (5_000, 400.0)])
def test_a_strip_of_any_length_covers_all_tokens(tokens, width):
    shares = bars(np.linspace(0, 8, tokens, dtype=np.float32), int(width))
    assert len(shares) == min(tokens, int(width))
    assert shares.max() <= 1
    assert token_under(0.5, tokens, width) == 0
    last = token_under((len(shares) - 0.5) * bar_width(tokens, width), tokens, width)
    assert tokens - last <= max(1, tokens / width + 1)
    assert token_under(width + 50, tokens, width) == -1


def test_the_pointer_tells_the_token_under_it(transcript, qtbot):
    _, feed = growing(transcript, colored=True)
    feed(token("one"), token(" two"), token(" three"))
    told = []
    transcript.token_pointed.connect(lambda spot, place, rect: told.append((spot, place, rect)))
    qtbot.mouseMove(transcript.viewport(), point_of(transcript, Spot(1), 5).toPoint())
    assert told[-1][:2] == (Spot(1), 1)
    assert not told[-1][2].isEmpty()
    transcript._point(QPointF(-1, -1))
    assert told[-1] == (None, -1, QRect())


def test_letters_from_one_message_to_another_can_be_selected_and_copied(transcript, qtbot):
    transcript.set_rows([[Said(1, "user", "What is it?")], [Said(2, "assistant", "It is **warm** today.", "small")]])
    transcript.grab()
    start, end = point_of(transcript, Spot(0), 5), point_of(transcript, Spot(1), 10)
    qtbot.mousePress(transcript.viewport(), Qt.MouseButton.LeftButton, pos=start.toPoint())
    qtbot.mouseMove(transcript.viewport(), end.toPoint())
    transcript.choice.reach(transcript._content(end))
    qtbot.mouseRelease(transcript.viewport(), Qt.MouseButton.LeftButton, pos=end.toPoint())
    qtbot.keyClick(transcript, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "is it?\n\nIt is warm"


def test_a_message_selected_whole_gives_what_was_written(transcript, qtbot):
    transcript.set_rows([[Said(2, "assistant", "It is **warm**.", "small")]])
    transcript.grab()
    qtbot.mouseDClick(transcript.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(300, 60))
    assert transcript.choice.of(Spot(0)) == (Place(), Place(END, END, END))
    transcript.copy()
    assert QGuiApplication.clipboard().text() == "It is **warm**."


def test_code_is_copied_whole_however_often_it_was_cut(transcript, qtbot):
    code = "\n".join(f"x{n} = {n}" for n in range(45))
    transcript.set_rows([[Said(2, "assistant", f"```python\n{code}\n```", "small")]])
    transcript.verticalScrollBar().setValue(0)
    view = transcript.rows.view(Spot(0))
    _, block, y = next(view.text.between(0, 100))
    at = block.copy_rect.center()
    point = QPointF(transcript.rows.left_of(Spot(0)) + view.left + at.x(),
                    float(transcript.rows.tops[0]) + view.top + y + at.y())  # fmt: skip
    qtbot.mouseClick(transcript.viewport(), Qt.MouseButton.LeftButton, pos=point.toPoint())
    assert QGuiApplication.clipboard().text() == code


def test_code_gets_its_colours_between_two_events(transcript, qtbot):
    _, feed = growing(transcript)
    feed(token("```python\nx = 1\n```\n"))
    view = transcript.rows.view(Spot(1))
    assert len(list(view.text.dull_code())) == 1
    transcript.finish()
    qtbot.waitUntil(lambda: not list(view.text.dull_code()))


def test_keys_go_from_message_to_message_and_a_reader_hears_them(transcript, qtbot):
    transcript.set_rows(chat(6, "short"))
    transcript.setFocus()
    qtbot.keyClick(transcript, Qt.Key.Key_Up)
    assert transcript.at == Spot(5)
    assert transcript.accessibleDescription().startswith("small: short")
    for _ in range(9):
        qtbot.keyClick(transcript, Qt.Key.Key_Up)
    assert transcript.at == Spot(0)
    assert transcript.verticalScrollBar().value() <= 20
    qtbot.keyClick(transcript, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert transcript.choice.text().count("short") == sum(1 + n % 3 for n in range(6))
    qtbot.keyClick(transcript, Qt.Key.Key_Escape)
    assert not transcript.choice.any


def test_keys_go_from_token_to_token_of_a_coloured_answer(transcript, qtbot):
    _, feed = growing(transcript, colored=True)
    feed(token("one"), token(" two"))
    told = []
    transcript.token_pointed.connect(lambda spot, place, rect: told.append(place))
    qtbot.keyClick(transcript, Qt.Key.Key_Up)
    for _ in range(3):
        qtbot.keyClick(transcript, Qt.Key.Key_Right)
    assert told == [0, 1]


def test_columns_stand_side_by_side_and_are_selected_one_by_one(transcript):
    left, right = Said(2, "assistant", "left words", "a"), Said(3, "assistant", "right words", "b")
    transcript.set_rows([[Said(1, "user", "go")], [left, right]])
    transcript.grab()
    rows = transcript.rows
    assert rows.left_of(Spot(1, 1)) > rows.left_of(Spot(1, 0)) + rows.column_width(2)
    middle = QPointF(rows.left_of(Spot(1, 1)) + 30, float(rows.tops[1]) + 20)
    assert rows.spot_at(middle) == Spot(1, 1)
    transcript.choice.all(1)
    assert transcript.choice.text() == "go\n\nright words"
    assert transcript.choice.of(Spot(1, 0)) is None


def test_a_change_of_theme_and_of_width_keeps_the_message_at_the_top(transcript, look, qtbot):
    transcript.set_rows(chat(200))
    transcript.show_row(80)
    assert transcript.rows.row_at(transcript.sight[0] + 20) == 80
    transcript.resize(600, 500)
    assert abs(transcript.rows.row_at(transcript.sight[0] + 20) - 80) <= 1
    look.set_theme("light")
    transcript.grab()


def test_a_table_gives_way_where_it_is_widest():
    assert fitted([50, 60], 200) == [50, 60]
    narrow = fitted([50, 400, 300], 250)
    assert sum(narrow) == pytest.approx(250, abs=0.5)
    assert narrow[0] == 50
    assert narrow[1] == pytest.approx(narrow[2])
    assert fitted([], 100) == []


def test_a_cell_with_code_takes_one_line_where_there_is_room_and_is_not_laid_out_again(look):
    rows = ["| a | b |", "|---|---|", *(f"| {n} | some `code_that_is_wide_in_mono_{n}` |" for n in range(4))]
    ink, known = Ink(look), {}
    cells, _, _ = laid_table(blocks_of(Piece("\n".join(rows)))[0], 900.0, ink, known)
    assert {box.lines for box, *_ in cells} == {1}
    before = {id(box) for box, *_ in cells}
    wider = [*rows, "| 5 | a row that is a good deal wider than all of those that stood there before it |"]
    cells, _, _ = laid_table(blocks_of(Piece("\n".join(wider)))[0], 900.0, ink, known)
    assert before < {id(box) for box, *_ in cells}, "only the new row was laid out"


def test_emoji_do_not_shift_the_letters_behind_them(transcript):
    transcript.set_rows([[Said(2, "assistant", "😀😀 abc [x](https://example.com)", "small")]])
    transcript.grab()
    view = transcript.rows.view(Spot(0))
    _, block, _ = next(view.text.between(0, 100))
    rect = block._rects(7, 8)[0]  # the x
    assert block.letter_at(rect.center()) == 7
    assert block.link_at(rect.center()) == "https://example.com"
