"""The Embeddings map on a real little run: every token at once, true neighbours, and everything that can be picked."""

import csv
import io
import sys
import time
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from studio.embeddings.map_view import MapView
from studio.insight import embeddings
from tests.lenses.trained import STEPS, Stage, hover

pytestmark = [pytest.mark.gui, pytest.mark.torch]


def shown_on(stage: Stage) -> MapView:
    stage.look_at()
    view: MapView = stage.show(MapView)
    stage.until(lambda: view.atlas.complete)
    stage.settle()
    return view


@pytest.fixture
def view(stage: Stage) -> MapView:
    return shown_on(stage)


def place(view: MapView, index: int) -> QPoint:
    at = view.map.picture.at(index)
    assert at is not None
    return QPoint(round(at[0]), round(at[1]))


def tokens_of(stage: Stage) -> Any:
    return stage.looking.scene.model.embed_tokens.weight.detach().numpy()


def choose(view: MapView, control: Any, value: str) -> None:
    control.set_value(value)
    control.changed.emit(value)


def test_all_tokens_are_on_the_map_at_their_components(view: MapView, stage: Stage) -> None:
    table = tokens_of(stage)
    basis = embeddings.principal(table, 3)
    np.testing.assert_allclose(view.map.picture.points, basis.project(table)[:, :2], atol=1e-5)
    assert len(view.map.picture) == len(table)
    assert view.card.title.text() == f"{len(table)} tokens"
    held = f"{100 * basis.share[:2].sum():.0f}"
    assert held in view.card.note.text()
    assert "nearest ten kept" in view.card.note.text()
    assert "tied" in view.tools.tied.text()
    np.testing.assert_array_equal(view.numbers()["points"][:, :2], view.map.picture.points)


def test_space_is_another_look_at_the_same_components(view: MapView, stage: Stage) -> None:
    before = view.atlas.map
    choose(view, view.tools.dimensions, "3")
    assert view.atlas.map is before
    assert view.map.picture.points.shape[1] == 3
    assert view.map.picture.camera.solid
    assert "3 components" in view.card.note.text()


def test_hover_previews_click_locks_and_true_neighbours_are_listed(view: MapView, stage: Stage) -> None:
    hover(stage.bot, view.map, place(view, 5))
    pointed = stage.session.selection.value("token")
    assert pointed == view.map.pointed >= 0
    assert stage.session.selection.locked("token") is None
    QTest.mouseClick(view.map, Qt.MouseButton.LeftButton, pos=place(view, 5))
    locked = stage.session.selection.locked("token")
    assert locked is not None
    stage.settle()
    wanted = embeddings.neighbours(tokens_of(stage), locked, 10)
    assert [row[0] for row in view.token.list.rows] == list(wanted.ids)
    assert [row[2] for row in view.token.list.rows] == [f"{value:.3f}" for value in wanted.closeness]
    assert view.map.locked == locked
    assert view.map.linked == wanted.ids
    choose(view, view.token.measure, "euclidean")
    stage.settle()
    wanted = embeddings.neighbours(tokens_of(stage), locked, 10, "euclidean")
    assert [row[0] for row in view.token.list.rows] == list(wanted.ids)
    stage.session.selection.free()
    assert (view.map.locked, view.map.linked, view.token.list.isVisible()) == (-1, (), False)


def test_a_neighbour_in_the_list_can_be_pointed_at_and_chosen(view: MapView, stage: Stage) -> None:
    stage.session.selection.lock(token=3)
    stage.settle()
    wanted = view.token.list.rows[1][0]
    view.token.list.setFocus()
    for _ in range(2):
        QTest.keyClick(view.token.list, Qt.Key.Key_Down)
    assert view.map.pointed == wanted
    QTest.keyClick(view.token.list, Qt.Key.Key_Return)
    assert stage.session.selection.locked("token") == wanted


def test_another_view_that_points_at_a_token_rings_it_here(view: MapView, stage: Stage) -> None:
    stage.session.selection.hover(token=7)
    assert view.map.pointed == 7
    assert view.points.label(7) in view.explanation()
    stage.session.selection.hover(token=9_999)
    assert view.map.pointed == -1
    stage.session.selection.leave()
    assert view.map.pointed == -1


