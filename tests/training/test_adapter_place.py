"""The adapter among the settings of a run: on a model its card, on random weights the way to one."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from studio.core.config import AdapterConfig, ModelConfig, RunConfig
from studio.training.adapter_place import AdapterPlace

pytestmark = pytest.mark.gui

SMALL = ModelConfig(vocab_size=50, emb_dim=16, n_layers=2, n_heads=2, context_length=16)
BASED = RunConfig(start_from="tale", model=SMALL, adapter=AdapterConfig(kind="lora", rank=2))


@pytest.fixture
def place(look, on_screen):
    found = AdapterPlace(look)
    found.set_config(BASED)
    on_screen(found)
    return found


def test_on_a_model_the_whole_card_is_there(place):
    assert place.card.isVisible()
    assert not place.baseless.isVisible()
    assert place.card.kind.value() == "lora"


def test_on_random_weights_there_is_only_the_way_to_a_model(place, qtbot):
    place.set_config(replace(BASED, start_from=""))
    assert not place.card.isVisible()
    place.focus_on("adapter.rank")
    with qtbot.waitSignal(place.choose_requested):
        qtbot.keyClick(place.focusWidget(), Qt.Key.Key_Space)


def test_a_rank_that_does_not_fit_is_a_problem_only_where_it_is_shown(place):
    wide = replace(BASED, adapter=replace(BASED.adapter, rank=64))
    place.set_config(wide)
    assert [problem.field for problem in place.problems] == ["adapter.rank"]
    place.set_config(replace(wide, start_from=""))
    assert place.problems == []


def test_what_is_chosen_is_told(place, qtbot):
    with qtbot.waitSignal(place.edited) as said:
        qtbot.mouseClick(place.card.kind._buttons["qlora"], Qt.MouseButton.LeftButton)
    assert said.args[0] == replace(BASED.adapter, kind="qlora")
    place.focus_on("adapter.rank")
    assert place.card.form.row("adapter.rank").isVisible()
