"""Learned positions show their table, turned ones their angles, and no family an empty panel."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from studio.embeddings.learned_places import LearnedPlaces
from studio.embeddings.positions_view import PositionsView
from studio.embeddings.turned_places import TurnedPlaces
from studio.insight import embeddings
from tests.families.conftest import shaken, tiny
from tests.lenses.trained import Stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def learned(stage: Stage) -> PositionsView:
    stage.look_at()
    view: PositionsView = stage.show(PositionsView)
    stage.until(lambda: view.found is not None)
    return view


@pytest.fixture
def turned(stage: Stage) -> Iterator[PositionsView]:
    """The same scene with a network that turns its queries."""
    scene = stage.look_at()
    stage.looking.scene = dataclasses.replace(scene, model=shaken(tiny("llama 3.1")))
    view: PositionsView = stage.show(PositionsView)
    stage.until(lambda: view.found is not None)
    yield view
    stage.looking.scene = scene


def test_the_matrix_holds_the_cosines_of_the_models_own_table(learned: PositionsView, stage: Stage) -> None:
    table = stage.looking.scene.model.embed_positions.weight.detach().numpy().astype(np.float64)
    length = np.linalg.norm(table, axis=1)
    wanted = table @ table.T / np.outer(length, length)
    shown = learned.learned.heat.values
    assert isinstance(learned.stack.currentWidget(), LearnedPlaces)
    assert np.abs(shown - wanted).max() <= 1e-6
    assert np.array_equal(shown, shown.T)
    assert np.abs(np.diag(shown) - 1).max() <= 1e-6
    assert np.abs(shown).max() <= 1
    np.testing.assert_allclose(learned.learned.strip.values, length, rtol=1e-6)
    basis = embeddings.principal(table.astype(np.float32), 2)
    np.testing.assert_allclose(learned.learned.map.picture.points, basis.project(table.astype(np.float32)), atol=1e-5)
    assert set(learned.numbers()) == {"cosines", "lengths", "points", "share"}


def test_one_place_is_pointed_at_in_all_three_pictures(learned: PositionsView, stage: Stage) -> None:
    part = learned.learned
    part.heat.hovered.emit(3, 9)
    assert (part.strip.pointed_at, part.map.pointed) == (3, 3)
    assert (stage.session.selection.value("row"), stage.session.selection.value("column")) == (3, 9)
    assert "cos(p3, p9)" in learned.explanation()
    assert f"{part.heat.values[3, 9]:.4f}".replace("-", "−") in learned.explanation()
    part.strip.hovered.emit(7)
    assert part.map.pointed == 7
    assert stage.session.selection.value("row") == 7
    part.map.clicked.emit(5)
    assert stage.session.selection.locked("row") == 5
    stage.session.selection.hover(row=2, column=1)
    assert part.strip.pointed_at == 2
    part.heat.hovered.emit(-1, -1)
    assert stage.session.selection.value("row") == 5


def test_places_beyond_the_text_are_shown_here_and_nowhere_else(learned: PositionsView, stage: Stage) -> None:
    beyond = stage.looking.scene.time
    assert beyond < 32
    learned.learned.heat.hovered.emit(beyond, 0)
    assert stage.session.selection.value("row") is None
    assert f"p{beyond}" in learned.explanation()


def test_a_model_that_turns_shows_its_angles(turned: PositionsView, stage: Stage) -> None:
    part = turned.turned
    assert isinstance(turned.stack.currentWidget(), TurnedPlaces)
    wanted: Any = embeddings.positions(stage.looking.scene.model)
    distances = np.arange(len(wanted.by_distance))
    np.testing.assert_allclose(part.heat.values, np.cos(np.outer(wanted.radians, distances)), atol=1e-6)
    np.testing.assert_allclose(part.score.values, wanted.by_distance)
    np.testing.assert_allclose(part.turns.values, 2 * np.pi / np.abs(wanted.radians))
    np.testing.assert_allclose(part.heat.values.mean(axis=0), wanted.by_distance, atol=1e-5)
    assert part.score.values[0] == pytest.approx(1.0)
    assert "learns no positions" in turned.explanation()
    assert not turned.grab().isNull()


def test_angles_and_distances_are_explained_by_their_numbers(turned: PositionsView) -> None:
    part = turned.turned
    part.heat.hovered.emit(1, 20)
    assert (part.score.pointed_at, part.turns.pointed_at) == (20, 1)
    assert "Pair 1" in turned.explanation()
    part.score.hovered.emit(4)
    assert "4 tokens apart" in turned.explanation()
    part.turns.hovered.emit(0)
    part.turns.hovered.emit(-1)
    assert "learns no positions" in turned.explanation()


def test_another_text_of_the_same_model_asks_nothing_again(learned: PositionsView, stage: Stage) -> None:
    before = learned.found
    stage.looking.read("The ferry was late")
    stage.until(lambda: stage.looking.scene.prompt == "The ferry was late" and not stage.looking.busy)
    stage.settle()
    assert learned.found is before


def test_what_cannot_be_read_is_a_sentence(stage: Stage) -> None:
    scene = stage.look_at()
    stage.looking.scene = dataclasses.replace(scene, model=shaken(tiny("gpt2", context_length=1)))
    view: PositionsView = stage.show(PositionsView)
    stage.settle()
    assert view.found is None
    assert view.numbers() == {}
    assert view.empty.headline.text() == "There are fewer than two vectors to compare."
    stage.looking.scene = scene


def test_the_strip_answers_to_the_keyboard(learned: PositionsView, stage: Stage) -> None:
    strip = learned.learned.strip
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_Right)
    QTest.keyClick(strip, Qt.Key.Key_Right)
    QTest.keyClick(strip, Qt.Key.Key_Left)
    assert strip.pointed_at == 0
    QTest.keyClick(strip, Qt.Key.Key_Return)
    assert stage.session.selection.locked("row") == 0
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(strip.width() - 10, 40))
    assert strip.values.size == 32
    assert "–" in strip.accessibleDescription()
