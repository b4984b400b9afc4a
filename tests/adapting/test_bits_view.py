"""Four bits on the screen: the model in memory is measured once, and stays as it is."""

import pytest
from PySide6.QtCore import Qt

from studio.adapting.bits_view import BitsView
from tests.adapting.worn import stage as stage
from tests.engine.adapted_models import loaded_model

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def view(stage, look, on_screen):
    made = BitsView(stage.session, look)
    on_screen(made)
    made.refresh()
    stage.until(lambda: bool(made.errors))
    return made


def test_every_layer_has_its_error_in_the_map_and_in_the_table(view, qtbot):
    assert [row.path for row in view.table.rows()] == [one.path for one in view.errors]
    assert view.map.map.values.ravel().tolist() == pytest.approx([one.relative for one in view.errors])
    assert view.facts.texts()["Largest error"].endswith(max(view.errors, key=lambda one: one.relative).path)

    qtbot.mouseClick(view.measure._buttons["largest"], Qt.MouseButton.LeftButton)
    assert view.map.map.values.ravel().tolist() == pytest.approx([one.largest for one in view.errors])

    view.map._clicked(1, 2)
    assert [row.path for row in view.table.selected_rows()] == ["layers.1.self_attn.v_proj"]


@pytest.mark.slow
def test_a_model_is_measured_once_and_another_one_anew(view, stage):
    before = view.errors
    view.refresh(frozenset({"loaded"}))
    stage.settle()
    assert view.errors is before
    stage.put(loaded_model("llama"))
    view.refresh(frozenset({"loaded"}))
    stage.until(lambda: bool(view.errors) and view.errors is not before)
    assert {one.kind for one in view.errors} >= {"gate_proj"}


@pytest.mark.slow
def test_a_model_in_four_bits_is_not_measured_again(view, stage):
    from studio.layers.nf4 import quantize_blocks

    other = stage.put(loaded_model())
    other.change(lambda model, _config: quantize_blocks(model))
    view.refresh(frozenset({"loaded"}))
    stage.until(lambda: view.banner.isVisible())
    assert "in 4 bits already" in view.banner.message.text()
