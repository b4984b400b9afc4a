"""The pages about the inside: how soon pictures of many heads and tokens are there, follow the hand, and scrub.

The window is the real one, on a run of 12 × 12 heads that is trained here for a few steps, in a home of its own.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from studio.benches import Bench, busy
from studio.core.errors import StudioError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtWidgets import QWidget

    from studio.app import Studio
    from studio.core.config import RunConfig
    from studio.maps.heat_map import HeatMap

PARTS = ("map", "scatter", "window")
HEADS = LAYERS = 12
TOKENS = 256
SIDE = 1_024  # cells along the large map
SPOTS = 2_601  # isolated weights of 1 in it, 20 cells apart
SIZES, ZOOMS = (300, 450, 600, 900), (1.0, 1.5, 3.0, 8.0)  # pixels along the map, and how close one looks
POINTS, WIDTH = 50_257, 768
LIMIT = 600.0  # seconds that anything may take
TICK = 10.0  # milliseconds between two beats of the event loop

OPENS, UPDATES = 500.0, 17.0  # milliseconds: the grid of heads, from the end of the forward pass
HOVERS, PANS, NAMES = 2.0, 17.0, 16.0  # milliseconds: over the map, of the points, to a point's name
COMPONENTS = 5.0  # seconds for exact principal components
SCRUBS = 20.0  # snapshots a second
FIRST, STOPS = 2.0, 1.0  # seconds to a sweep's first news, and to its end once called off


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which parts, and how often."""
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=PARTS, help="(default: all three)")
    parser.add_argument("--frames", type=int, default=60, help="timed of everything that moves (default: 60)")
    parser.add_argument("--points", type=int, default=POINTS, help=f"in the scatter (default: {POINTS:,})")
    parser.add_argument("--snapshots", type=int, default=24, help="of the run that is scrubbed (default: 24)")


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Rows of the chosen parts, one after the other; without `QT_QPA_PLATFORM` it draws offscreen."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    rows = {"map": map_rows, "scatter": scatter_rows, "window": window_rows}
    return [row for part in options.parts for row in rows[part](options)]


def row(what: str, value: float, unit: str, goal: float, most: bool = True, note: str = "") -> dict[str, Any]:
    """One line of the table; `most`: the value may be at most the goal, else at least."""
    return {
        "what": what, "median": value, "unit": unit, "goal": goal,
        "reached": value <= goal if most else value >= goal, "note": note, "load": busy(),
    }  # fmt: skip


# --- events that a hand would make ------------------------------------------------------------------------------------


def send(widget: "QWidget", kind: "QEvent.Type", at: "QPointF", held: bool = False) -> None:
    """A mouse event as the system sends it; `held` is the left button."""
    from PySide6.QtCore import QCoreApplication, Qt
    from PySide6.QtGui import QMouseEvent

    button = Qt.MouseButton.LeftButton if held else Qt.MouseButton.NoButton
    nothing = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(kind, at, widget.mapToGlobal(at), button, button, nothing)
    QCoreApplication.sendEvent(widget, event)


def timed(widget: "QWidget", places: "Sequence[QPointF]", held: bool = False) -> tuple[float, str]:
    """Median milliseconds from a move of the mouse to the painted widget, and what of it the processor was busy."""
    from PySide6.QtCore import QCoreApplication, QEvent

    if held:
        send(widget, QEvent.Type.MouseButtonPress, places[0], True)
    times, spent = [], []
    for place in places:
        began, before = time.perf_counter(), time.thread_time()
        send(widget, QEvent.Type.MouseMove, place, held)
        QCoreApplication.processEvents()
        times.append(1000 * (time.perf_counter() - began))
        spent.append(1000 * (time.thread_time() - before))
    if held:
        send(widget, QEvent.Type.MouseButtonRelease, places[-1], True)
    return statistics.median(times[3:]), f"processor {statistics.median(spent[3:]):.2g} ms"


# --- a map of 1,024² --------------------------------------------------------------------------------


