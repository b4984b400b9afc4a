"""Where bars, ticks and the line of a picture of lengths stand, and what is drawn there. Pure geometry and pixels."""

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter

from studio.rows.lengths import LengthTable
from studio.tables.length_scene import BOTTOM, TOP, LengthScene, shade

pytestmark = pytest.mark.gui


def scene_of(lengths, context=64, width=600, unit="tokens"):
    table = LengthTable(np.array(lengths, np.int32), unit)
    edges, counts = table.histogram()
    scene = LengthScene()
    scene.edges, scene.counts, scene.unit, scene.context = edges.tolist(), counts.tolist(), unit, context
    scene.shortest, scene.longest = max(1, table.shortest), max(1, table.longest)
    scene.width, scene.height = width, 220
    scene.fit()
    return scene


def drawn(scene, look, pointed=-1):
    image = QImage(scene.width, scene.height, QImage.Format.Format_RGB32)
    image.fill(look.color("surface"))
    painter = QPainter(image)
    scene.paint(painter, look, pointed, False)
    painter.end()
    return image


@pytest.mark.parametrize("lengths", [[1], [1, 2, 3], range(1, 300), [5_000, 5_001], [1, 900_000]])
@pytest.mark.parametrize("context", [2, 64, 1_000_000])
def test_every_filled_bar_and_the_line_are_within_the_picture(lengths, context):
    scene = scene_of(lengths, context)
    assert 0 <= scene.line_at <= scene.width
    for bar, rows in enumerate(scene.counts):
        rect = scene.bar_rect(bar)
        assert rect.bottom() == pytest.approx(scene.height - BOTTOM)
        if rows:
            assert 0 <= rect.left() < rect.right() <= scene.width
            assert rect.height() >= 2
            assert rect.top() >= TOP - 0.01


def test_bars_touch_without_gaps_in_their_columns():
    scene = scene_of(range(1, 200))
    columns = [(scene.scale.pixel(low - 0.5), scene.scale.pixel(high - 0.5))
               for low, high in itertools.pairwise(scene.edges)]  # fmt: skip
    for bar, (left, right) in enumerate(columns):
        assert scene.bar_at(QPointF((left + right) / 2, 100)) == bar
    assert scene.bar_at(QPointF(columns[-1][1] + 5, 100)) == -1
    assert scene.bar_at(QPointF(columns[0][0] + 5, 5)) == -1


def test_the_line_stands_between_the_last_length_that_fits_and_the_first_that_is_cut():
    scene = scene_of([10, 11], context=10)
    assert scene.scale.pixel(10) < scene.line_at < scene.scale.pixel(11)


def test_the_axis_begins_near_the_shortest_row():
    assert scene_of([500, 600], context=512).scale.low > 100
    assert scene_of([500, 600], context=4).scale.low < 4


def test_lengths_in_characters_make_no_room_for_a_context():
    assert scene_of([5, 9], context=100_000, unit="characters").scale.high == 16
    assert scene_of([5, 9], context=100_000).scale.high > 100_000


def test_a_bar_says_its_lengths_its_unit_and_its_rows():
    scene = scene_of([64, 70, 70])
    said = [scene.bar_words(bar) for bar, rows in enumerate(scene.counts) if rows]
    assert said == ["64 to 75 tokens: 3 rows"]
    assert scene_of([1, 1]).bar_words(0) == "1 tokens: 2 rows"


def test_what_fits_and_what_is_cut_have_two_colours(look):
    scene = scene_of(list(range(1, 200)) * 3, context=64)
    image = drawn(scene, look)
    bars = [scene.bar_at(QPointF(scene.scale.pixel(length), 100)) for length in (40, 150)]
    kept, cut = (image.pixelColor(scene.bar_rect(bar).center().toPoint()).name() for bar in bars)
    assert kept == shade(look, "accent", False).name()
    assert cut == shade(look, "warning", False).name()


def test_the_bar_under_the_pointer_is_fuller(look):
    scene = scene_of(range(1, 60), context=512)
    bar = scene.bar_at(QPointF(scene.scale.pixel(40), 150))
    middle = scene.bar_rect(bar).center().toPoint()
    assert drawn(scene, look, bar).pixelColor(middle).name() == look.color("accent").name()
    assert drawn(scene, look).pixelColor(middle).name() == shade(look, "accent", False).name()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_both_themes_draw_the_line_in_the_colour_of_text(look, theme):
    look.set_theme(theme)
    scene = scene_of([3], context=64)
    row = [
        drawn(scene, look).pixelColor(x, TOP + 20) for x in range(round(scene.line_at) - 2, round(scene.line_at) + 3)
    ]
    ground, text = look.color("surface").lightness(), look.color("text").lightness()
    assert min(abs(color.lightness() - text) for color in row) < abs(text - ground) / 3


def test_without_rows_only_axis_and_line_are_drawn(look):
    scene = scene_of([])
    assert drawn(scene, look).pixelColor(round(scene.line_at), TOP + 20) != look.color("surface")
    assert all(rows == 0 for rows in scene.counts)
