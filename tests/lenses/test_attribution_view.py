"""The bars add up to the logit, the map holds every head, and a part says what it does to all tokens."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from studio.insight.attribution import Part, attribute, effect_of
from studio.lenses.attribution_numbers import key_at, part_words, split_of, summands, value_of
from studio.lenses.attribution_view import AttributionView
from tests.families.conftest import shaken, tiny
from tests.lenses.scenes import LETTERS, scene_of, show
from tests.lenses.trained import Stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]


def shown_on(stage: Stage) -> AttributionView:
    stage.look_at()
    view: AttributionView = stage.show(AttributionView)
    stage.until(lambda: view.split is not None)
    stage.settle()
    return view


@pytest.fixture
def view(stage: Stage) -> AttributionView:
    return shown_on(stage)


def wanted(stage: Stage, row: int, token: int | None = None) -> Any:
    return attribute(stage.looking.scene.model, stage.looking.scene.capture, row, token)


def test_the_bars_add_up_to_the_logit_that_is_shown(view: AttributionView, stage: Stage) -> None:
    found = wanted(stage, len(stage.looking.scene.tokens) - 2)
    *parts, total = view.fall.summands
    assert sum(one.value for one in parts) == pytest.approx(total.value, abs=1e-9)
    assert total.value == pytest.approx(found.logit, abs=1e-3)
    assert view.fall.spans()[-2][1] == pytest.approx(total.value, abs=1e-9)
    assert f"{found.logit:.5f}" in view.sum.text()
    assert f"{found.total:.5f}" in view.sum.text()
    assert [one.name for one in parts][:3] == ["embedding", "position", "0 · attention"]


def test_the_map_holds_every_head_its_bias_and_the_feed_forward_part(view: AttributionView, stage: Stage) -> None:
    found = wanted(stage, view.row)
    np.testing.assert_array_equal(view.map.values[:, :2], found.heads)
    np.testing.assert_array_equal(view.map.values[:, 2], found.attention_bias)
    np.testing.assert_array_equal(view.map.values[:, 3], found.feed_forward)
    low, high = view.map.colouring.limits
    assert low == -high == -np.abs(view.map.values).max()


def test_a_chosen_head_tells_what_it_raises_and_lowers(view: AttributionView, stage: Stage) -> None:
    view.map.clicked.emit(1, 0)
    stage.until(lambda: bool(view.side.effects.raised) and view.side.title.text() == "layer 1, head 0")
    stage.settle()
    scene = stage.looking.scene
    told = effect_of(scene.model, scene.capture, view.row, Part("head", 1, 0))
    assert [one.id for one in view.side.effects.raised] == [token for token, _ in told.promoted]
    assert [one.value for one in view.side.effects.lowered] == [value for _, value in told.suppressed]
    assert stage.session.selection.locked("head") == 0
    value = value_of(view.split, ("head", 1, 0))  # type: ignore[arg-type]
    assert f"{value:.4f}".lstrip("-") in view.explanation()
    stage.session.selection.lock(layer=0, head=1)  # as another page would
    stage.until(lambda: view.side.title.text() == "layer 0, head 1")


def test_a_row_of_the_sum_can_be_chosen_with_the_mouse(view: AttributionView, stage: Stage, qtbot: Any) -> None:
    names = [one.name for one in view.fall.summands]
    row = names.index("1 · feed forward")
    qtbot.mouseClick(view.fall, Qt.MouseButton.LeftButton, pos=QPoint(40, 21 * row + 8))
    assert view.side.title.text() == "feed-forward part of layer 1"
    stage.until(lambda: not view.effect.waiting)
    assert view.map.locked == (1, 3)
    qtbot.mouseClick(view.fall, Qt.MouseButton.LeftButton, pos=QPoint(40, 21 * names.index("1 · attention") + 8))
    assert not view.side.effects.isVisible()  # all heads together are no part of their own
    assert "adds" in view.side.told.text()


def test_the_real_next_token_and_a_selected_one_can_be_split(view: AttributionView, stage: Stage) -> None:
    stage.session.selection.lock(row=3)
    view.target.set_value("next")
    view.target.changed.emit()
    real = stage.looking.scene.capture.ids[4]
    stage.until(lambda: (view.numbers().get("position"), view.numbers().get("token")) == (3, real))
    assert view.numbers()["logit"] == pytest.approx(wanted(stage, 3, real).logit)
    assert view.target.findData("chosen") < 0
    stage.session.selection.lock(token=2)
    view.target.set_value("chosen")
    view.target.changed.emit()
    stage.until(lambda: view.numbers().get("token") == 2)
    np.testing.assert_allclose(view.numbers()["heads"], wanted(stage, 3, 2).heads)


def test_pointing_at_the_map_computes_nothing(view: AttributionView, stage: Stage) -> None:
    stage.settle()
    before = view.split
    view.map.hovered.emit(1, 1)
    assert (stage.session.selection.value("layer"), stage.session.selection.value("head")) == (1, 1)
    assert stage.session.jobs.jobs == []
    assert view.split is before
    view.map.hovered.emit(-1, -1)
    assert stage.session.selection.value("head") is None


def test_the_difference_of_two_models_adds_up_too_and_swapping_negates_it(view: AttributionView, stage: Stage) -> None:
    stage.looking.compare_with(stage.subject(3))
    stage.until(lambda: view.title.text().endswith("A − B"))
    a, b = wanted(stage, view.row), None
    other = stage.looking.other
    b = attribute(other.model, other.capture, view.row, a.token)
    forth, back = split_of(a, b), split_of(b, a)
    np.testing.assert_array_equal(view.map.values, forth.table)
    np.testing.assert_array_equal(forth.table, -back.table)
    assert sum(one.value for one in summands(forth)[:-1]) == pytest.approx(forth.total, abs=1e-9)
    same = split_of(a, a)
    assert (same.table == 0).all()
    assert same.logit == same.total == 0


def test_a_model_without_learned_places_has_no_bar_for_them(stage: Stage) -> None:
    shape = tiny("llama 3.1", vocab_size=LETTERS.vocab_size)
    show(stage, scene_of(shaken(shape), shape))
    view: AttributionView = stage.show(AttributionView)
    stage.until(lambda: view.split is not None)
    stage.settle()
    assert "position" not in [one.name for one in view.fall.summands]
    assert view.split is not None
    assert abs(view.split.total - view.split.logit) <= 1e-3


def test_cells_and_words_name_the_same_part(view: AttributionView) -> None:
    split = view.split
    assert split is not None
    words = [part_words(key_at(split, 1, column)) for column in range(4)]
    assert words == ["layer 1, head 0", "layer 1, head 1", "bias of attention in layer 1",
                     "feed-forward part of layer 1"]  # fmt: skip
    for column in range(4):
        assert value_of(split, key_at(split, 1, column)) == split.table[1, column]


def test_a_head_that_does_not_exist_is_never_read(view: AttributionView, stage: Stage) -> None:
    view.map.clicked.emit(1, 0)
    stage.session.selection.lock(layer=1, head=77)
    stage.settle()
    assert view.part == ("head", 1, 1)
    assert view.explanation()
