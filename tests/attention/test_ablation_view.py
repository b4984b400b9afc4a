"""Parts taken away by a person: the map fills in, can be stopped, and says how it was measured."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.attention.ablation_view import AblationView
from studio.attention.sweep_card import signed_figure
from studio.insight.ablation import Place, ablate, all_heads, sweep
from tests.attention.conftest import TEXT, scene_of

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture(scope="module")
def scene():
    return scene_of()


@pytest.fixture
def view(session, look, look_at, on_screen, settled, scene, monkeypatch):
    monkeypatch.setattr("studio.engine.effects.TOKENS", 2)
    look_at(scene)
    view = AblationView(session, look)
    on_screen(view)
    settled()
    return view


def choose(edit, value) -> None:
    edit.set_value(value)
    edit.changed.emit()


def test_the_first_head_is_taken_away_with_loss_and_text(view, scene) -> None:
    effect = view.part.effect
    wanted = ablate(scene.model, scene.capture.ids, Place(0, "head", 0), tokens=2)
    assert (effect.loss_before, effect.loss_after) == (wanted.loss_before, wanted.loss_after)
    assert effect.text_before == scene.tokenizer.decode(wanted.text_before) == view.part.before.text()
    assert effect.text_after == scene.tokenizer.decode(wanted.text_after) == view.part.after.text()
    assert view.part.facts.texts()["Loss"] == f"{wanted.loss_before:.4f}"
    assert f"{wanted.loss_after:.4f} − {wanted.loss_before:.4f}" in view.explanation()


def test_every_kind_of_part_can_be_taken_away(view, scene, settled) -> None:
    choose(view.part.layer, 1)
    for part in ("head", "neuron", "attention", "feed_forward", "layer"):
        choose(view.part.part, part)
        numbered = part in ("head", "neuron")
        assert view.part.index.isVisible() == numbered
        if numbered:
            choose(view.part.index, 3)
        settled()
        wanted = ablate(scene.model, scene.capture.ids, Place(1, part, 3 if numbered else 0))
        assert view.part.effect.loss_after == wanted.loss_after


def test_its_own_value_changes_exactly_nothing(view, settled) -> None:
    choose(view.part.way, "own")
    settled()
    assert view.part.effect.harm == 0.0
    assert view.part.effect.divergence == 0.0
    assert view.part.facts.texts()["Change"] == "0"
    assert view.part.after_title.text() == "Without, it writes the same"


def test_a_mean_or_another_texts_value_can_stand_in(view, scene, settled, qtbot) -> None:
    choose(view.part.way, "mean")
    settled()
    assert view.part.effect.loss_after == ablate(scene.model, scene.capture.ids, Place(0, "head", 0), "mean").loss_after
    choose(view.part.way, "other")
    assert view.part.other.isVisible()
    assert view.part.effect is None
    other = "dog dog dog dog dog dog dog dog dog dog dog dog"
    qtbot.keyClicks(view.part.other, other)
    qtbot.keyClick(view.part.other, Qt.Key.Key_Return)
    settled()
    ids = scene.tokenizer.encode(other)
    assert view.part.effect.loss_after == ablate(scene.model, scene.capture.ids, Place(0, "head", 0), ids).loss_after
    view.part.other.setText("dog")
    qtbot.keyClick(view.part.other, Qt.Key.Key_Return)
    settled()
    assert "has 1 tokens, this one 12" in view.part.trouble.text()
    assert view.part.effect is None


def test_a_number_that_is_not_there_is_a_sentence(view, settled) -> None:
    choose(view.part.index, 77)
    settled()
    assert "no head 77" in view.part.trouble.text()
    choose(view.part.index, 1)
    settled()
    assert view.part.trouble.text() == ""
    assert view.part.effect is not None


def test_the_sweep_fills_the_map_and_says_metric_and_baseline(view, scene, settled, qtbot) -> None:
    assert "3 · 4" not in view.sweep.go.text()
    assert view.sweep.go.text() == "Measure 12 parts"
    qtbot.mouseClick(view.sweep.go, Qt.MouseButton.LeftButton)
    assert not view.sweep.go.isVisible()
    settled()
    wanted = [one.change for one in sweep(scene.model, scene.capture.ids, all_heads(scene.model))]
    shown = view.numbers()["harm"]
    assert np.array_equal(shown, np.array([one.harm for one in wanted]).reshape(3, 4))
    words = view.sweep.how.text()
    assert f"loss {wanted[0].loss_before:.4f} nats a token over 11 predictions" in words
    assert "by zeros" in words
    view.sweep.measure.set_value("divergence")
    view.sweep.measure.changed.emit("divergence")
    assert np.array_equal(view.numbers()["divergence"].ravel(), [one.divergence for one in wanted])
    assert "KL" in view.sweep.how.text()


def test_a_sweep_of_own_values_is_exactly_zero_everywhere(view, settled) -> None:
    choose(view.part.way, "own")
    view.sweep.start()
    settled()
    assert (view.sweep.values == 0.0).all()


def test_parts_are_swept_too(view, scene, settled) -> None:
    view.sweep.kind.set_value("part")
    view.sweep.kind.changed.emit("part")
    assert view.sweep.go.text() == "Measure 9 parts"
    view.sweep.start()
    settled()
    wanted = ablate(scene.model, scene.capture.ids, Place(2, "feed_forward"))
    assert view.sweep.values[2, 1] == wanted.harm


def test_a_sweep_of_144_heads_tells_its_progress_and_can_be_called_off(view, look_at, settled, qtbot) -> None:
    look_at(scene_of("gpt2", TEXT, n_layers=12, n_heads=12))
    settled()
    assert view.sweep.go.text() == "Measure 144 parts"
    view.sweep.start()
    assert view.sweep.progress.isVisible()
    qtbot.waitUntil(lambda: "left" in view.sweep.progress.words.text(), timeout=20_000)
    done = len(view.sweep.found)
    assert f"{done} of 144" in view.sweep.progress.words.text()
    qtbot.mouseClick(view.sweep.progress.cancel, Qt.MouseButton.LeftButton)
    settled()
    assert 0 < len(view.sweep.found) < 144
    assert int(np.isfinite(view.sweep.values).sum()) == len(view.sweep.found)
    assert view.sweep.go.isVisible()


def test_a_click_on_the_map_takes_that_head_away_and_locks_it_everywhere(view, session, scene, settled, qtbot) -> None:
    view.sweep.start()
    settled()
    place = view.sweep.map.plane.rect_of(2, 1).center().toPoint()
    qtbot.mouseMove(view.sweep.map, place)
    assert "layer 2, head 1" in view.sweep.map.lines[0]
    qtbot.mouseClick(view.sweep.map, Qt.MouseButton.LeftButton, pos=place)
    settled()
    assert (session.selection.locked("layer"), session.selection.locked("head")) == (2, 1)
    assert view.part.place == ("head", 2, 1)
    assert view.part.effect.harm == view.sweep.values[2, 1]


def test_a_head_that_was_locked_elsewhere_is_the_one_that_is_taken_away(view, session, settled) -> None:
    session.selection.lock(layer=1, head=3)
    settled()
    assert view.part.place == ("head", 1, 3)
    assert (view.part.effect.layer, view.part.effect.index) == (1, 3)


def test_another_text_forgets_what_was_measured(view, look_at, settled) -> None:
    view.sweep.start()
    settled()
    look_at(scene_of("gpt2", "the dog sat on a mat"))
    settled()
    assert view.sweep.found == {}
    assert view.part.effect.predictions == 5


def test_what_has_no_next_token_is_refused_with_the_reason(view, look_at) -> None:
    assert view.missing() == ""
    look_at(scene_of("gpt2", "the"))
    assert "one token" in view.missing()


def test_the_model_is_left_as_it_was(view, scene, settled) -> None:
    import torch

    from tests.insight.test_capture import traces

    ids = torch.tensor([list(scene.capture.ids)])
    with torch.no_grad():
        before = scene.model(ids)
    view.sweep.start()
    settled()
    assert traces(scene.model) == []
    with torch.no_grad():
        assert torch.equal(scene.model(ids), before)


def test_a_head_that_is_not_there_is_never_locked(view, session, settled) -> None:
    assert (view.part.index.minimum, view.part.index.maximum) == (0, 3)
    choose(view.part.index, 77)
    settled()
    assert session.selection.locked("head") != 77
    choose(view.part.part, "neuron")
    choose(view.part.index, 30)
    choose(view.part.part, "head")
    settled()
    assert view.part.place == ("head", 0, 0)
    assert session.selection.locked("head") == 0


# --- two models -----------------------------------------------------------------------------------------------------


@pytest.fixture
def other():
    return scene_of(seed=2)


def test_a_part_is_taken_from_both_models_and_the_changes_are_subtracted(view, scene, other, look_at, settled) -> None:
    look_at(scene, other)
    settled()
    wanted = [ablate(one.model, one.capture.ids, Place(0, "head", 0), tokens=2) for one in (scene, other)]
    assert (view.part.effect.harm, view.part.beside.harm) == (wanted[0].harm, wanted[1].harm)
    facts = view.part.facts.texts()
    assert facts["Loss, A and B"] == f"{wanted[0].loss_before:.4f} · {wanted[1].loss_before:.4f}"
    assert facts["Change, A − B"] == signed_figure(wanted[0].harm - wanted[1].harm)
    lines = view.part.after.text().splitlines()
    assert lines[0] == f"A: {scene.tokenizer.decode(wanted[0].text_after)}"
    assert lines[1] == f"B: {scene.tokenizer.decode(wanted[1].text_after)}"
    assert signed_figure(wanted[1].harm) in view.explanation()


def test_a_sweep_of_two_models_maps_by_how_much_more_a_needs_each_head(view, scene, other, look_at, settled) -> None:
    look_at(scene, other)
    settled()
    view.start_measuring()
    settled()
    each = [
        np.array([done.change.harm for done in sweep(one.model, one.capture.ids, all_heads(one.model))])
        for one in (scene, other)
    ]
    less = (each[0] - each[1]).reshape(view.sweep.values.shape)
    assert np.allclose(view.sweep.values, less)
    assert view.sweep.map.colouring.signed
    assert "less what it is worth to B" in view.sweep.how.text()
    _, rows = view.sweep._describe(1, 2)
    assert len(rows) == 4
    assert np.allclose(view.numbers()["harm"], less)
    view.sweep.measure.set_value("divergence")
    view.sweep.measure.changed.emit("divergence")
    assert view.sweep.map.colouring.signed


@pytest.mark.slow
def test_a_model_against_itself_needs_every_part_alike(view, scene, look_at, settled) -> None:
    look_at(scene, scene)
    settled()
    view.start_measuring()
    settled()
    assert not view.sweep.values.any()
    assert view.part.facts.texts()["Change, A − B"] == "0"


def test_without_the_other_model_its_numbers_are_gone(view, scene, other, look_at, settled) -> None:
    look_at(scene, other)
    settled()
    view.start_measuring()
    settled()
    look_at(scene)
    settled()
    assert not view.sweep.found
    assert not view.sweep.signed
    assert view.part.beside is None
    assert view.part.facts.texts().keys() == {"Loss", "Loss without", "Change", "Divergence"}
