"""The picture of growing tables: as many new rows as tokens, told also to those who do not see it."""

import numpy as np
import pytest
from PySide6.QtGui import QImage

from studio.tokenizing.table_growth import Growth, TableGrowth

pytestmark = pytest.mark.gui

TWO = Growth("Token embedding", 50_257, 768, ("<|user|>", "<|answer|>"), 50_257)


@pytest.fixture
def picture(look, on_screen):
    widget = TableGrowth(look)
    on_screen(widget)
    widget.resize(480, 260)
    return widget


def accent_columns(widget):
    """The columns of pixels that have the colour of new rows, one entry for each pixel."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.bytesPerLine() // 4)
    return np.nonzero((pixels & 0xFFFFFF) == widget._look.color("accent").rgb() & 0xFFFFFF)[1]


def colored(widget):
    """How many pixels have the colour of new rows."""
    return len(accent_columns(widget))


def test_a_grown_table_has_a_row_for_each_token_unless_it_was_there(picture):
    assert TWO.after == 50_259
    assert Growth("Shared", 258, 16, ("a", "b"), 256, spare=2).after == 258
    picture.set_tables([TWO])
    two = colored(picture)
    picture.set_tables([Growth("Token embedding", 50_257, 768, ("<|user|>",), 50_257)])
    one = colored(picture)
    picture.set_tables([Growth("Token embedding", 50_259, 768, ("<|user|>", "<|answer|>"), 50_257, spare=2)])
    assert two > 1.7 * one > 0
    assert colored(picture) < one / 2  # rows that were there are only outlined


def test_without_tables_nothing_is_drawn(picture):
    picture.set_tables([TWO])
    picture.set_tables([])
    assert colored(picture) == 0


def test_many_tokens_take_six_rows_and_say_how_many_more_there_are(picture):
    from studio.tokenizing.table_growth import _labels

    many = Growth("Token embedding", 256, 16, tuple(f"<{n}>" for n in range(40)), 256)
    assert _labels(many) == ["256 <0>", "257 <1>", "258 <2>", "259 <3>", "260 <4>", "and 35 more"]
    assert _labels(TWO) == ["50257 <|user|>", "50258 <|answer|>"]
    picture.set_tables([TWO])
    low = picture.minimumSizeHint().height()
    picture.set_tables([many])
    assert picture.minimumSizeHint().height() == low + 4 * 18
    picture.set_tables([Growth("Token embedding", 256, 16, tuple(f"<{n}>" for n in range(4_000)), 256)])
    assert picture.minimumSizeHint().height() == low + 4 * 18


def test_it_is_said_in_words_too(picture):
    picture.set_tables([TWO, Growth("Output head", 50_257, 768, TWO.tokens, 50_257)])
    assert picture.accessibleDescription() == (
        "Token embedding: 50,257 to 50,259 rows of 768; Output head: 50,257 to 50,259 rows of 768"
    )


@pytest.mark.parametrize("width", [320, 420, 900])
def test_two_tables_keep_to_their_halves(picture, width):
    picture.resize(width, 260)
    picture.set_tables([TWO, Growth("Output head", 50_257, 768, (), 50_257)])
    found = accent_columns(picture)
    assert len(found)
    assert found.max() < width / 2
