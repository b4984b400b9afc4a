"""A form shows a dataclass, says what a person changed, and where the value cannot work."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.controls.editors import ChoiceEdit, NumberEdit, PathEdit, Switch, TextEdit
from studio.controls.form import Form
from studio.controls.form_row import shown
from studio.core.config import ComputeConfig, DataConfig, ModelConfig, RunConfig, Sampling, TrainingConfig
from studio.core.knobs import knob, knobs_of
from studio.core.language import set_language
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


@dataclass(frozen=True)
class Places:
    """A kind of its own, with what the run's configuration lacks."""

    folder: str = knob("", "Projects", "Where projects are kept.", path="folder")
    name: str = knob("first", "Name", "What it is called.")


Make = Callable[..., Form]


@pytest.fixture
def form(look: Look, on_screen: Callable[..., None]) -> Make:
    """Makes a form of a kind of dataclass and shows it."""

    def make(kind: type, only: list[str] | None = None) -> Form:
        made = Form(kind, look, only)
        on_screen(made)
        return made

    return make


def write(made: Form, field: str, text: str, qtbot: QtBot) -> None:
    """Type a text into a field as a person does."""
    made.focus_on(field)
    editor = made.row(field).editor
    assert isinstance(editor, NumberEdit | TextEdit)
    editor.selectAll()
    qtbot.keyClicks(editor, text)


@pytest.mark.parametrize("kind", [DataConfig, ModelConfig, TrainingConfig, ComputeConfig, Sampling, RunConfig, Places])
def test_every_configuration_makes_a_form_that_gives_it_back(kind: type, form: Make, qtbot: QtBot) -> None:
    made = form(kind)
    assert made.value() == kind()
    assert not made.problems


def test_each_kind_of_field_has_its_editor(form: Make, qtbot: QtBot) -> None:
    made = form(RunConfig)
    assert isinstance(made.row("training.steps").editor, NumberEdit)
    assert isinstance(made.row("training.learning_rate").editor, NumberEdit)
    assert isinstance(made.row("compute.device").editor, ChoiceEdit)
    assert isinstance(made.row("model.tie_embeddings").editor, Switch)
    assert isinstance(made.row("data.text").editor, TextEdit)
    assert isinstance(form(Places).row("folder").editor, PathEdit)


def test_showing_a_value_is_silent_and_an_edit_brings_a_new_one(form: Make, qtbot: QtBot) -> None:
    made = form(TrainingConfig)
    with qtbot.assertNotEmitted(made.changed):
        made.set_value(TrainingConfig(steps=500))
    with qtbot.waitSignal(made.changed) as caught:
        write(made, "batch_size", "8", qtbot)
    assert caught.args == [TrainingConfig(steps=500, batch_size=8)]
    assert made.value() == TrainingConfig(steps=500, batch_size=8)


def test_fields_without_a_row_keep_their_value(form: Make, qtbot: QtBot) -> None:
    made = form(RunConfig, ["training.learning_rate", "model.drop_rate"])
    before = RunConfig(model=ModelConfig(n_layers=2, n_heads=2, emb_dim=64), objective="pretrain")
    made.set_value(before)
    write(made, "training.learning_rate", "3e-4", qtbot)
    assert made.value() == before.with_part(training=TrainingConfig(learning_rate=3e-4))


def test_rows_stand_in_the_order_they_are_named(form: Make, qtbot: QtBot) -> None:
    made = form(RunConfig, ["model.n_heads", "model.n_layers"])
    assert made.row("model.n_heads").y() < made.row("model.n_layers").y()


