"""The three pages about the inside with a really trained model: every view draws, explains, exports, and survives."""

import io
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage

from studio.core.shelf import resolve
from studio.live.looking import Subject
from studio.panels import PANELS
from studio.panels.attention import AttentionPanel
from studio.panels.embeddings import EmbeddingsPanel
from studio.panels.lenses import LensesPanel
from studio.seeing.export import npz_bytes, picture_of
from studio.seeing.scene_page import ScenePage
from tests.lenses.trained import STEPS, Stage
from tests.lenses.trained import project as project
from tests.lenses.trained import stage as stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]
PAGES: dict[str, type[ScenePage]] = {page.name: page for page in (AttentionPanel, EmbeddingsPanel, LensesPanel)}
VIEWS = [(name, view.name) for name, page in PAGES.items() for view in page.views]
ON_A_WISH = {"ablation", "landscape"}  # they compute when somebody asks for it
SIZE = (1_105, 728)


def opened(stage: Stage, name: str, view: str = "") -> Any:
    """The page as the window shows it, with one of its views drawn."""
    page = stage.show(PAGES[name], SIZE)
    page.refresh()
    stage.until(lambda: stage.looking.scene is not None and not stage.looking.busy)
    if view:
        page.open_view(view)
    stage.settle()
    return page


def test_the_pages_stand_in_the_rail_under_one_heading_with_their_icons(look: Any) -> None:
    entries = [entry for entry in PANELS if entry.group == "Inside"]
    assert [entry.name for entry in entries] == list(PAGES)
    for entry in entries:
        assert PAGES[entry.name].heading == entry.label
        assert not look.icon(entry.name).isNull()


@pytest.mark.parametrize("name", PAGES)
def test_the_views_of_a_page_have_names_of_their_own(name: str) -> None:
    views = PAGES[name].views
    assert views
    assert len({view.name for view in views}) == len({view.label for view in views}) == len(views)
    assert all(view.name.isidentifier() and view.label for view in views)


@pytest.mark.parametrize(("name", "view"), VIEWS)
def test_a_view_draws_explains_and_gives_out_its_numbers(name: str, view: str, stage: Stage) -> None:
    page = opened(stage, name, view)
    if page.view.needs_two:
        assert page.empty.button.isVisible()
        page.empty.button.click()
        stage.until(lambda: stage.looking.other is not None)
        stage.settle()
    assert page.stack.currentWidget() is page.view, page.empty.why.text()
    stage.session.selection.lock(layer=1, head=1, row=5, column=2, token=3)
    stage.settle()
    assert len(page.view.explanation()) > 20
    assert stage.looking.scene.checksum[:8] in page.footing.source.text()
    numbers = page.view.numbers()
    assert numbers or view in ON_A_WISH
    back = np.load(io.BytesIO(npz_bytes(numbers)))
    assert all(back[key].tobytes() == np.asarray(array).tobytes() for key, array in numbers.items())
    picture = QImage.fromData(picture_of(page.view, "png"))
    assert len({picture.pixelColor(x, y).name() for x in range(0, picture.width(), 7)
                for y in range(0, picture.height(), 7)}) > 2  # fmt: skip
    stage.session.selection.free()
    assert not page.banner.isVisible()


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_every_view_takes_one_token_a_long_text_and_another_checkpoint(name: str, stage: Stage) -> None:
    page = opened(stage, name)
    for view in PAGES[name].views:
        page.open_view(view.name)
        stage.session.selection.lock(row=20, column=20, layer=1, head=1)
        for text in ("M", "Mira went to the harbour and looked at the ships. The old ferry was late."):
            stage.looking.read(text)
            stage.settle()
            assert stage.looking.scene.prompt == text
        stage.look_at(3)
        stage.look_at(STEPS)
        stage.settle()


@pytest.fixture
def broken(stage: Stage, tmp_path: Path) -> Subject:
    """A checkpoint whose weights a failed run could have left: one of them is no number."""
    folder = tmp_path / "broken" / "checkpoints" / "step-000012"
    shutil.copytree(stage.subject().folder, folder)
    resolve("tests.engine.test_scene:damage")(folder)
    return Subject(folder, "broken · step 12", "broken", 12)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.slow
def test_every_view_survives_weights_that_are_no_numbers(name: str, stage: Stage, broken: Subject) -> None:
    page = stage.show(PAGES[name], SIZE)
    stage.looking.look_at(broken)
    stage.until(lambda: stage.looking.scene is not None and not stage.looking.busy)
    assert math.isnan(stage.looking.scene.error)
    for view in PAGES[name].views:
        page.open_view(view.name)
        stage.settle()
        assert "no numbers" in page.footing.source.text()


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_every_view_shows_both_models_and_nothing_of_a_model_minus_itself(name: str, stage: Stage) -> None:
    page = opened(stage, name)
    stage.looking.compare_with(stage.looking.subject)
    stage.until(lambda: stage.looking.other is not None)
    for view in PAGES[name].views:
        page.open_view(view.name)
        stage.settle()
        for key, array in page.view.numbers().items():
            if "difference" in key and np.asarray(array).dtype.kind == "f":
                assert not np.nan_to_num(array).any(), f"{view.name}: {key}"
    stage.looking.compare_with(stage.subject(3))
    stage.until(lambda: not stage.looking.busy)
    for mode in ("B", "A", "difference"):
        stage.looking.set_mode(mode)
        stage.settle()
