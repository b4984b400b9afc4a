"""Rollout and flow as pages show them: the engine's numbers, the honest sentence, and the way to ablation."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.core.errors import StudioError
from studio.insight.flow import LONGEST, flows
from studio.insight.rollout import rollout, rollouts
from studio.insight.snapshot import Subject, take
from studio.live.looking import Glance
from studio.steps import spread
from studio.steps.rollout_view import LONGEST_FLOW, RolloutView
from tests.attention.conftest import scene_of

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture(scope="module")
def scene():
    return scene_of()


@pytest.fixture
def view(session, look, look_at, on_screen, settled, scene):
    look_at(scene)
    view = RolloutView(session, look)
    on_screen(view)
    settled()
    return view


def choose(control, value: str) -> None:
    control.set_value(value)
    control.changed.emit(value)


def test_the_limits_are_the_engines() -> None:
    assert LONGEST_FLOW == LONGEST


def test_the_map_is_the_rollout_of_all_layers(view, scene) -> None:
    assert np.allclose(view.values, rollout(scene.capture.attention)[-1])
    assert np.allclose(view.map.values.sum(-1), 1.0, atol=1e-5)
    assert view.numbers()["rollout"].shape == (3, 12, 12)


def test_a_token_that_was_chosen_while_the_colours_changed_out_of_sight_is_shown(view, session, look, scene) -> None:
    view.hide()
    session.selection.lock(row=3)
    look.set_theme("light")
    view.show()
    assert f"“{scene.tokens[3]}”" in view.row_card.title.text()


@pytest.mark.parametrize("heads", ["mean", "max", "min"])
def test_heads_and_layers_can_be_chosen(view, scene, settled, heads: str) -> None:
    choose(view.heads, heads)
    view.start.set_value(1)
    view.start.changed.emit()
    view.end.set_value(1)
    view.end.changed.emit()
    settled()
    assert np.allclose(view.values, rollout(scene.capture.attention[:2], heads, 1)[-1])
    view.start.set_value(2)
    view.start.changed.emit()
    settled()
    assert view.end.value() == 2  # never before the first one


def test_the_flow_fills_in_row_by_row_and_says_how_far_it_is(view, scene, session, settled) -> None:
    session.selection.lock(row=4)
    choose(view.kind, "flow")
    assert np.isnan(view.values).all()
    assert "0 of 12 rows" in view.card.note.text()
    settled()
    wanted = np.stack([values for _, values in flows(scene.capture.attention)])
    assert np.allclose(view.values, wanted)
    assert "rows" not in view.card.note.text()
    assert view.numbers()["flow"].shape == (12, 12)
    assert "flow(" in view.explanation()


def test_the_flow_can_be_called_off_and_what_was_found_stays(view, settled) -> None:
    choose(view.kind, "flow")
    view.progress.call_off()
    settled()
    assert not view.progress.isVisible()
    assert "of 12 rows" in view.card.note.text()


def test_flow_is_not_offered_for_long_texts(view, look_at, settled) -> None:
    choose(view.kind, "flow")
    settled()
    look_at(scene_of("gpt2", " ".join(["the", "cat", "sat"] * 11)))
    settled()
    assert view.kind.value() == "rollout"
    assert not view.kind._buttons["flow"].isEnabled()
    assert "32 tokens" in view.kind._buttons["flow"].toolTip()
    assert view.values.shape == (33, 33)


def test_the_text_shows_one_tokens_sources(view, session, scene, qtbot) -> None:
    assert view.row == 11
    assert np.allclose(view.text.shares, view.values[11])
    session.selection.lock(row=3)
    assert np.allclose(view.text.shares, view.values[3])
    assert scene.tokens[3] in view.row_card.title.text()
    box = view.text._boxes[1]
    qtbot.mouseMove(view.text, box.center().toPoint())
    assert session.selection.value("column") == 1
    assert f"“{scene.tokens[1]}”" in view.explanation()


def test_pointing_at_the_map_points_everywhere(view, session, qtbot) -> None:
    place = view.map.plane.rect_of(7, 2).center().toPoint()
    qtbot.mouseMove(view.map, place)
    assert (session.selection.value("row"), session.selection.value("column")) == (7, 2)
    qtbot.mouseClick(view.map, Qt.MouseButton.LeftButton, pos=place)
    assert session.selection.locked("row") == 7


def test_it_says_that_it_is_not_causal_and_offers_to_take_parts_away(view, session, qtbot) -> None:
    from studio.widgets.label import Label

    words = " ".join(label.text() for label in view.findChildren(Label))
    assert "not what causes what" in words
    with qtbot.waitSignal(session.focus_requested) as asked:
        qtbot.mouseClick(view.ablate, Qt.MouseButton.LeftButton)
    assert asked.args == ["attention", Glance(view="ablation")]


def test_a_text_of_one_token_flows_into_itself(view, look_at, settled) -> None:
    look_at(scene_of("gpt2", "the"))
    settled()
    assert view.values.tolist() == [[1.0]]
    choose(view.kind, "flow")
    settled()
    assert view.values[0, 0] == pytest.approx(1.0)
    assert view.explanation()


def test_while_it_is_computed_or_failed_there_is_no_map_but_a_word(view, settled, monkeypatch) -> None:
    monkeypatch.setattr(spread, "ROLLOUT", refuse)
    choose(view.heads, "max")
    assert view.map.values.size == 0
    assert view.card.note.text() == "being computed…"
    settled()
    assert view.map.values.size == 0
    assert view.numbers() == {}
    assert np.isnan(view.text.shares).all()
    assert "Too large." in view.card.note.text()


def test_values_count_where_a_person_wants_it(view, scene, settled) -> None:
    plain = view.values
    view.values_count.setChecked(True)
    settled()
    assert np.allclose(view.values, rollouts([(scene.model, scene.capture)], ("mean", 0, 2, True))[-1])
    assert np.allclose(view.values.sum(-1), 1.0, atol=1e-5)
    assert not np.allclose(view.values, plain, atol=1e-3)
    assert "length of what its value adds" in view.explanation()


@pytest.mark.parametrize("kind", ["rollout", "flow"])
def test_two_models_are_subtracted_the_right_way_round(view, session, scene, look_at, settled, kind: str) -> None:
    choose(view.kind, kind)
    other = scene_of(seed=2)
    settled()
    of_a = view.values
    look_at(other)
    settled()
    of_b = view.values
    look_at(scene, other)
    settled()
    assert view.compares
    assert np.allclose(view.values, of_a - of_b, equal_nan=True)
    assert view.map.colouring.signed
    assert view.explanation().startswith("A − B: ")
    assert any(share < 0 for share in view.text.shares)
    session.looking.mode = "B"
    session.looking.changed.emit(frozenset({"mode"}))
    settled()
    assert np.allclose(view.values, of_b)
    assert not view.map.colouring.signed


def test_a_model_against_itself_has_no_difference(view, scene, look_at, settled) -> None:
    look_at(scene, scene)
    settled()
    assert not view.values.any()


def test_the_film_moves_it_where_a_snapshot_keeps_every_pair(view, session, scene, settled) -> None:
    exact = view.values
    film = session.looking.film
    film.step, film.snapshot = 40, moment_of(scene)
    session.looking.changed.emit(frozenset({"film", "snapshot"}))
    settled()
    assert "step 40, 8 bit" in view.card.note.text()
    assert view.scrubs
    assert np.abs(view.values - exact).max() < 0.02
    assert not np.array_equal(view.values, exact)
    assert not view.values_count.isEnabled()
    film.snapshot = replace(film.snapshot, block=2)  # what several tokens share cannot be added up
    session.looking.changed.emit(frozenset({"film", "snapshot"}))
    settled()
    assert np.array_equal(view.values, exact)
    assert not view.scrubs
    film.step = film.snapshot = None


def moment_of(scene):
    """What a run would have kept of this scene."""
    return take(scene.model, Subject(scene.capture.ids, range(8)), 40)


def refuse(*_args: object) -> None:
    raise StudioError("Too large.", "Choose a smaller one.")
