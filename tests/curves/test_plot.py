import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.core.errors import StudioError
from studio.core.history import History
from studio.curves.plot import CurvePlot, Mark
from studio.curves.reading import read_at, reading_rows, reading_title
from studio.widgets.look import Look

pytestmark = pytest.mark.gui
Show = Callable[..., None]


def history_of(values: np.ndarray, every: int = 1) -> History:
    history = History()
    steps = np.arange(1, len(values) + 1, dtype=np.float64) * every
    history.extend(steps, steps * 768, steps * 0.1, values)
    return history


def falling(count: int, seed: int = 0) -> np.ndarray:
    return 1.4 + 2.7 * np.exp(-np.arange(count) / 700) + np.random.default_rng(seed).normal(0, 0.05, count)


@pytest.fixture
def plot(look: Look, on_screen: Show) -> CurvePlot:
    """A chart of 4,000 training and 40 validation losses, on screen."""
    plot = CurvePlot(look, "Loss")
    plot.add_series("training", "training", 0)
    plot.add_series("validation", "validation", 1, smoothed=False)
    plot.set_history("training", history_of(falling(4000)))
    plot.set_history("validation", history_of(falling(4000, 1)[99::100], every=100))
    on_screen(plot, width=800, height=500)
    return plot


def point_of(plot: CurvePlot, x: float, y: float) -> QPoint:
    frame = plot.canvas.frame
    return QPointF(frame.x.pixel(x), frame.y.pixel(y)).toPoint()


