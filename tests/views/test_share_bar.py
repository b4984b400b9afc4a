"""Parts of a whole: widths that add up, and words for each."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint

from studio.views.share_bar import Share, ShareBar, percent
from studio.widgets.look import Look

pytestmark = pytest.mark.gui

PARTS = [Share("Embedding", 30), Share("Attention", 20, hint="4 d² for each layer"), Share("Feed-forward", 50)]


@pytest.fixture
def bar(look: Look, on_screen: Callable[..., None]) -> ShareBar:
    """Three parts, 30 : 20 : 50."""
    made = ShareBar(look)
    made.set_shares(PARTS)
    on_screen(made)
    return made


def test_every_part_is_as_wide_as_its_share(bar: ShareBar) -> None:
    width = bar.width()
    found = [bar.part_at(QPoint(int(width * share), 5)) for share in (0.15, 0.29, 0.31, 0.49, 0.51, 0.99)]
    assert found == [0, 0, 1, 1, 2, 2]


def test_the_legend_has_a_row_for_each_part(bar: ShareBar) -> None:
    assert bar.part_at(QPoint(5, bar.height() - 2)) == 2
    assert bar.part_at(QPoint(5, 18)) is None
    assert bar.sizeHint().height() == 12 + 12 + 3 * 24


def test_the_parts_are_told_to_a_screen_reader(bar: ShareBar) -> None:
    assert bar.accessibleDescription() == "Embedding 30 (30 %), Attention 20 (20 %), Feed-forward 50 (50 %)"


def test_the_colors_are_those_of_the_theme(bar: ShareBar, look: Look) -> None:
    image = bar.grab().toImage()
    assert image.pixelColor(int(image.width() * 0.15), 6) == look.color(0)
    assert image.pixelColor(int(image.width() * 0.4), 6) == look.color(1)
    look.set_theme("light")
    assert bar.grab().toImage().pixelColor(int(image.width() * 0.15), 6) == look.color(0)


def test_nothing_at_all_is_drawn_as_an_empty_bar(look: Look, on_screen: Callable[..., None]) -> None:
    bar = ShareBar(look)
    on_screen(bar)
    bar.set_shares([Share("Nothing", 0)])
    assert bar.part_at(QPoint(10, 5)) is None
    assert not bar.grab().isNull()


@pytest.mark.parametrize(
    ("amount", "total", "words"),
    [(0, 10, "0 %"), (1, 100_000, "< 0.1 %"), (5, 100, "5.0 %"), (50, 100, "50 %"), (1, 1, "100 %"), (0, 0, "0 %")],
)
def test_shares_are_written_as_exactly_as_they_need(amount: float, total: float, words: str) -> None:
    assert percent(amount, total) == words
