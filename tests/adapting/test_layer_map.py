"""A number for every layer as a map: each in its block and kind, what has none stays empty."""

from types import SimpleNamespace

import numpy as np
import pytest

from studio.adapting.layer_map import LayerMap, rows_of
from studio.widgets.hover_card import CardRow

pytestmark = pytest.mark.gui


def layer(path, value):
    """One record, placed as the engine places it."""
    parts = path.split(".")
    number = int(parts[1]) if parts[0] == "layers" else -1
    return SimpleNamespace(path=path, layer=number, kind=parts[-1], value=value)


LAYERS = [layer("layers.0.q_proj", 1.0), layer("layers.0.up_proj", 2.0), layer("layers.2.q_proj", 4.0),
          layer("lm_head", 3.0)]  # fmt: skip


@pytest.fixture
def drawn(look, on_screen):
    made = LayerMap(look, "Change")
    made.set_layers(LAYERS, lambda one: one.value, "size")
    on_screen(made)
    return made


def test_every_record_has_its_cell_and_the_rest_stays_empty(drawn):
    nan = np.nan
    wanted = [[1.0, 2.0, nan], [4.0, nan, nan], [nan, nan, 3.0]]
    np.testing.assert_array_equal(drawn.map.values, wanted)
    assert drawn.map.content.labels.rows == ("block 1", "block 3", "end")
    assert drawn.map.content.labels.columns == ("q", "up", "head")


def test_colours_begin_at_zero_unless_the_limits_are_the_records_own(drawn):
    assert drawn.bar.colouring.limits == (0.0, 4.0)
    drawn.set_layers(LAYERS, lambda one: one.value, "size", (None, None))
    assert drawn.bar.colouring.limits == (1.0, 4.0)
    drawn.set_layers(LAYERS, lambda one: 0.0, "size")
    assert drawn.bar.colouring.limits == (0.0, 1.0)


def test_a_click_tells_the_record_and_an_empty_cell_tells_nothing(drawn, qtbot):
    with qtbot.waitSignal(drawn.chosen) as told:
        drawn.map.clicked.emit(1, 0)
    assert told.args == [LAYERS[2]]
    with qtbot.assertNotEmitted(drawn.chosen):
        drawn.map.clicked.emit(1, 1)


def test_a_record_is_chosen_by_its_path(drawn):
    drawn.choose("lm_head")
    assert drawn.map.locked == (2, 2)
    drawn.choose("nowhere")
    assert drawn.map.locked == (None, None)


def test_the_card_at_the_pointer_is_the_owners(drawn):
    drawn.describe = lambda one: [CardRow(f"{one.value:g}")]
    assert drawn._describe(0, 1) == ("layers.0.up_proj", [CardRow("2")])
    assert drawn._describe(1, 1) == ("no adapter here", [])


def test_nothing_at_all_is_drawn_empty(drawn):
    drawn.set_layers([], lambda one: one.value, "size")
    assert drawn.map.values.shape == (1, 1)
    assert np.isnan(drawn.map.values).all()


def test_what_lies_outside_the_blocks_comes_last():
    assert rows_of(LAYERS) == [0, 2, -1]
