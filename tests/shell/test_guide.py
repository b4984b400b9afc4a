"""Whoever leads through the window: presses what a person would press, and says what went wrong."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio.core.config import DataConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.events import RunEnded
from studio.seeing.view import SceneView
from studio.shell import camera
from studio.shell.camera import THEMES, Camera
from studio.shell.guide import SIZES, Guide
from tests.scripted_run import small_run

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "_REST", 0.02)


@pytest.fixture
def guide(window: Any, tmp_path: Path) -> Guide:
    said: list[str] = []
    guide = Guide(window, Camera(window, tmp_path / "pictures"), said.append)
    guide.said = said  # type: ignore[attr-defined]
    return guide


class Starter:
    """A page with a button that starts a run, or does not."""

    def __init__(self, start: Any) -> None:
        words = SimpleNamespace(text=lambda: "No text is chosen.")
        self.banner = SimpleNamespace(message=words, hint=SimpleNamespace(text=lambda: "Choose one."))
        self.primary = SimpleNamespace(isEnabled=lambda: True, click=start)


def test_a_page_is_opened_by_its_name_and_drawn_in_both_themes(guide: Guide) -> None:
    assert guide.page("settings") is guide.window.pages.panels["settings"]
    guide.shoot_small("settings", "settings")
    width, height = SIZES[0]
    assert [path.name for path in guide.camera.pictures] == [f"settings-{name}-{width}x{height}.png" for name in THEMES]
    assert guide.said == ["  settings"]  # type: ignore[attr-defined]


def test_further_views_are_those_that_the_class_of_a_page_names(guide: Guide, monkeypatch: pytest.MonkeyPatch) -> None:
    class Several:
        views = (SimpleNamespace(name="first"), SimpleNamespace(name="second"))

        def __init__(self) -> None:
            self.opened: list[str] = []
            self.open_view = self.opened.append

    class Built:
        def __init__(self) -> None:
            self.views = {"number_learns": "a widget"}

    shot: list[str] = []
    pages = {"several": Several(), "built": Built()}
    monkeypatch.setattr(guide, "page", pages.__getitem__)
    monkeypatch.setattr(guide, "shoot_small", lambda page, name: shot.append(name))
    guide.shoot_views("several")
    guide.shoot_views("built")
    assert shot == ["several-second"]
    assert pages["several"].opened == ["second", "first"]


@pytest.mark.parametrize("lacks", ["", "A model is missing."])
def test_what_waits_for_a_button_is_measured_before_its_picture(
    guide: Guide, monkeypatch: pytest.MonkeyPatch, lacks: str
) -> None:
    class Waiting(SceneView):
        measured = False

        def start_measuring(self) -> None:
            self.measured = True

        def missing(self) -> str:
            return lacks

    class Page:
        views = (SimpleNamespace(name="first"), SimpleNamespace(name="waiting"))
        view = Waiting(guide.session, guide.window.look)

        def open_view(self, name: str) -> None: ...

    before: list[bool] = []
    monkeypatch.setattr(guide, "page", lambda name: Page())
    monkeypatch.setattr(guide, "shoot_small", lambda page, name: before.append(Page.view.measured))
    guide.shoot_views("inside")
    assert before == [not lacks]


def test_a_run_is_begun_by_the_button_of_a_page_and_followed_to_its_end(guide: Guide, scripted_run: Any) -> None:
    scripted_run.engine.script = small_run(3)
    run = guide.begin(Starter(lambda: scripted_run.session.start_run(RunConfig(data=DataConfig(text="story")))))
    guide.finished(run)
    assert run.state == "finished"


def test_a_run_that_fails_ends_the_tour_with_its_name_and_its_words(guide: Guide, scripted_run: Any) -> None:
    scripted_run.engine.script = [*small_run(3)[:3], RunEnded(reason="failed", step=2, message="The disk is gone.")]
    run = guide.begin(Starter(lambda: scripted_run.session.start_run(RunConfig(data=DataConfig(text="story")))))
    with pytest.raises(StudioError, match=f"{run.name}.*The disk is gone"):
        guide.finished(run)


def test_a_button_that_starts_nothing_is_told_with_the_banner_of_its_page(guide: Guide) -> None:
    with pytest.raises(StudioError, match="No text is chosen") as told:
        guide.begin(Starter(lambda: None))
    assert told.value.hint == "Choose one."
