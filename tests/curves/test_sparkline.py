from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.core.history import History
from studio.curves.sparkline import Sparkline
from studio.curves.stat_tile import StatTile
from studio.widgets.look import Look

pytestmark = pytest.mark.gui
Show = Callable[..., None]


def rows_with_ink(spark: Sparkline, color: str) -> set[int]:
    image = spark.grab().toImage()
    ink = {
        (x, y) for x in range(image.width()) for y in range(image.height()) if image.pixelColor(x, y).name() == color
    }
    return {y for _, y in ink}


def test_a_single_spike_among_many_values_is_drawn(look: Look, on_screen: Show) -> None:
    spark = Sparkline(look, "accent")
    values = np.random.default_rng(0).normal(1.0, 0.02, 50_000)
    values[31_415] = 9.0
    spark.set_values(values.tolist())
    on_screen(spark, width=300, height=80)
    ink = rows_with_ink(spark, look.color("accent").name())
    assert max(ink) - min(ink) > spark.height() - 16


def test_the_noise_of_a_rate_stays_small_when_the_range_begins_at_zero(look: Look, on_screen: Show) -> None:
    spark = Sparkline(look, "accent", from_zero=True)
    spark.set_values((5_000 + np.random.default_rng(0).normal(0.0, 50.0, 5_000)).tolist())
    on_screen(spark, width=300, height=80)
    ink = rows_with_ink(spark, look.color("accent").name())
    assert 0 < max(ink) - min(ink) < spark.height() / 8
    spark.set_values([7.0, 7.0, 7.0])
    spark.grab()


def test_flat_broken_and_empty_histories_draw_without_complaint(look: Look, on_screen: Show) -> None:
    spark = Sparkline(look)
    on_screen(spark, width=300, height=80)
    for values in ([], [1.0], [2.0, 2.0, 2.0], [float("nan")] * 5, [1.0, float("nan"), 3.0, float("inf"), 2.0]):
        spark.set_values(values)
        spark.grab()
    spark.set_history(None)
    assert spark.describe() == "no values yet"
    spark.set_values([1.0, 3.0, 2.0])
    assert spark.describe() == "from 1.000 to 3.000, now 2.000"


def test_a_tile_tells_its_value_and_unit(look: Look, on_screen: Show) -> None:
    tile = StatTile(look, "Speed", unit="tokens/s")
    on_screen(tile, width=300, height=120)
    assert tile.value.text() == "–"
    assert tile.accessibleName() == "Speed: no value yet"
    tile.set_value("5,025")
    assert tile.value.text() == "5,025 tokens/s"
    assert tile.accessibleName() == "Speed: 5,025 tokens/s"
    tile.set_history(History())
    tile.refresh()


def test_a_tile_can_be_pressed_only_when_that_means_something(look: Look, on_screen: Show, qtbot: QtBot) -> None:
    tile = StatTile(look, "Speed")
    on_screen(tile, width=300, height=120)
    with qtbot.assertNotEmitted(tile.clicked):
        QTest.mouseClick(tile, Qt.MouseButton.LeftButton)
    tile.set_clickable("Show it large")
    with qtbot.waitSignal(tile.clicked):
        QTest.mouseClick(tile, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(tile.clicked):
        QTest.keyClick(tile, Qt.Key.Key_Return)