def test_a_dot_says_what_is_changed_and_takes_it_back(form: Make, qtbot: QtBot) -> None:
    made = form(TrainingConfig)
    row = made.row("steps")
    assert not row.dot.isVisible()
    write(made, "steps", "50", qtbot)
    assert row.dot.isVisible()
    assert "1,000" in row.dot.toolTip()
    with qtbot.waitSignal(made.changed):
        qtbot.mouseClick(row.dot, Qt.MouseButton.LeftButton)
    assert made.value().steps == 1_000
    assert not row.dot.isVisible()


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Space])
def test_the_keyboard_resets_on_the_dot(key: Qt.Key, form: Make, qtbot: QtBot) -> None:
    made = form(TrainingConfig)
    write(made, "steps", "50", qtbot)
    made.row("steps").dot.setFocus()
    qtbot.keyClick(made.row("steps").dot, key)
    assert made.value().steps == 1_000
    assert made.row("steps").editor.hasFocus()


def test_a_baseline_decides_what_counts_as_changed(form: Make, qtbot: QtBot) -> None:
    made = form(ModelConfig)
    preset = ModelConfig(n_layers=12, n_heads=12, emb_dim=768)
    made.set_value(preset)
    assert made.row("n_layers").is_changed()
    made.set_baseline(preset)
    assert not made.row("n_layers").is_changed()


def test_what_cannot_work_is_said_under_its_row(form: Make, qtbot: QtBot) -> None:
    made = form(ModelConfig)
    write(made, "n_heads", "5", qtbot)
    words = made.row("n_heads").words
    assert words.isVisible()
    assert "does not divide by 5 heads" in words.text()
    assert words.property("role") == "danger"
    assert [problem.field for problem in made.problems] == ["n_heads"]
    write(made, "n_heads", "6", qtbot)
    assert words.property("role") == "small"
    assert not made.problems


def test_text_that_is_no_number_keeps_the_last_value_and_says_so(form: Make, qtbot: QtBot) -> None:
    made = form(TrainingConfig)
    with qtbot.waitSignal(made.changed):
        write(made, "learning_rate", "fast", qtbot)
    assert made.value().learning_rate == 1e-3
    assert [problem.field for problem in made.problems] == ["learning_rate"]
    assert "1e-3" in made.row("learning_rate").words.text()
    made.row("learning_rate").reset()
    assert not made.problems


def test_a_value_set_from_outside_replaces_unreadable_text(form: Make, qtbot: QtBot) -> None:
    made = form(TrainingConfig)
    write(made, "learning_rate", "fast", qtbot)
    made.focus_on("steps")
    made.set_value(TrainingConfig())
    assert not made.problems
    assert made.row("learning_rate").editor.text() == "1.0e-3"  # type: ignore[union-attr]


def test_the_focused_row_explains_itself_in_one_line(form: Make, qtbot: QtBot) -> None:
    made = form(TrainingConfig)
    made.focus_on("warmup_steps")
    assert made.row("warmup_steps").words.isVisible()
    assert "climbs" in made.row("warmup_steps").words.text()
    assert "100 steps" in made.row("warmup_steps").words.text()
    made.focus_on("steps")
    assert not made.row("warmup_steps").words.isVisible()


def test_nothing_moves_between_press_and_release(form: Make, qtbot: QtBot) -> None:
    made = form(ModelConfig)
    switch = made.row("tie_embeddings").editor
    qtbot.mousePress(switch, Qt.MouseButton.LeftButton)
    assert not made.row("tie_embeddings").words.isVisible()
    qtbot.mouseRelease(switch, Qt.MouseButton.LeftButton)
    assert made.row("tie_embeddings").words.isVisible()
    assert made.value().tie_embeddings is False


def test_advanced_fields_are_folded_and_counted(form: Make, qtbot: QtBot) -> None:
    made = form(ModelConfig)
    row = made.row("hidden_dim")
    assert not row.isVisible()
    folded = sum(knob.advanced for knob in knobs_of(ModelConfig).values())
    assert made.fold.text() == f"{folded} more fields"
    made.set_value(ModelConfig(hidden_dim=512))
    assert made.fold.text() == f"{folded} more fields · 1 changed"
    qtbot.mouseClick(made.fold, Qt.MouseButton.LeftButton)
    assert row.isVisible()
    assert made.fold.text() == "Fewer fields"
    qtbot.mouseClick(made.fold, Qt.MouseButton.LeftButton)
    assert not row.isVisible()


