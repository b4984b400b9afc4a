"""A million points in each of four charts: time per frame while panning, and whether every single spike is drawn."""

import argparse
import os
import statistics
import time
from typing import TYPE_CHECKING, Any

from studio.benches import Bench, busy

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PySide6.QtWidgets import QApplication, QWidget

    from studio.core.history import History
    from studio.curves.canvas import CurveCanvas
    from studio.curves.plot import CurvePlot

POINTS, CHARTS = 1_000_000, 4
SPIKES = 400  # in each chart, one step wide
ZOOMS = (1.0, 0.5, 0.1, 0.02, 0.002, 0.0012, 0.0002)  # share of the run that is shown
SMOOTHING = 0.9  # what the Pretrain page shows a long run with
SIZE = (1440, 900)
GOAL = 16.0  # milliseconds a frame of all four


def add_options(parser: argparse.ArgumentParser) -> None:
    """How much to draw and how often."""
    parser.add_argument("--points", type=int, default=POINTS, help="in each chart (default: a million)")
    parser.add_argument("--frames", type=int, default=60, help="timed at each zoom (default: 60)")
    parser.add_argument("--places", type=int, default=12, help="looked at for spikes at each zoom (default: 12)")


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """One row for each zoom, without and with the smooth curve."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from studio.app import make_application

    application = make_application(["atelier"])
    window, plots, spikes = build(options.points)
    window.show()
    application.processEvents()
    rows = []
    for smoothing in (0.0, SMOOTHING):
        for plot in plots:
            plot.set_smoothing(smoothing)
        for zoom in ZOOMS:
            show(plots, zoom * options.points, 0.5 * options.points)
            times, computed = pan(application, plots[0], options.frames)
            seen, missed, wrong = look(plots, spikes, zoom, options.places)
            rows.append(
                {
                    "shown": f"{100 * zoom:g} %",
                    "smoothing": smoothing,
                    "median_ms": statistics.median(times),
                    "least_ms": min(times),
                    "most_ms": max(times),
                    "median_cpu_ms": statistics.median(computed),
                    "fast_enough": statistics.median(times) <= GOAL,
                    "spikes_seen": seen,
                    "spikes_missed": missed,
                    "buckets_wrong": wrong,
                    "load": busy(),
                }
            )
    window.close()
    return rows


def build(points: int) -> "tuple[QWidget, list[CurvePlot], list[npt.NDArray[np.int64]]]":
    """A window of four linked charts, and where the spikes of each one stand."""
    import numpy as np
    from PySide6.QtWidgets import QGridLayout, QWidget

    from studio.curves.plot import CurvePlot
    from studio.store.places import places
    from studio.widgets.look import Look

    look = Look(places().resources)
    window = QWidget()
    window.resize(*SIZE)
    grid = QGridLayout(window)
    plots, spikes = [], []
    for number in range(CHARTS):
        plot = CurvePlot(look, f"Chart {number + 1}", parent=window)
        random = np.random.default_rng(number)
        history, at = long_history(points, random)
        plot.add_series("loss", "loss", number)
        plot.set_history("loss", history)
        grid.addWidget(plot, number // 2, number % 2)
        plots.append(plot)
        spikes.append(at)
    for plot in plots[1:]:
        plots[0].link(plot)
    return window, plots, spikes


def long_history(points: int, random: "np.random.Generator") -> "tuple[History, npt.NDArray[np.int64]]":
    """A falling, noisy loss with single steps that stand out, up and down, and where those are."""
    import numpy as np

    from studio.core.history import History

    step = np.arange(1, points + 1, dtype=np.float64)
    value = 2.0 + 3.0 * np.exp(-step / (0.1 * points)) + 0.2 * random.standard_normal(points)
    at = np.sort(random.choice(points, SPIKES, replace=False))
    value[at] += random.uniform(2.0, 6.0, SPIKES) * random.choice((-1.0, 1.0), SPIKES)
    history = History()
    history.extend(step, 512 * step, 0.05 * step, value)
    return history, at


def show(plots: "list[CurvePlot]", width: float, middle: float) -> None:
    """The same stretch in every chart."""
    for plot in plots:
        plot.canvas.set_view_x((middle - width / 2, middle + width / 2))


def pan(application: "QApplication", plot: "CurvePlot", frames: int) -> tuple[list[float], list[float]]:
    """Drag one chart with the right button; the others follow. Milliseconds from each move to the painted window.

    Returns what the clock says and what the processor spent on it, which a busy machine changes less.
    """
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent

    canvas = plot.canvas
    start, nothing = canvas.frame.area.center(), Qt.KeyboardModifier.NoModifier

    def send(kind: QEvent.Type, at: QPointF, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        place = canvas.mapToGlobal(at)
        application.sendEvent(canvas, QMouseEvent(kind, at, place, button, held, nothing))

    right, none = Qt.MouseButton.RightButton, Qt.MouseButton.NoButton
    send(QEvent.Type.MouseButtonPress, start, right, right)
    times, computed = [], []
    for frame in range(frames + 3):
        shift = QPointF(8.0 * ((frame % 30) - 15), 0.0)  # to and fro, a new place every time
        began, spent = time.perf_counter(), time.thread_time()
        send(QEvent.Type.MouseMove, start + shift, none, right)
        application.processEvents()  # paints all that the move made old, at once
        times.append(1000 * (time.perf_counter() - began))
        computed.append(1000 * (time.thread_time() - spent))
    send(QEvent.Type.MouseButtonRelease, start, right, none)
    return times[3:], computed[3:]


def look(
    plots: "list[CurvePlot]", spikes: "list[npt.NDArray[np.int64]]", zoom: float, count: int
) -> tuple[int, int, int]:
    """At some places of a zoom: spikes found in the picture, spikes missing in it, buckets that differ from numpy."""
    import numpy as np

    random = np.random.default_rng(7)
    seen = missed = wrong = 0
    for plot, at in zip(plots, spikes, strict=True):
        points = len(plot.canvas.scene.curves[0])
        for place in range(count if zoom < 1 else 1):
            # Every other place has a spike in it for sure, however narrow the stretch.
            middle = float(random.choice(at)) if place % 2 else random.uniform(zoom / 2, 1 - zoom / 2) * points
            show(plots, zoom * points, middle if zoom < 1 else points / 2)
            drawn = drawn_spikes(plot.canvas, at)
            seen, missed = seen + int(drawn.sum()), missed + int((~drawn).sum())
            wrong += wrong_buckets(plot.canvas)
    return seen, missed, wrong


def drawn_spikes(canvas: "CurveCanvas", spikes: "npt.NDArray[np.int64]") -> "npt.NDArray[np.bool_]":
    """For each spike inside the stretch shown: whether the curve touches the pixel where its tip belongs."""
    import numpy as np

    with_curve = pixels(canvas)
    curve = canvas.scene.curves[0]
    curve.visible, frame = False, canvas.frame
    without = pixels(canvas)
    curve.visible = True
    ink = (with_curve != without).any(axis=2)
    history = curve.history
    assert history is not None
    inside = spikes[(history.step[spikes] > frame.x.low) & (history.step[spikes] < frame.x.high)]
    found = []
    for spike in inside.tolist():
        x = round(frame.x.pixel(float(history.step[spike])))
        y = round(frame.y.pixel(float(history.value[spike])))
        found.append(ink[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3].any())
    return np.asarray(found, dtype=np.bool_)


def pixels(canvas: "CurveCanvas") -> "npt.NDArray[np.uint8]":
    """(height, width, 4) of the picture, laid out as it is now."""
    import numpy as np
    from PySide6.QtGui import QImage

    image = canvas.picture(1.0).toImage().convertToFormat(QImage.Format.Format_RGB32)
    memory = np.frombuffer(image.constBits(), dtype=np.uint8)
    return memory.reshape(image.height(), image.bytesPerLine() // 4, 4).copy()


def wrong_buckets(canvas: "CurveCanvas") -> int:
    """How many of the stretches a picture of this width draws differ from numpy's minimum and maximum."""
    import numpy as np

    curve, frame = canvas.scene.curves[0], canvas.frame
    history = curve.history
    assert history is not None
    x, low, high = curve.columns("step", frame.x.low, frame.x.high, round(frame.area.width()) * 6 // 5)
    starts = np.searchsorted(history.step, x)
    _, last = curve.window("step", frame.x.low, frame.x.high)
    values = history.value[: min(len(curve), last + 1)]
    right = (np.minimum.reduceat(values, starts) == low) & (np.maximum.reduceat(values, starts) == high)
    return int((~right).sum())


BENCH = Bench(
    "curve", "a million points in four charts: time per frame while panning, every spike drawn", run, add_options
)
