"""The bar says what the colours mean."""

import pytest

from studio.maps.colour_bar import ColourBar
from studio.maps.colours import DIFFERENCE, Colouring, ramp

pytestmark = pytest.mark.gui


@pytest.fixture
def bar(look, on_screen):
    found = ColourBar(look)
    on_screen(found, width=100, height=300)
    return found


def test_the_bar_runs_from_the_lowest_colour_to_the_highest(bar):
    bar.set_range(0.0, 1.0)
    image = bar.grab().toImage()
    x = 14
    column = [image.pixel(x, y) for y in range(image.height())]
    table = ramp("viridis")
    assert int(table[0]) in column
    assert int(table[255]) in column
    assert column.index(int(table[255])) < column.index(int(table[0]))


def test_what_it_measures_and_its_limits_are_told(bar):
    bar.set_range(0.0, 0.25, label="weight", scale="sqrt", cut=(False, True))
    assert bar.accessibleDescription() == "weight: 0.0000 – 0.2500 √"
    assert bar.colouring == Colouring(0.0, 0.25, "viridis", "sqrt")


def test_a_difference_has_zero_in_the_middle(bar):
    bar.set_range(-0.1, 0.3, DIFFERENCE)
    assert bar.accessibleDescription().split(": ")[1].strip() == "−0.3000 – 0.3000"


def test_a_value_can_be_pointed_at_and_what_is_none_cannot(bar):
    bar.set_range(0.0, 1.0)
    plain = bar.grab().toImage()
    bar.mark(0.5)
    marked = bar.grab().toImage()
    assert marked != plain
    bar.mark(float("nan"))
    assert bar.grab().toImage() == plain
    bar.mark(None)
    assert bar.grab().toImage() == plain


@pytest.mark.parametrize("upright", [True, False])
def test_it_stands_or_lies(look, on_screen, upright):
    bar = ColourBar(look, upright=upright)
    bar.set_range(0.0, 1.0, label="weight")
    on_screen(bar, width=300, height=300)
    assert (bar.sizeHint().height() > bar.sizeHint().width()) is upright
    assert not bar.grab().isNull()