def map_rows(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Hovering a large map, and whether every isolated weight is seen at every size and zoom."""
    from PySide6.QtCore import QCoreApplication, QPointF

    shown, spots = build_map()
    box = shown.plane.box
    places = [
        QPointF(box.left() + (37 * n % 883) / 883 * box.width(), box.top() + (53 * n % 877) / 877 * box.height())
        for n in range(options.frames + 3)
    ]
    QCoreApplication.processEvents()
    hover, computed = timed(shown, places)
    seen = missed = 0
    for size in SIZES:
        shown.resize(size, size)
        QCoreApplication.processEvents()
        for zoom in ZOOMS:
            shown.plane.reset()
            shown.plane.zoom_at(QPointF(size / 3, size / 2), zoom)
            found = visible(shown, spots)
            seen, missed = seen + int(found.sum()), missed + int((~found).sum())
    shown.close()
    words = f"{seen:,} seen at {len(SIZES)} sizes and {len(ZOOMS)} zooms"
    return [
        row(f"{SIDE:,}² map: hover", hover, "ms", HOVERS, note=computed),
        row(f"{SIDE:,}² map: isolated weights missed", missed, "weights", 0.0, note=words),
    ]


def build_map() -> "tuple[HeatMap, npt.NDArray[np.int64]]":
    """A map of faint noise with single weights of 1 in it, and where they are, (spots, 2)."""
    import numpy as np

    from studio.app import make_application
    from studio.maps.heat_map import HeatMap
    from studio.store.places import places
    from studio.widgets.look import Look

    make_application(["atelier"])
    values = 0.2 * np.random.default_rng(0).random((SIDE, SIDE), np.float32)
    spots = np.stack(np.meshgrid(np.arange(7, SIDE, 20), np.arange(11, SIDE, 20), indexing="ij"), -1).reshape(-1, 2)
    values[tuple(spots.T)] = 1.0
    shown = HeatMap(Look(places().resources))
    shown.set_values(values, low=0.0, high=1.0)
    shown.resize(SIZES[-1], SIZES[-1])
    shown.show()
    return shown, spots[:SPOTS]


def visible(shown: "HeatMap", spots: "npt.NDArray[np.int64]") -> "npt.NDArray[np.bool_]":
    """For each spot that lies in the picture: whether a pixel where it belongs has the colour of 1."""
    import numpy as np

    from studio.maps.colours import ramp

    image = shown.picture(1.0)
    memory = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)[:, : image.width()]
    bright = memory & 0xFFFFFF == int(ramp("viridis", shown.look.theme.dark)[-1]) & 0xFFFFFF
    box, found = shown.plane.box, []
    for line, column in spots.tolist():
        cell = shown.plane.rect_of(line, column)
        if box.contains(cell):
            top, left = int(np.floor(cell.top())), int(np.floor(cell.left()))
            found.append(bright[top : int(np.ceil(cell.bottom())) + 1, left : int(np.ceil(cell.right())) + 1].any())
    return np.array(found, bool)


# --- 50,257 points -----------------------------------------------------------------------------------


def scatter_rows(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Moving and pointing at all tokens of a vocabulary, and their exact principal components off the screen."""
    import numpy as np
    from PySide6.QtCore import QPointF

    from studio.app import make_application
    from studio.maps.scatter_map import ScatterMap
    from studio.store.places import places
    from studio.widgets.look import Look

    application = make_application(["atelier"])
    random = np.random.default_rng(0)
    shown = ScatterMap(Look(places().resources, reduce_motion=True))
    shown.resize(1_000, 800)
    shown.set_points(random.standard_normal((options.points, 2)).astype(np.float32))
    shown.set_words("token {}".format, np.arange(options.points))
    shown.show()
    application.processEvents()
    drag = [QPointF(500 + 4 * (n % 40), 400 + 3 * (n % 30)) for n in range(options.frames + 3)]
    pan, panned = timed(shown, drag, held=True)
    shown.show_all()
    application.processEvents()
    middle, named = [QPointF(420 + 5 * (n % 31), 330 + 7 * (n % 19)) for n in range(options.frames + 3)], list[int]()
    shown.hovered.connect(named.append)
    hover, words = timed(shown, middle)
    words = f"{words}; {sum(index >= 0 for index in named)} points were named"
    shown.close()
    seconds, longest = components(random.standard_normal((options.points, WIDTH), np.float32))
    return [
        row(f"{options.points:,} points: pan", pan, "ms", PANS, note=panned),
        row(f"{options.points:,} points: hover to name", hover, "ms", NAMES, note=words),
        row(f"exact PCA of {options.points:,} × {WIDTH}", seconds, "s", COMPONENTS,
            note=f"longest wait of the window meanwhile {longest:.0f} ms"),
    ]  # fmt: skip


def components(table: "npt.NDArray[np.float32]") -> tuple[float, float]:
    """Seconds until a job has found them, PyTorch loaded before, and the event loop's longest wait meanwhile."""
    from PySide6.QtCore import QCoreApplication

    import studio.insight.embeddings  # noqa: F401  # what takes long to import is there before the clock starts
    from studio.live.jobs import Jobs

    jobs = Jobs()
    job = jobs.start("studio.insight.embeddings:principal", table)
    began, marks = time.perf_counter(), [time.perf_counter()]
    while job.state in ("waiting", "running"):
        QCoreApplication.processEvents()
        time.sleep(TICK / 1000)
        marks.append(time.perf_counter())
    seconds = time.perf_counter() - began
    jobs.close(5_000)
    if job.state != "done":
        raise StudioError(f"The principal components were not found: {job.error}")
    return seconds, max(1000 * (after - before) - TICK for before, after in pairwise(marks))


# --- the window on a run of 12 × 12 heads -----------------------------------------------------------


def window_rows(options: argparse.Namespace) -> list[dict[str, Any]]:
    """The grid of heads, scrubbing with all pages open, and a sweep over all heads."""
    before = os.environ.get("ATELIER_HOME")
    with tempfile.TemporaryDirectory(prefix="atelier-views-", ignore_cleanup_errors=True) as home:
        os.environ["ATELIER_HOME"] = home
        try:
            stage = Stage(options.snapshots)
            try:
                return [*stage.grid(options.frames), *stage.scrub(), *stage.sweep()]
            finally:
                stage.leave()
        finally:
            os.environ.pop("ATELIER_HOME")
            if before is not None:
                os.environ["ATELIER_HOME"] = before


def small_run(text: str, snapshots: int) -> "RunConfig":
    """As many heads as GPT-2 has, but narrow ones: what is measured here is the pictures."""
    from studio.core.config import ComputeConfig, DataConfig, ModelConfig, RunConfig, TrainingConfig, WatchConfig

    return RunConfig(
        data=DataConfig(text=text, tokenizer="characters"),
        model=ModelConfig(n_layers=LAYERS, n_heads=HEADS, emb_dim=16 * HEADS, context_length=TOKENS, drop_rate=0.0),
        training=TrainingConfig(
            steps=snapshots - 1, batch_size=1, warmup_steps=1, evaluate_every=1_000, sample_every=0, save_every=1_000
        ),
        watch=WatchConfig(every=1, prompt="Once upon a time there was a little boat on the sea. " * 5),
        compute=ComputeConfig(device="cpu", precision="fp32"),
    )


class Stage:
    """A real window on a finished run with a snapshot at every step."""

    def __init__(self, snapshots: int) -> None:
        from studio import app
        from studio.live.first_run import sample_path

        self.application = app.make_application(["atelier"])
        self.application.setQuitOnLastWindowClosed(False)
        self.studio: Studio = app.build(self.application)
        self.session, self.window = self.studio.session, self.studio.window
        self.window.resize(1_440, 900)
        self.window.show()
        self.until(lambda: self.session.torch_state in ("ready", "failed"))
        self.session.create_project(self.session.places.projects / "bench")
        job = self.session.add_texts([sample_path(self.session.places.resources)])
        self.until(lambda: job.state in ("done", "failed"))
        text = next(iter(self.session.project.texts())).name if self.session.project else ""
        self.model = self.session.start_run(small_run(text, snapshots), "heads")
        self.until(lambda: not self.model.living)
        if self.model.ending.reason != "finished":
            raise StudioError(f"The run ended: {self.model.ending.message} {self.model.ending.details}")

    def until(self, done: Callable[[], bool]) -> None:
        """Let the window live until `done`."""
        end = time.monotonic() + LIMIT
        while not done():
            self.application.processEvents()
            time.sleep(0.001)
            if self.session.looking.trouble is not None:
                raise self.session.looking.trouble
            if time.monotonic() > end:
                raise StudioError("The window waited ten minutes for something that did not come.")

    def page(self, name: str) -> Any:
        """Open a page and wait until it has its scene."""
        self.window.pages.open(name)
        self.until(lambda: self.session.looking.scene is not None and not self.session.looking.busy)
        return self.window.pages.panels[name]

    def quiet(self) -> None:
        """Wait until nothing is computed."""
        self.until(lambda: not self.session.jobs.jobs)

    def grid(self, frames: int) -> Iterator[dict[str, Any]]:
        """From the scene that has just come to the painted mosaic; and from one set of tiles to the next."""
        page, looking = self.page("attention"), self.session.looking
        page.open_view("heads")
        self.quiet()
        mosaic, came, opened, tell = page.view.all.mosaic, [0.0], [], looking._tell

        def told(*what: str) -> None:
            if "scene" in what:  # the forward pass is over, and nobody has heard of it yet
                came[0] = time.perf_counter()
            tell(*what)

        looking._tell = told  # type: ignore[method-assign]
        for whose in ("the", "my", "his", "her", "our", "two", "some"):
            before, scene = mosaic.tiles, looking.scene
            looking.read(f"Once upon a time {whose} boats went to sea and came back again. " * 8)
            self.until(lambda: looking.scene is not scene and mosaic.tiles is not before)  # noqa: B023
            self.application.processEvents()
            opened.append(1000 * (time.perf_counter() - came[0]))
            self.quiet()
        looking._tell = tell  # type: ignore[method-assign]
        what = f"{LAYERS} × {HEADS} heads"
        yield row(f"{what} of {looking.scene.time} tokens: open", statistics.median(opened), "ms", OPENS)
        both = [mosaic.tiles, self._tiles_of(looking.film, mosaic)]
        times = []
        for number in range(frames):
            began = time.perf_counter()
            mosaic.set_tiles(both[number % 2])
            mosaic.viewport().repaint()
            times.append(1000 * (time.perf_counter() - began))
        looking.film.go(None)
        yield row(f"{what}: update", statistics.median(times), "ms", UPDATES)

    def _tiles_of(self, film: Any, mosaic: Any) -> Any:
        """The tiles of the first snapshot."""
        film.go(film.steps[0])
        self.until(lambda: film.step is not None)
        return mosaic.tiles

    def scrub(self) -> Iterator[dict[str, Any]]:
        """From the first snapshot to the last on each page, all of them open: first from the disk, then from memory."""
        film = self.session.looking.film
        for name in ("attention", "embeddings", "lenses"):
            page = self.page(name)
            for view in page.views:
                page.open_view(view.name)
                self.application.processEvents()
        self.quiet()
        for name in ("attention", "embeddings", "lenses"):
            page = self.page(name)
            scrubbing = next((view.name for view in page.views if view.scrubs), page.views[0].name)
            page.open_view(scrubbing)
            self.quiet()
            steps, began, spent = film.steps, time.perf_counter(), time.thread_time()
            for step in steps:
                film.go(step)
                self.until(lambda step=step: film.step == step)  # type: ignore[misc]
                self.application.processEvents()
            rate, each = len(steps) / (time.perf_counter() - began), 1000 * (time.thread_time() - spent) / len(steps)
            film.go(None)
            yield row(f"scrubbing, all pages open, on {name}", rate, "snapshots/s", SCRUBS, False,
                      f"{len(steps)} snapshots, view “{scrubbing}”; processor {each:.0f} ms each")  # fmt: skip

    def sweep(self) -> Iterator[dict[str, Any]]:
        """A sweep over all heads: when it first tells how far it is, and how soon it ends when it is called off."""
        from studio.insight.ablation import all_heads

        scene = self.session.looking.scene
        heads, ended = all_heads(scene.model), list[float]()
        told: list[tuple[float, Any]] = []
        began = time.perf_counter()
        target, ids = "studio.insight.ablation:sweep", scene.capture.ids
        job = self.session.looking.ask(target, scene.model, ids, heads, lane="bench sweep")
        job.items.connect(lambda items: told.extend((time.perf_counter() - began, item) for item in items))
        job.ended.connect(lambda: ended.append(time.perf_counter()))
        self.until(lambda: len(told) >= len(heads) // 4)
        each = (told[-1][0] - told[0][0]) / max(1, len(told) - 1)
        asked = time.perf_counter()
        job.cancel()
        self.until(lambda: bool(ended))
        words = f"{told[-1][1].done} of {told[-1][1].total} heads were told, {each * len(heads):.1f} s for all"
        yield row(f"sweep of {len(heads)} heads: first progress", told[0][0], "s", FIRST, note=words)
        yield row(f"sweep of {len(heads)} heads: ends when called off", ended[0] - asked, "s", STOPS)

    def leave(self) -> None:
        """Close as a person does."""
        self.window.way_out.leave()
        self.until(lambda: not self.window.isVisible())


BENCH = Bench("views", "maps of heads and tokens: opening, hovering, panning, scrubbing, a sweep", run, add_options)
