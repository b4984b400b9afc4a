"""The views on their page: what there is before any model, how one leads to another, and numbers that are none."""

import numpy as np
import pytest
import torch

from studio.attention.ablation_view import AblationView
from studio.live.looking import Glance
from studio.panels.attention import AttentionPanel
from studio.steps.query_key_view import QueryKeyView
from studio.steps.rollout_view import RolloutView
from studio.steps.steps_view import StepsView
from tests.attention.conftest import scene_of

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def page(session, look, on_screen, settled):
    page = AttentionPanel(session, look)
    on_screen(page)
    page.refresh()
    settled()
    return page


def test_before_there_is_a_model_the_page_teaches_with_the_courses_example(page) -> None:
    assert isinstance(page.view, StepsView)
    assert page.stack.currentWidget() is page.view
    assert page.switch.value() == "steps"
    assert page.view.header.hint.isVisible()
    assert "looks for" in page.footing.words.text()
    assert page.export.isEnabled()


def test_the_way_to_training_is_offered_beside_the_example(page, session, qtbot) -> None:
    with qtbot.waitSignal(session.focus_requested) as asked:
        page.view.header.train.click()
    assert asked.args[0] == "pretrain"


def test_other_views_say_that_a_model_is_missing(page, session) -> None:
    page.open_view("rollout")
    assert page.stack.currentWidget() is page.empty


def test_a_glance_opens_the_view_it_names(page, look_at, settled) -> None:
    look_at(scene_of())
    page.focus_on(Glance(view="ablation"))
    settled()
    assert isinstance(page.view, AblationView)
    assert page.stack.currentWidget() is page.view


def test_what_is_no_number_is_shown_as_such_everywhere(page, look_at, settled) -> None:
    from studio.engine.scene import read_again

    scene = scene_of("llama 3.1")
    with torch.no_grad():
        scene.model.layers[1].self_attn.q_proj.weight[:] = float("nan")
    look_at(read_again(scene, "the cat sat on"))
    page.selection.lock(layer=1, head=0, row=2, column=1)
    for kind in (StepsView, QueryKeyView, RolloutView, AblationView):
        page.open_view(kind.name)
        settled()
        assert isinstance(page.view, kind)
        assert not page.view.grab().isNull()
        assert page.view.explanation()
    steps = page._built["steps"]
    page.open_view("steps")
    steps.track.chosen.emit(5)
    assert np.isnan(steps.numbers()["weights"]).all()
    assert "not a number" in steps.strip.written.toPlainText()
    assert "no number" in steps.explanation()
    rollout = page._built["rollout"]
    assert np.isnan(rollout.values).any()
    page.open_view("rollout")
    rollout.kind.set_value("flow")
    rollout.kind.changed.emit("flow")
    settled()
    assert np.isnan(rollout.values).all()
    assert "rows" not in rollout.card.note.text()


def test_a_model_that_looks_both_ways_can_be_walked_through_but_has_no_next_token_to_lose(
    page, look_at, settled
) -> None:
    scene = scene_of("bert")
    look_at(scene)
    page.open_view("steps")
    settled()
    steps = page.view
    assert not steps.walker.walk.operands.hides.any()
    assert "nothing is hidden" in steps.canvas.stages[4].sentence
    assert np.abs(steps.numbers()["weights"] - scene.capture.attention[0, 0]).max() <= 1e-5
    page.open_view("ablation")
    assert page.stack.currentWidget() is page.empty
    assert "fills gaps" in page.view.missing()
