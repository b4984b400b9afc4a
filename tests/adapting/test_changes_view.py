"""What an adapter changed, on the screen: the map, the curve, the prompt, and a slider that acts at once."""

import pytest
from PySide6.QtCore import Qt

from studio.adapting.changes_view import ChangesView, layer_rows
from studio.adapting.shift_table import shift_rows, shift_words
from tests.adapting.worn import stage as stage
from tests.engine.adapted_models import loaded_model, with_adapter

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def view(stage, look, on_screen):
    made = ChangesView(stage.session, look)
    made.prompt.set_value("the price")
    made.prompt.setModified(True)  # as typed
    on_screen(made)
    made.refresh()
    stage.until(lambda: made.change is not None and made.shift is not None)
    return made


def test_the_layer_that_changed_most_is_shown_first_and_another_by_a_click(view, qtbot):
    most = max(view.change.layers, key=lambda one: one.relative)
    assert view.one.note.text() == most.path
    assert view.map.map.values.shape == (2, 6)
    assert view.facts.texts()["Effective rank"].endswith("of 4")
    assert len(view.values.lines[0].y) == 4
    qtbot.mouseClick(view.measure._buttons["rank"], Qt.MouseButton.LeftButton)
    wanted = [one.effective_rank for one in view.change.layers]
    assert view.map.map.values.ravel().tolist() == pytest.approx(wanted)
    one = view.change.layers[3]
    view.map._clicked(0, 3)
    assert view.one.note.text() == one.path


def test_a_row_for_each_token_says_what_both_sides_expect(view):
    rows = view.table.rows.rows()
    assert [row.token for row in rows] == [*"the·price"]
    assert rows == shift_rows(view.shift)
    assert view.table.sentence.text() == shift_words(view.shift)
    shown = view.table.bars.choices
    assert [one.probability for one in shown] == view.shift.shares[1, -1].tolist()
    assert [one.before for one in shown] == view.shift.was[-1].tolist()


def test_the_slider_acts_on_the_model_and_on_the_table(view, stage, qtbot):
    view.strength.slider.setFocus()
    qtbot.keyClick(view.strength.slider, Qt.Key.Key_Home)
    stage.until(lambda: view.shift.strength == 0.0 and stage.loaded.strength == 0.0)
    assert {row.apart for row in view.table.rows.rows()} == {0.0}
    qtbot.keyClick(view.strength.slider, Qt.Key.Key_End)
    stage.until(lambda: view.shift.strength == 2.0 and stage.loaded.strength == 2.0)
    assert view.table.rows.rows()[-1].apart > 0


@pytest.mark.slow
def test_other_words_are_compared_after_a_pause(view, stage, qtbot):
    view.prompt.setFocus()
    qtbot.keyClicks(view.prompt, "s")
    stage.until(lambda: len(view.shift.ids) == 10)


@pytest.mark.slow
def test_the_base_alone_and_the_adapter_again(view, stage):
    view.adapter.set_value("")
    view.adapter.changed.emit()
    stage.until(lambda: stage.loaded.adapter is None)
    view.refresh(frozenset({"loaded"}))
    assert view.empty.headline.text() == "The base alone counts now"
    assert (view.empty.isVisible(), view.off.isEnabled()) == (True, False)
    view.wearing.use("prices", 1.0)
    stage.until(lambda: stage.loaded.adapter == "prices")
    view.refresh(frozenset({"loaded"}))
    assert view.empty.isHidden()
    stage.settle()


@pytest.mark.slow
def test_taken_off_nothing_is_left_to_show(view, stage, qtbot):
    qtbot.mouseClick(view.off, Qt.MouseButton.LeftButton)
    stage.until(lambda: stage.loaded.adapters() == ())
    view.refresh(frozenset({"loaded"}))
    assert view.empty.headline.text() == "No adapter lies on this model"


@pytest.mark.slow
def test_written_and_laid_on_again(view, stage, tmp_path):
    view.wearing.write("prices", tmp_path / "prices", "peft")
    stage.settle()
    assert (tmp_path / "prices" / "adapter_config.json").is_file()
    view.wearing.lay(tmp_path / "prices")
    stage.until(lambda: stage.loaded.adapter == "prices 2")
    assert stage.loaded.adapters() == ("prices", "prices 2")
    view.refresh(frozenset({"loaded"}))
    assert view.adapter.value() == "prices 2"
    stage.settle()


def test_an_adapter_of_another_base_is_refused_where_it_was_laid_on(view, stage, tmp_path):
    view.wearing.write("prices", tmp_path / "prices", "atelier")
    stage.settle()
    other = stage.put(loaded_model())
    other.title = "another"
    other.change(lambda model, _config: model.embed_tokens.weight.data.add_(1.0))
    view.wearing.lay(tmp_path / "prices")
    stage.until(lambda: view.banner.isVisible())
    assert "was trained on “tiny”, not on “another”" in view.banner.message.text()
    view.wearing.lay(tmp_path)
    stage.until(lambda: "is no adapter" in view.banner.message.text())
    assert other.adapters() == ()
    assert [action.text() for action in view.menu().actions()] == ["A folder of Atelier's or PEFT's…"]
    assert len(view.export_menu().actions()) == 2
    view.wearing.lay_run("gone")
    assert view.banner.message.text() == "The run is gone."


def test_a_head_that_was_trained_whole_has_no_rank(stage):
    from studio.engine.adapter_insight import weigh

    loaded = with_adapter(loaded_model(tie_embeddings=False), whole=["lm_head"])
    change = weigh(loaded, "prices")
    head = next(one for one in change.layers if one.kind == "lm_head")
    told = {row.name: row.value for row in layer_rows(head, change)}
    assert told["Shape"] == "256 × 64"
    assert told["Effective rank"].endswith("trained whole")
