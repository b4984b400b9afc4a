"""Positions of A less B on the page: three pictures of one difference, both operands told, refusals as sentences."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from studio.embeddings.positions_view import PositionsView
from studio.insight.two_places import positions_less
from studio.maps.colours import LESS, MORE, number_text
from tests.families.conftest import shaken, tiny
from tests.lenses.scenes import LETTERS, scene_of, show
from tests.lenses.trained import Stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]


def shown(stage: Stage, kind: str = "gpt2", **other: Any) -> PositionsView:
    """The view on two models that nobody trained; `other` is what B has of its own."""
    configs = tiny(kind, vocab_size=LETTERS.vocab_size), tiny(kind, vocab_size=LETTERS.vocab_size, **other)
    scenes = [scene_of(shaken(config, seed), config) for seed, config in enumerate(configs, 1)]
    show(stage, *scenes)
    view: PositionsView = stage.show(PositionsView)
    stage.until(lambda: view.found is not None or view.stack.currentWidget() is view.empty)
    stage.settle()
    return view


def test_matrix_norms_and_paths_are_a_less_b(stage: Stage) -> None:
    view = shown(stage)
    wanted: Any = positions_less(stage.looking.scene.model, stage.looking.other.model)
    part, size = view.learned, len(wanted.lengths)
    assert view.stack.currentWidget() is part
    np.testing.assert_array_equal(part.heat.values, wanted.cosines)
    assert part.heat.colouring.signed
    np.testing.assert_array_equal(part.strip.values, wanted.lengths)
    np.testing.assert_allclose(part.map.picture.points[:size], wanted.turned[:, :2], rtol=1e-6)
    np.testing.assert_allclose(part.map.picture.points[size:], wanted.b.points[:, :2], rtol=1e-6)
    assert len(part.map.trails) == 2
    orange, blue = (part.look.color(role).rgb() for role in (MORE, LESS))  # as on the matrix beside it
    assert part.map.picture.colors.tolist() == [orange] * size + [blue] * size
    assert "Procrustes" in part._path.note.text()
    numbers = view.numbers()
    np.testing.assert_array_equal(numbers["cosines"], numbers["cosines_a"] - numbers["cosines_b"])
    assert not view.grab().isNull()


def test_both_operands_are_told_wherever_one_points(stage: Stage) -> None:
    view = shown(stage)
    part, found = view.learned, view.found
    part.heat.hovered.emit(3, 5)
    a, b = (number_text(float(side.cosines[3, 5])) for side in (found.a, found.b))
    assert f"cos(p3, p5): A {a} − B {b} =" in view.explanation()
    assert stage.session.selection.value("row") == 3
    part.map.hovered.emit(len(found.lengths) + 4)  # B's point of place 4
    assert (part.strip.pointed_at, part.map.pointed) == (4, 4)
    assert part.map.linked == (len(found.lengths) + 4,)
    assert f"A {number_text(float(found.a.lengths[4]))} − B {number_text(float(found.b.lengths[4]))}" in (
        part.strip.words(4)
    )
    assert f"{number_text(float(found.apart[4]))} apart" in view.explanation()
    part.map.hovered.emit(-1)
    assert "orthogonal Procrustes" in view.explanation()


def test_angles_have_frequencies_and_scores(stage: Stage) -> None:
    view = shown(stage, "llama 3.1", rope_base=7.0)
    part, found = view.turned, view.found
    assert view.stack.currentWidget() is part
    np.testing.assert_allclose(part.turns.values, found.radians)
    np.testing.assert_allclose(part.heat.values.mean(axis=0), found.by_distance, atol=1e-5)
    part.heat.hovered.emit(1, 20)
    assert "Pair 1 at a distance of 20" in view.explanation()
    part.turns.hovered.emit(1)
    a, b = (number_text(float(side.radians[1])) for side in (found.a, found.b))
    assert f"A {a} − B {b}" in view.explanation()
    assert f"A {a} − B {b}" in part.turns.words(1)
    part.score.hovered.emit(7)
    assert "7 tokens apart score" in view.explanation()
    part.score.hovered.emit(-1)
    assert "Neither model learns positions" in view.explanation()
    assert not view.grab().isNull()
    stage.looking.set_mode("A")
    stage.settle()
    assert part.turns.name == "tokens for a whole turn"
    np.testing.assert_allclose(part.turns.values, 2 * np.pi / np.abs(found.a.radians))


def test_another_width_or_length_is_said_and_what_can_be_drawn_is(stage: Stage) -> None:
    usual = tiny("gpt2")
    view = shown(stage, emb_dim=2 * usual.emb_dim, context_length=usual.context_length - 2)
    assert f"Vectors of {usual.emb_dim} numbers in A and of {2 * usual.emb_dim} in B" in view.learned._path.note.text()
    assert "2 more have only one of the two" in view.learned._large.note.text()
    assert len(view.learned.map.picture.points) == 0
    assert view.learned.heat.values.shape == (usual.context_length - 2,) * 2
    view.learned.strip.hovered.emit(1)
    assert "apart" not in view.explanation()
    assert not view.grab().isNull()


def test_a_table_and_angles_are_refused_and_either_alone_is_drawn(stage: Stage) -> None:
    view = shown(stage)
    other = scene_of(shaken(tiny("llama 3.1", vocab_size=LETTERS.vocab_size)), stage.looking.scene.config.model)
    show(stage, dataclasses.replace(stage.looking.scene), other)
    assert view.stack.currentWidget() is view.empty
    assert "A learns a table of places, B turns" in view.empty.headline.text()
    assert view.numbers() == {}
    stage.looking.set_mode("B")
    stage.settle()
    assert view.stack.currentWidget() is view.turned


def test_a_model_less_itself_is_nothing(stage: Stage) -> None:
    view = shown(stage)
    show(stage, stage.looking.scene, stage.looking.scene)
    assert not view.numbers()["cosines"].any()
    assert not view.numbers()["lengths"].any()
    assert not view.numbers()["apart"].any()


def test_another_table_takes_nothing_over_of_the_former_difference(stage: Stage) -> None:
    view = shown(stage)
    part = view.learned
    part.heat.hovered.emit(3, -1)
    places = len(part.map.picture.points)
    assert part.map.linked
    part.show_places(np.eye(places), np.ones(places), np.ones((places, 2), np.float32), np.ones(2))
    assert (part.map.locked, part.map.linked) == (-1, ())
