"""The two small pictures: their axes hold everything, and they say their values."""

import pytest

from studio.workshop.plots import BarGroup, BarPlot, LinePlot, PlotLine, Swatch, tick_step

pytestmark = pytest.mark.gui


@pytest.fixture
def lines(look, on_screen):
    plot = LinePlot(look, "Curves", "{:g}".format)
    on_screen(plot)
    plot.set_lines(
        [PlotLine("a", (0, 1, 2), (-1.0, 0.0, 3.0), 0), PlotLine("b", (0, 1, 2), (0, 0, 1), 1, True)], ("0", "2")
    )
    return plot


@pytest.fixture
def bars(look, on_screen):
    plot = BarPlot(look, "Bars", "{:g}".format, (1, 2))
    on_screen(plot)
    plot.set_groups([BarGroup("1", (0.0002, 0.2)), BarGroup("2", (0.005, 1.3))])
    return plot


@pytest.mark.parametrize(("spread", "step"), [(4, 1), (10, 5), (1, 0.5), (800, 200), (0.03, 0.01), (7, 2)])
def test_lines_across_stand_at_round_values(spread, step):
    assert tick_step(spread) == pytest.approx(step)
    assert spread / step <= 4


def test_the_axis_holds_every_value_and_zero(lines):
    assert lines.bounds() == (-1.0, 3.0)
    lines.set_lines([PlotLine("a", (0, 1), (2.0, 5.0))], ("0", "1"))
    assert lines.bounds() == (0.0, 5.0)


def test_nothing_but_zeros_is_still_drawn(lines):
    lines.set_lines([PlotLine("a", (0, 1), (0.0, 0.0))], ("0", "1"))
    assert lines.bounds() == (0.0, 1.0)
    assert not lines.grab().isNull()


def test_lines_and_bars_say_their_values(lines, bars):
    assert lines.accessibleDescription() == "a: -1 – 3; b: 0 – 1"
    assert bars.accessibleDescription() == "1: 0.0002, 0.2; 2: 0.005, 1.3"


def test_bars_stand_on_powers_of_ten(bars):
    assert bars.decades() == (-4, 1)


def test_a_bar_of_nothing_has_no_height_and_no_power(bars):
    bars.set_groups([BarGroup("1", (0.0, 0.5))])
    assert bars.decades() == (-1, 0)
    bars.set_groups([BarGroup("1", (0.0, 0.0))])
    assert bars.decades() == (0, 1)
    assert not bars.grab().isNull()


def test_pictures_follow_the_theme(lines, bars, look, on_screen):
    swatch = Swatch(look, 2)
    on_screen(swatch)
    before = [one.grab().toImage() for one in (lines, bars, swatch)]
    look.set_theme("light")
    assert all(one.grab().toImage() != was for one, was in zip((lines, bars, swatch), before, strict=True))