@pytest.mark.parametrize("choice", ["frequency", "class", "script", "length", "norm", "movement"])
def test_every_colouring_shows_its_own_numbers(view: MapView, stage: Stage, choice: str) -> None:
    choose(view, view.color, choice)
    stage.settle()
    shading, words = view.shading, view.atlas.words.vocabulary
    assert shading is not None
    assert shading.name == choice
    assert words is not None
    table = view.atlas.table
    wanted: dict[str, Any] = {"class": words.kinds, "script": words.scripts, "length": words.lengths,
                              "norm": table.lengths}  # fmt: skip
    if choice in wanted:
        given = shading.classes if shading.classes is not None else shading.values
        np.testing.assert_array_equal(given, wanted[choice])
    np.testing.assert_array_equal(view.map.picture.colors, shading.colors(stage.look))


def test_frequency_is_counted_in_the_runs_own_training_text(view: MapView, stage: Stage) -> None:
    known = view.atlas.words.frequency
    assert known is not None
    assert known.counts is not None
    project = stage.session.project
    assert project is not None
    text = project.texts()[0]
    start = text.path.read_bytes().decode("utf-8")[: int(0.9 * text.characters)]
    tokenizer = stage.looking.scene.tokenizer
    assert known.counts[tokenizer.encode("e")[0]] == start.count("e")
    assert known.text == "harbour"


def test_movement_is_since_the_first_checkpoint(view: MapView, stage: Stage) -> None:
    choose(view, view.color, "movement")
    stage.settle()
    assert view.atlas.movement.since == "step 3"
    assert view.shading is not None
    assert view.shading.values is not None
    assert (view.shading.values > 0).all()
    stage.look_at(3)
    stage.settle()
    assert view.atlas.movement.distances is None
    assert view.legend.note.text() == "There is no earlier checkpoint to compare with."


def test_the_search_lights_up_what_it_finds_and_enter_locks_the_first(view: MapView, stage: Stage) -> None:
    QTest.keyClicks(view.token.search, "e")
    found = view.map.picture.lit
    assert found is not None
    assert view.points.label(int(found[0])) == "e"
    assert view.token.found.text() == f"{len(found)} found"
    assert view.picked.title.text() == "Selection"
    assert view.picked.table.rows()[0].id == found[0]
    QTest.keyClick(view.token.search, Qt.Key.Key_Return)
    assert stage.session.selection.locked("token") == int(found[0])
    view.token.search.clear()
    assert view.map.picture.lit is None
    assert view.picked.title.text() == "Tokens"
    counts = view.atlas.words.frequency.counts
    assert [row.times for row in view.picked.table.rows()] == sorted(counts.tolist(), reverse=True)
    QTest.keyClicks(view.token.search, "#7")
    assert view.map.picture.lit is not None
    assert view.map.picture.lit[0] == 7


def test_a_regular_expression_lights_up_what_it_finds(view: MapView, stage: Stage) -> None:
    view.token.pattern.setChecked(True)
    QTest.keyClicks(view.token.search, "^[aeiou]$")
    stage.settle()
    found = [view.points.label(int(token)) for token in view.picking.ids]
    assert sorted(found) == [letter for letter in "aeiou" if letter in found]
    assert len(found) > 2
    assert view.token.found.text() == f"{len(found)} found"
    view.token.search.setText("[")
    stage.settle()
    assert "does not work" in view.token.found.text()
    assert len(view.picking.ids) == 0
    view.token.search.clear()
    assert view.picking.ids is None
    view.token.search.setText("e")
    view.token.pattern.setChecked(False)
    assert view.points.label(int(view.picking.ids[0])) == "e"


def test_what_is_drawn_around_becomes_a_table_and_a_file(view: MapView, stage: Stage, tmp_path: Any) -> None:
    view.map.lassoed.emit(np.array([2, 5, 6]))
    rows = view.picked.table.rows()
    assert [row.id for row in rows] == [2, 5, 6]
    view.picked.write(str(tmp_path / "tokens.csv"))
    lines = list(csv.DictReader(io.StringIO((tmp_path / "tokens.csv").read_text("utf-8"))))
    assert [line["id"] for line in lines] == ["2", "5", "6"]
    assert lines[0]["token"] == view.points.label(2)
    assert float(lines[1]["norm"]) == view.atlas.table.lengths[5]
    assert [float(lines[2][axis]) for axis in "xyz"] == view.atlas.map.points[6].tolist()
    view.picked.table.select(rows[1])
    assert stage.session.selection.locked("token") == 5
    view.picked.free.click()
    assert not view.picked.save.isVisible()