def test_a_folded_field_with_a_problem_comes_forward(form: Make, qtbot: QtBot) -> None:
    made = form(ModelConfig)
    made.set_value(dataclasses.replace(ModelConfig(), norm_eps=5.0))
    assert made.row("norm_eps").isVisible()


def test_without_advanced_fields_there_is_no_fold(form: Make, qtbot: QtBot) -> None:
    assert not form(Places).fold.isVisible()


def test_every_editor_has_a_name_and_a_description(form: Make, qtbot: QtBot) -> None:
    made = form(RunConfig)
    made.set_open(True)
    rows = [made.row(name) for name in ("training.steps", "training.warmup_steps", "model.qkv_bias", "data.text")]
    assert [row.editor.accessibleName() for row in rows] == [
        "Steps", "Warm-up, steps", "Query, key, value bias", "Text",
    ]  # fmt: skip
    assert all(row.editor.accessibleDescription() and row.editor.toolTip() for row in rows)


def test_a_closed_list_never_turns_with_the_wheel(form: Make, qtbot: QtBot) -> None:
    made = form(ComputeConfig)
    editor = made.row("device").editor
    editor.setFocus()
    event = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    event.ignore()
    QApplication.sendEvent(editor, event)
    assert not event.isAccepted()
    assert made.value().device == "auto"


def test_choosing_in_a_list_is_a_change(form: Make, qtbot: QtBot) -> None:
    made = form(ComputeConfig)
    with qtbot.waitSignal(made.changed):
        qtbot.keyClick(made.row("device").editor, Qt.Key.Key_Down)
    assert made.value().device == "cpu"


def test_choices_can_be_given_to_a_text_field(form: Make, qtbot: QtBot) -> None:
    made = form(DataConfig)
    made.set_value(DataConfig(text="verdict"))
    made.set_choices("text", [("verdict", "The Verdict"), ("plays", "Plays")])
    assert made.value().text == "verdict"
    assert made.row("text").editor.accessibleName() == "Text"
    with qtbot.waitSignal(made.changed):
        qtbot.keyClick(made.row("text").editor, Qt.Key.Key_Down)
    assert made.value().text == "plays"


def test_a_value_outside_the_choices_is_shown_as_it_is(form: Make, qtbot: QtBot) -> None:
    made = form(DataConfig)
    made.set_choices("text", [("plays", "Plays")])
    made.set_value(DataConfig(text="/somewhere/else.txt"))
    assert made.value().text == "/somewhere/else.txt"


def test_a_form_can_be_shown_without_letting_it_be_changed(form: Make, qtbot: QtBot) -> None:
    made = form(TrainingConfig)
    made.set_value(TrainingConfig(steps=50))
    made.set_read_only(True)
    assert not made.row("steps").editor.isEnabled()
    assert not made.row("steps").dot.isVisible()
    made.set_read_only(False)
    assert made.row("steps").dot.isVisible()


def test_a_fact_is_a_row_that_only_tells(form: Make, qtbot: QtBot) -> None:
    made = form(Places)
    fact = made.add_fact("Effective tokens a step")
    fact.setText("3,072")
    assert fact.accessibleName() == "Effective tokens a step"


def test_words_pass_through_the_language_hook(form: Make, qtbot: QtBot) -> None:
    set_language("pseudo")
    try:
        made = form(TrainingConfig)
        assert made.row("steps").label.text().startswith("Stéps")
    finally:
        set_language("en")


def test_values_are_told_in_words() -> None:
    field = ComputeConfig.__dataclass_fields__["device"].metadata["knob"]
    assert shown("cuda", field) == "NVIDIA GPU"
    assert shown(True, Places.__dataclass_fields__["name"].metadata["knob"]) == "on"
    assert shown("", Places.__dataclass_fields__["name"].metadata["knob"]) == "empty"
