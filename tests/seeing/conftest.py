"""A page about the inside without torch: scenes made of numbers that a test can foresee, and two small views."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication

from studio.core.errors import StudioError
from studio.live import looking
from studio.seeing.scene_page import ScenePage
from studio.seeing.view import EVERYTHING, SceneView
from tests.library.conftest import add_model as add_model
from tests.library.conftest import save as save
from tests.panels.conftest import look as look
from tests.panels.conftest import on_screen as on_screen
from tests.panels.conftest import session as session
from tests.scripted_run import small_run

CONTEXT = 16


@dataclass(frozen=True)
class Window:
    """As `insight.reading.Window`, which would bring torch."""

    start: int
    end: int
    total: int

    @property
    def whole(self) -> bool:
        return self.end - self.start == self.total

    def sentence(self) -> str:
        return "" if self.whole else f"Shown: tokens {self.start + 1} to {self.end} of {self.total}."


@dataclass
class Models:
    """Stands where `studio.engine.scene:see` stands: one token is one letter, weights follow from the folder's name."""

    broken: dict[str, StudioError] = field(default_factory=dict)
    unlike: dict[str, StudioError] = field(default_factory=dict)
    exact: bool = True
    calls: list[tuple[str, str]] = field(default_factory=list)

    def see(self, first: Any, second: Any = None, prompt: str = "", start: int = 0) -> Any:
        scene = self._scene(first, prompt, start)
        self.calls.append((scene.folder.name, scene.prompt))
        other, refusal = None, None
        if second is not None:
            folder = second if isinstance(second, Path) else second.folder
            refusal = self.unlike.get(folder.name)
            if refusal is None:
                other = scene if folder == scene.folder else self._scene(second, scene.prompt, start)
        return SimpleNamespace(scene=scene, other=other, refusal=refusal)

    def _scene(self, wanted: Any, prompt: str, start: int) -> Any:
        folder = wanted if isinstance(wanted, Path) else wanted.folder
        if (error := self.broken.get(folder.name)) is not None:
            raise error
        prompt = prompt or "Mira went"
        longest = min(CONTEXT, len(prompt))
        start = max(0, len(prompt) - longest) if start < 0 else start
        window = Window(start, min(len(prompt), start + longest), len(prompt))
        tokens = tuple(prompt[window.start : window.end])
        random = np.random.default_rng(sum(folder.name.encode()))
        step = int(folder.name.removeprefix("step-")) if folder.name.startswith("step-") else 0
        run = folder.parent.parent.name
        return SimpleNamespace(
            folder=folder, title=f"{run} · step {step:,}" if step else folder.name, step=step, prompt=prompt,
            tokens=tokens, time=len(tokens), layers=2, heads=4, precision="fp32", checksum="3f2a91c0" * 8,
            error=1.8e-6 if self.exact else 0.2, exact=self.exact,
            config=SimpleNamespace(model=SimpleNamespace(vocab_size=100, outputs=0)),
            capture=SimpleNamespace(
                window=window, attention=random.random((2, 4, len(tokens), len(tokens)), np.float32)
            ),
        )  # fmt: skip


class MapView(SceneView):
    """Draws one head as squares, and remembers what it was told."""

    name, label, vector, compares = "map", "Map", True, True

    def __init__(self, session: Any, look: Any) -> None:
        super().__init__(session, look)
        self.told_what: list[frozenset[str]] = []
        self.drawn: dict[str, int | None] = {}

    def refresh(self, what: frozenset[str] = EVERYTHING) -> None:
        self.told_what.append(what)
        self.drawn = {name: self.selection.value(name) for name in ("row", "column", "layer", "head")}
        self.update()

    def explanation(self) -> str:
        return f"Row {self.drawn['row']} looks at {self.drawn['column']}."

    def numbers(self) -> dict[str, Any]:
        scene, other = self.looking.shown
        if scene is None:
            return {}
        weights = scene.capture.attention
        return {"attention": weights if other is None else weights - other.capture.attention}

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        weights = self.numbers().get("attention", np.zeros((1, 1, 0, 0)))
        for row, values in enumerate(weights[0, 0]):
            for column, value in enumerate(values):
                painter.setOpacity(float(np.clip(value, 0, 1)))
                painter.fillRect(8 * column, 8 * row, 8, 8, self.look.color("accent"))
        painter.end()


class RareView(MapView):
    """Only some models have what it draws."""

    name, label, vector = "rare", "Rare view", False

    def missing(self) -> str:
        scene = self.looking.shown[0]
        return "This model has no such part." if scene is not None and scene.folder.name == "plain" else ""


class PairView(MapView):
    """Nothing to see of one model."""

    name, label, needs_two = "pair", "Pair", True

    def missing(self) -> str:
        return "" if self.looking.other is not None else "Choose a second model."


class PairPage(ScenePage):
    """A page that only compares."""

    name, heading, about, views = "lenses", "Lenses", "Two models.", (PairView,)


class InsidePage(ScenePage):
    """Two views under one heading."""

    name, heading, about, idea_words = "attention", "Attention", "Where the heads look.", "An idea."
    views = (MapView, RareView)


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> Models:
    found = Models()
    monkeypatch.setattr(looking, "SEE", found.see)
    return found


@pytest.fixture
def tale(scripted_run: Any, session: Any, models: Models, save: Any) -> Any:
    """A finished run with three checkpoints, the middle one the best."""
    run = scripted_run.play(small_run(30), "tale")
    for step, loss in ((10, 3.0), (20, 2.0), (30, 2.5)):
        save(run.record, step, loss)
    return run


@pytest.fixture
def plain(session: Any, models: Models, add_model: Any) -> Path:
    """An imported model."""
    folder: Path = add_model(session.project.path, "plain")
    return folder


@pytest.fixture
def open_page(session: Any, look: Any, on_screen: Any, scripted_run: Any) -> Iterator[Callable[..., Any]]:
    """Makes a page and shows it, as the window does."""

    def make(kind: type[ScenePage] = InsidePage, settled: bool = True) -> ScenePage:
        page = kind(session, look)

        session.changed.connect(page.refresh)
        on_screen(page)
        page.refresh()
        QApplication.processEvents()
        if settled:
            scripted_run.settle()
        return page

    yield make
    scripted_run.settle()


@pytest.fixture
def page(tale: Any, open_page: Any, scripted_run: Any, session: Any) -> Any:
    made = open_page()
    scripted_run.until(lambda: session.looking.scene is not None)
    return made