def test_a_class_in_the_legend_can_be_picked_out(view: MapView, stage: Stage) -> None:
    choose(view, view.color, "class")
    chip = view.legend.chips[0]
    chip.click()
    words = view.atlas.words.vocabulary
    assert words is not None
    assert view.map.picture.lit is not None
    kinds = set(words.kinds[view.map.picture.lit].tolist())
    assert len(kinds) == 1
    assert str(len(view.map.picture.lit)) in chip.text()
    chip.click()
    assert view.map.picture.lit is None


def test_states_are_the_places_of_the_text_at_any_layer(view: MapView, stage: Stage) -> None:
    choose(view, view.tools.source, "states")
    stage.until(lambda: view.atlas.complete)
    scene = stage.looking.scene
    assert view.tools.layer.value() == 2
    wanted = embeddings.principal(embeddings.states(scene.capture, 2), 3).project(scene.capture.residual[2])
    np.testing.assert_allclose(view.map.picture.points, wanted[:, :2], atol=1e-4)
    assert view.field == "row"
    stage.session.selection.hover(row=4)
    assert view.map.pointed == 4
    assert view.points.label(4).endswith("@4")
    view.tools.layer.set_value(0)
    view.tools.layer.changed.emit()
    stage.until(lambda: view.atlas.complete)
    wanted = embeddings.principal(scene.capture.embedding, 3).project(scene.capture.embedding)
    np.testing.assert_allclose(view.map.picture.points, wanted[:, :2], atol=1e-4)


class Solver:
    """Stands where scikit-learn's t-SNE stands, which `tests/insight` lets compute: importing it takes seconds."""

    def __init__(self, dimensions: int, **wish: Any) -> None:
        self.dimensions, self.wish = dimensions, wish

    def fit_transform(self, vectors: Any) -> Any:
        for _ in range(50):
            assert not self.wish["verbose"] >= 2  # where it asks whether to go on
            time.sleep(0.002)
        return vectors[:, : self.dimensions] + self.wish["init"]


def test_tsne_comes_in_the_background_and_can_be_called_off(view: MapView, stage: Stage, monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", ModuleType("sklearn"))
    monkeypatch.setitem(sys.modules, "sklearn.manifold", SimpleNamespace(TSNE=Solver))
    choose(view, view.tools.method, "tsne")
    assert view.stop.isVisible()
    assert view.stop.text() == "Cancel"
    view.stop.click()
    stage.settle()
    assert not view.atlas.complete
    assert view.stop.text() == "Compute again"
    view.stop.click()
    stage.until(lambda: view.atlas.complete)
    stage.settle()
    assert view.atlas.map.wish.method == "tsne"
    assert not view.stop.isVisible()
    assert view.map.axes == ()
    np.testing.assert_array_equal(view.map.picture.points, view.atlas.map.points)
    choose(view, view.tools.method, "pca")
    choose(view, view.tools.method, "tsne")
    assert view.atlas.complete  # remembered


def test_tsne_on_three_points_is_a_sentence(view: MapView, stage: Stage) -> None:
    stage.looking.read("Mir")
    stage.until(lambda: stage.looking.scene.prompt == "Mir")
    choose(view, view.tools.source, "states")
    choose(view, view.tools.method, "tsne")
    stage.settle()
    assert "there are 3" in view.banner.message.text()
    choose(view, view.tools.method, "pca")
    stage.settle()
    assert not view.banner.isVisible()
    assert len(view.map.picture) == 3


def test_two_models_are_coloured_by_how_far_their_tokens_are_apart(view: MapView, stage: Stage) -> None:
    stage.looking.compare_with(stage.subject(STEPS, "run1"))
    stage.until(lambda: stage.looking.other is not None)
    choose(view, view.color, "movement")
    stage.settle()
    one, other = stage.looking.scene.model, stage.looking.other.model
    wanted = np.linalg.norm((one.embed_tokens.weight - other.embed_tokens.weight).detach().numpy(), axis=1)
    np.testing.assert_allclose(view.atlas.movement.distances, wanted, rtol=1e-4)


def test_the_theme_recolours_the_points_and_forgetting_frees_them(view: MapView, stage: Stage) -> None:
    choose(view, view.color, "class")
    before = view.map.picture.colors.copy()
    stage.look.set_theme("light")
    assert not np.array_equal(before, view.map.picture.colors)
    stage.looking.forget()
    assert view.atlas.table is None
    assert view.explanation() == ""
    assert view.numbers() == {}
    assert not view.grab().isNull()
