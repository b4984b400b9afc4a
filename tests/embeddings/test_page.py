"""The Embeddings page from its first look to its last view."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from studio.panels.embeddings import EmbeddingsPanel
from studio.seeing.export import csv_text
from tests.lenses.trained import Stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def page(stage: Stage) -> Iterator[EmbeddingsPanel]:
    made = EmbeddingsPanel(stage.session, stage.look)
    stage.bot.addWidget(made)
    made.resize(1_080, 720)
    with stage.bot.waitExposed(made):
        made.show()
    made.refresh()
    stage.until(lambda: stage.looking.scene is not None)
    stage.settle()
    yield made
    stage.settle()


def test_the_page_finds_the_run_and_shows_its_tokens(page: EmbeddingsPanel, stage: Stage) -> None:
    view: Any = page.view
    assert view.name == "map"
    assert view.atlas.complete
    assert page.export.isEnabled()
    assert "near means used alike" in page.footing.words.text()


@pytest.mark.parametrize("name", ["map", "trajectories", "positions"])
def test_every_view_opens_and_gives_out_its_numbers(page: EmbeddingsPanel, stage: Stage, name: str) -> None:
    page.open_view(name)
    stage.settle()
    view: Any = page.view
    assert view.name == name
    assert page.stack.currentWidget() is view
    numbers = view.numbers()
    assert numbers
    assert all(isinstance(array, np.ndarray) for array in numbers.values())
    assert view.explanation()
    assert not view.drawing().grab().isNull()


def test_one_selection_goes_through_all_views_and_escape_frees_it(page: EmbeddingsPanel, stage: Stage) -> None:
    stage.session.selection.lock(token=4)
    stage.settle()
    page.open_view("trajectories")
    stage.settle()
    view: Any = page.view
    assert view.map.locked == 4
    assert not page.footing.free.isHidden()
    QTest.keyClick(page, Qt.Key.Key_Escape)
    assert view.map.locked == -1
    page.open_view("map")
    assert page.view.map.locked == -1  # type: ignore[union-attr]


def test_the_numbers_make_a_table(page: EmbeddingsPanel, stage: Stage) -> None:
    view: Any = page.view
    text = csv_text(view.numbers())
    assert "points" in text