def wheel(plot: CurvePlot, at: QPoint, turn: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    event = QWheelEvent(
        QPointF(at), QPointF(plot.canvas.mapToGlobal(at)), QPoint(), QPoint(0, 120 * turn), Qt.MouseButton.NoButton,
        keys, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(plot.canvas, event)


def drag(plot: CurvePlot, button: Qt.MouseButton, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(plot.canvas, button, pos=start)
    for share in (0.5, 1.0):
        QTest.mouseMove(plot.canvas, start + (end - start) * share)
    QTest.mouseRelease(plot.canvas, button, pos=end)


def test_it_shows_the_whole_run_until_somebody_zooms(plot: CurvePlot) -> None:
    assert plot.canvas.x_range() == (0.0, 4000.0)
    plot.set_total(7200)
    assert plot.canvas.x_range() == (0.0, 7200.0)
    assert plot.canvas.frame.x_ticks[-1] == 7200


def test_hovering_reads_the_measured_values(plot: CurvePlot) -> None:
    history = plot.canvas.scene.curves[0].history
    assert history is not None
    QTest.mouseMove(plot.canvas, point_of(plot, 2604, 2.0))
    reading = plot.canvas.reading
    assert reading is not None
    at = int(np.argmin(np.abs(history.step - reading.step)))
    assert reading.values[0].raw == history.value[at]
    assert reading.values[0].smooth is None
    assert abs(reading.step - 2604) <= 4000 / plot.canvas.frame.area.width()
    assert reading.values[1].step % 100 == 0  # validation is measured every 100 steps, and never invented in between
    assert f"step {reading.step:,.0f}" in plot.canvas.card.lines[0]
    assert f"{history.value[at]:.3f}" in plot.canvas.card.lines[1]


def test_the_card_names_the_step_where_a_value_was_measured(plot: CurvePlot) -> None:
    plot.set_smoothing(0.9)
    reading = read_at(plot.canvas.scene, 2604.0)
    assert reading is not None
    rows = reading_rows(reading, ".3f")
    assert reading_title(plot.canvas.scene, reading) == "step 2,604 · 4 min 20 s"
    assert "smooth" in rows[0].note
    assert rows[1].note == "at 2,600"


def test_the_smooth_line_is_the_corrected_average_of_the_raw_values(plot: CurvePlot) -> None:
    """Mistake 11: smoothing what was thinned out before."""
    plot.set_smoothing(0.8)
    history = plot.canvas.scene.curves[0].history
    assert history is not None
    reading = read_at(plot.canvas.scene, 50.0)
    assert reading is not None
    weights = 0.8 ** np.arange(49, -1, -1)
    assert reading.values[0].smooth == pytest.approx((weights * history.value[:50]).sum() / weights.sum(), abs=1e-12)


def test_a_box_zooms_and_a_double_click_shows_everything_again(plot: CurvePlot) -> None:
    drag(plot, Qt.MouseButton.LeftButton, point_of(plot, 1000, 3.0), point_of(plot, 2000, 1.5))
    low, high = plot.canvas.x_range()
    assert (low, high) == pytest.approx((1000, 2000), abs=12)
    assert plot.canvas.y_range() == pytest.approx((1.5, 3.0), abs=0.03)
    assert not plot._header.whole.isHidden()
    QTest.mouseDClick(plot.canvas, Qt.MouseButton.LeftButton, pos=point_of(plot, 1500, 2.0))
    assert plot.canvas.view.whole
    assert plot._header.whole.isHidden()


def test_a_flat_box_zooms_sideways_and_the_height_goes_on_fitting(plot: CurvePlot) -> None:
    start = point_of(plot, 1000, 2.0)
    drag(plot, Qt.MouseButton.LeftButton, start, point_of(plot, 1200, 2.0))
    assert plot.canvas.view.y is None
    low, high = plot.canvas.y_range()
    assert high - low < 1.5


def test_the_wheel_zooms_around_the_pointer(plot: CurvePlot) -> None:
    at = point_of(plot, 3000, 2.0)
    before = plot.canvas.frame.x.value(at.x())
    wheel(plot, at, 3)
    low, high = plot.canvas.x_range()
    assert high - low < 4000
    assert plot.canvas.frame.x.value(at.x()) == pytest.approx(before, abs=1e-6)
    wheel(plot, at, -30)
    assert plot.canvas.view.x is None  # out of everything again follows the run
    wheel(plot, at, 1, Qt.KeyboardModifier.ControlModifier)
    assert plot.canvas.view.y is not None


def test_right_drag_moves_the_picture(plot: CurvePlot) -> None:
    plot.canvas.set_view_x((1000.0, 2000.0))
    start = point_of(plot, 1500, 2.0)
    drag(plot, Qt.MouseButton.RightButton, start, start + QPoint(-100, 0))
    low, high = plot.canvas.x_range()
    assert high - low == pytest.approx(1000)
    assert low == pytest.approx(1000 + 1000 * 100 / plot.canvas.frame.area.width(), rel=0.01)


def test_the_keyboard_zooms_moves_reads_and_resets(plot: CurvePlot) -> None:
    canvas = plot.canvas
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.x_range() == pytest.approx((400, 3600))
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.x_range()[0] > 400
    QTest.keyClick(canvas, Qt.Key.Key_Up)
    assert canvas.view.y is not None
    QTest.keyClick(canvas, Qt.Key.Key_0)
    assert canvas.view.whole
    QTest.keyClick(canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert canvas.reading is not None
    assert canvas.reading.step == 4000
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.reading is None


def test_a_zoomed_window_that_shows_the_newest_point_follows_it(plot: CurvePlot) -> None:
    history = plot.canvas.scene.curves[0].history
    assert history is not None
    plot.refresh()
    plot.canvas.set_view_x((3500.0, 4000.0))
    history.append(4001, 1.0, 1.0, 1.5)
    plot.refresh()
    assert plot.canvas.x_range() == (3501.0, 4001.0)
    plot.set_follow(False)
    history.append(4002, 1.0, 1.0, 1.5)
    plot.refresh()
    assert plot.canvas.x_range() == (3501.0, 4001.0)


def test_a_click_on_a_circle_tells_which_mark_it_is(plot: CurvePlot, qtbot: QtBot) -> None:
    plot.set_marks([Mark("checkpoint", 1000, "validation 1.9"), Mark("sample", 1000), Mark("sample", 2000)])
    frame = plot.canvas.frame
    place = QPointF(frame.x.pixel(1000), frame.row_y("checkpoint")).toPoint()
    QTest.mouseMove(plot.canvas, place)
    assert plot.canvas.card.lines == ["checkpoint · step 1,000", "validation 1.9"]
    with qtbot.waitSignal(plot.mark_clicked) as caught:
        QTest.mouseClick(plot.canvas, Qt.MouseButton.LeftButton, pos=place)
    assert caught.args == ["checkpoint", 1000]


def test_marks_are_reached_by_keyboard(plot: CurvePlot, qtbot: QtBot) -> None:
    plot.set_marks([Mark("checkpoint", 1000), Mark("sample", 2000)])
    plot.canvas.setFocus()
    QTest.keyClick(plot.canvas, Qt.Key.Key_PageDown)
    QTest.keyClick(plot.canvas, Qt.Key.Key_PageDown)
    with qtbot.waitSignal(plot.mark_clicked) as caught:
        QTest.keyClick(plot.canvas, Qt.Key.Key_Return)
    assert caught.args == ["sample", 2000]


def test_linked_charts_share_hover_range_and_axis(plot: CurvePlot, look: Look, on_screen: Show) -> None:
    other = CurvePlot(look, "Gradient norm")
    other.add_series("gradient", "gradient norm", 3)
    other.set_history("gradient", history_of(falling(4000, 2)))
    plot.link(other)
    on_screen(other, width=800, height=400)
    QTest.mouseMove(plot.canvas, point_of(plot, 2000, 2.0))
    assert plot.canvas.reading is not None
    assert other.canvas.reading is not None
    assert other.canvas.reading.step == plot.canvas.reading.step
    wheel(plot, point_of(plot, 2000, 2.0), 2)
    assert other.canvas.x_range() == plot.canvas.x_range()
    plot._header.axis.changed.emit("tokens")
    assert other.axis == "tokens"
    assert other.canvas.x_range() == pytest.approx(plot.canvas.x_range())


def test_changing_the_axis_keeps_the_steps_in_sight(plot: CurvePlot) -> None:
    plot.canvas.set_view_x((1000.0, 2000.0))
    plot.set_axis("tokens")
    assert plot.canvas.x_range() == pytest.approx((768_000, 1_536_000))
    plot.set_axis("time")
    assert plot.canvas.x_range() == pytest.approx((100, 200))
    with pytest.raises(ValueError, match="no such axis"):
        plot.set_axis("epoch")


def test_the_legend_stays_on_one_line_while_there_is_room(plot: CurvePlot) -> None:
    plot.resize(662, 420)  # the card of a run in a window of 1280 pixels
    QApplication.processEvents()
    tops = {entry.y() for entry in plot._header.legend.entries()}
    assert len(tops) == 1
    assert plot._header.legend.mapTo(plot._header, QPoint(0, 0)).x() > plot._header.title.x()


def test_the_legend_hides_and_shows_a_curve(plot: CurvePlot) -> None:
    training = plot._header.legend.entries()[0]
    QTest.mouseClick(training, Qt.MouseButton.LeftButton)
    assert not plot.canvas.scene.curves[0].visible
    reading = read_at(plot.canvas.scene, 2600)
    assert reading is not None
    assert [value.curve.name for value in reading.values] == ["validation"]
    training.setFocus()
    QTest.keyClick(training, Qt.Key.Key_Space)
    assert plot.canvas.scene.curves[0].visible


def colors_in(plot: CurvePlot) -> set[str]:
    image = plot.canvas.picture(1.0).toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)[:, : image.width()]
    return {QColor(int(pixel)).name() for pixel in np.unique(pixels)}


def test_raw_values_stay_faint_behind_the_smooth_line(plot: CurvePlot, look: Look) -> None:
    series = look.color(0).name()
    plot.set_visible("validation", False)
    plain = colors_in(plot)
    plot.set_smoothing(0.9)
    both = colors_in(plot)
    assert series in plain
    assert series in both
    assert len(both) > len(plain)


def test_a_spike_reaches_its_pixel_at_every_zoom(look: Look, on_screen: Show) -> None:
    values = np.ones(200_000)
    values[123_456] = 8.0
    plot = CurvePlot(look, "Loss", header=False)
    plot.add_series("a", "a", 0)
    plot.set_history("a", history_of(values))
    on_screen(plot, width=600, height=300)
    for window in (None, (100_000.0, 150_000.0), (123_000.0, 124_000.0), (123_450.0, 123_470.0)):
        plot.canvas.set_view_x(window)
        frame = plot.canvas.frame
        image = plot.canvas.picture(1.0).toImage()
        x, top = round(frame.x.pixel(123_457)), round(frame.y.pixel(8.0))
        near = {image.pixelColor(x + dx, top + 6).name() for dx in range(-3, 4)}
        assert near != {look.color("surface").name()}


def test_a_broken_value_leaves_a_tick_in_the_danger_colour(plot: CurvePlot, look: Look) -> None:
    assert look.color("danger").name() not in colors_in(plot)
    history = plot.canvas.scene.curves[0].history
    assert history is not None
    history.append(4001, 1.0, 1.0, math.nan)
    plot.refresh()
    assert look.color("danger").name() in colors_in(plot)


def test_an_empty_chart_says_so_and_invents_no_numbers(look: Look, on_screen: Show) -> None:
    plot = CurvePlot(look, "Loss")
    plot.set_empty_text("The curve begins with the first step.")
    on_screen(plot, width=600, height=300)
    assert plot.canvas.frame.y_ticks == []
    assert plot.canvas.frame.x_ticks == []
    plot.grab()
    plot.set_logarithmic(True)
    plot.grab()


def test_published_points_stretch_the_axes(plot: CurvePlot) -> None:
    plot.set_points("book", "the book", [0, 5000], [9.0, 1.0], 1)
    assert plot.canvas.x_range() == (0.0, 5000.0)
    assert plot.canvas.y_range()[1] > 9.0
    assert [entry.text() for entry in plot._header.legend.entries()] == ["training", "validation", "the book"]
    plot.set_points("book", "the book", [], [])
    assert plot.canvas.x_range() == (0.0, 4000.0)


def test_csv_reads_back_to_the_same_bits(plot: CurvePlot, tmp_path: Path) -> None:
    path = tmp_path / "loss.csv"
    history = plot.canvas.scene.curves[0].history
    assert history is not None
    history.append(4001, 1.0, 1.0, math.inf)
    plot.save(path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["series"] == "training"]
    for column in ("step", "tokens", "seconds", "value"):
        assert np.array_equal(np.array([float(row[column]) for row in rows]), getattr(history, column))


def test_pictures_are_saved_by_their_suffix(plot: CurvePlot, tmp_path: Path) -> None:
    plot.save(tmp_path / "loss.png")
    plot.save(tmp_path / "loss.svg")
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert "polyline" in (tmp_path / "loss.svg").read_text(encoding="utf-8")
    with pytest.raises(StudioError, match=r"\.bmp"):
        plot.save(tmp_path / "loss.bmp")
    with pytest.raises(StudioError, match="could not be written"):
        plot.save(tmp_path / "nowhere" / "loss.csv")


def test_the_chart_follows_the_theme(plot: CurvePlot, look: Look) -> None:
    plot.grab()
    look.set_theme("light")
    assert look.color("surface").name() in colors_in(plot)


def test_the_newest_values_are_told_to_a_screen_reader(plot: CurvePlot) -> None:
    plot.canvas.clearFocus()
    plot.canvas.setFocus(Qt.FocusReason.TabFocusReason)
    assert "training 1." in plot.canvas.accessibleDescription()
    assert "at step 4,000" in plot.canvas.accessibleDescription()


def test_smoothing_is_chosen_with_the_slider_of_its_button(plot: CurvePlot, qtbot: QtBot) -> None:
    button = plot._header.smoothing
    button.open()
    with qtbot.waitSignal(plot.smoothing_changed):
        QTest.keyClick(button._slider, Qt.Key.Key_End)
    assert plot.smoothing == 0.99
    assert button.text() == "smoothing 0.99"
    QTest.keyClick(button._slider, Qt.Key.Key_Escape)
    assert button._popover.isHidden()


def test_taking_series_away_leaves_nothing_behind(plot: CurvePlot) -> None:
    plot.canvas.show_reading(2000.0)
    plot.remove_series("training")
    assert plot.names == ["validation"]
    assert plot.canvas.reading is None
    plot.clear()
    assert plot.names == []
    with pytest.raises(KeyError):
        plot.set_history("training", History())
