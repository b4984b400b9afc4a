"""The Adapters page: costs without a model, and what the other views wait for."""

import pytest
from PySide6.QtCore import Qt

from studio.panels.adapters import _EMPTY, VIEWS, AdaptersPanel
from tests.adapting.worn import stage as stage

pytestmark = pytest.mark.gui


@pytest.fixture
def page(session, look, on_screen):
    made = AdaptersPanel(session, look)
    made.refresh()
    on_screen(made)
    return made


def test_costs_need_no_model_and_the_other_views_say_what_they_wait_for(page, session, qtbot):
    assert page.stack.currentWidget() is page.view("costs")
    for name in ("changes", "bits", "step"):
        page.open_view(name)
        assert page.stack.currentWidget() is page.empty
        assert page.empty.why.text() == _EMPTY[name]
    with qtbot.waitSignal(session.focus_requested) as told:
        qtbot.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)
    assert told.args == ["models", None]


def test_every_view_is_in_the_palette(page):
    for action, (name, _) in zip(page.actions(), VIEWS, strict=False):
        assert action.name == f"adapters.{name}"
        action.slot()
        assert page.switch.value() == name
    lay = page.actions()[-1]
    assert not lay.enabled()
    lay.slot()
    assert page.stack.currentWidget() is page.empty


@pytest.mark.torch
def test_a_view_that_is_opened_shows_the_model_in_memory(page, stage):
    page.focus_on("step")
    view = page.view("step")
    assert page.stack.currentWidget() is view
    stage.until(lambda: bool(view.stages))
    stage.session._memory.loaded = None
    page.refresh(frozenset({"loaded"}))
    assert page.stack.currentWidget() is page.empty
    assert (view.stages, view._stepper) == ([], None)  # the weights of a model that is gone are let go of
