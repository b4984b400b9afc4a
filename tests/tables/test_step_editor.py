"""The left side of a cleaning: what each step says of itself, and the form that belongs to the chosen one."""

from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from studio.controls.form import Form
from studio.rows.cleaning import Tally
from studio.rows.kinds import Reading
from studio.rows.steps import DropByLength, DropDuplicates, Filter, Normalise, Redact, Sample
from studio.store.cleaning_trial import Trial
from studio.tables import step_editor
from studio.tables.filter_form import FilterForm
from studio.tables.step_editor import StepEditor
from studio.tables.step_edits import StepEdits
from studio.tables.step_list import ROW, StepLine, StepList

pytestmark = pytest.mark.gui
READING = Reading("labelled", {"text": "column 2", "label": "column 1"})


@pytest.fixture
def editor(look: Any, show: Any) -> StepEditor:
    editor = StepEditor(look)
    editor.work_on(StepEdits((Normalise(), DropDuplicates())), ("column 1", "column 2"), READING)
    show(editor)
    return editor


@pytest.fixture
def changes(editor: StepEditor) -> list[tuple[Any, ...]]:
    """The steps after every change that was told."""
    told: list[tuple[Any, ...]] = []
    editor.changed.connect(lambda: told.append(editor.edits.steps))
    return told


def results(editor: StepEditor) -> list[str]:
    return [line.result for line in editor.list.lines]


def test_the_newest_step_is_chosen_and_shows_its_form(editor: StepEditor) -> None:
    assert editor.list.current == 1
    assert editor.about.text().startswith("Of rows whose text is the same")
    forms = [form for form in editor._forms.values() if form.isVisible()]
    assert forms == [editor._form()]
    editor.list.chosen.emit(1)
    assert [form for form in editor._forms.values() if form.isVisible()] == forms


def test_choosing_another_step_shows_its_own_settings(editor: StepEditor) -> None:
    editor.work_on(StepEdits((DropByLength(3), DropByLength(7, 9))), ("text",), Reading("text", {"text": "text"}))
    form = editor._form()
    assert isinstance(form, Form)
    assert form.value() == DropByLength(7, 9)
    QTest.keyClick(editor.list, Qt.Key.Key_Up)
    assert form.value() == DropByLength(3)


def test_what_came_of_each_step_is_said_until_the_steps_are_others(editor: StepEditor) -> None:
    assert results(editor) == ["…", "…"]
    tallies = (Tally(Normalise(), 0, 1_200), Tally(DropDuplicates(), 2_000, 0))
    editor.show_trial(Trial(9_000, tallies, (), True))
    assert results(editor) == ["1,200 changed", "−2,000"]
    editor.add("sample")
    assert results(editor) == ["…", "…", "…"]
    editor.show_trial(Trial(9_000, (*tallies, Tally(Sample(), 5, 6)), (), True))
    assert results(editor)[2] == "−5 · 6 changed"


def test_every_change_is_told_once(editor: StepEditor, changes: list[tuple[Any, ...]]) -> None:
    editor.add("redact")
    QTest.keyClick(editor.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(editor.list, Qt.Key.Key_Delete)
    editor.undo()
    editor.redo()
    assert [[type(step) for step in steps] for steps in changes] == [
        [Normalise, DropDuplicates, Redact],
        [Normalise, Redact, DropDuplicates],
        [Normalise, DropDuplicates],
        [Normalise, Redact, DropDuplicates],
        [Normalise, DropDuplicates],
    ]


def test_undo_is_offered_where_there_is_something_to_undo(editor: StepEditor) -> None:
    assert not editor.undo_button.isEnabled()
    editor.add("redact")
    assert editor.undo_button.isEnabled()
    QTest.mouseClick(editor.undo_button, Qt.MouseButton.LeftButton)
    assert not editor.undo_button.isEnabled()
    assert editor.edits.steps == (Normalise(), DropDuplicates())


def test_typing_in_a_form_is_one_change(editor: StepEditor) -> None:
    editor.add("drop_by_length")
    form = editor._form()
    assert isinstance(form, Form)
    box = form.row("minimum").editor
    box.setFocus()
    box.selectAll()  # type: ignore[attr-defined]
    QTest.keyClicks(box, "250")
    assert editor.edits.steps[2] == DropByLength(250)
    editor.undo()
    assert editor.edits.steps[2] == DropByLength()
    assert form.value() == DropByLength()


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (DropByLength(9, 3), "no row would stay"),
        (Redact(False, False, False, False), "changes nothing"),
        (Filter("lable == 1"), "Did you mean “label”?"),
        (Filter(""), "is empty"),
        (Filter('label == "ham" and length(text) > 3 and column("column 1") == 1'), ""),
        (DropDuplicates("near", 2.0), "must be at most 1"),
        (Normalise(), ""),
    ],
)
def test_a_step_that_cannot_work_says_why(editor: StepEditor, step: Any, words: str) -> None:
    assert (words in editor.trouble(step)) if words else editor.trouble(step) == ""
    editor.work_on(StepEdits((step,)), ("column 1", "column 2"), READING)
    assert editor.works == (not words)
    assert editor.list.lines[0].wrong == bool(words)


def test_a_filter_is_read_once_however_often_it_is_drawn(editor: StepEditor, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(step_editor, "read_filter", lambda expression, *_: read.append(expression))
    steps = (Filter("a"), Filter("b"), Normalise())
    editor.work_on(StepEdits(steps), ("column 1",), READING)
    editor.show_trial(None)
    assert editor.works
    assert sorted(read) == ["a", "b"]
    editor.work_on(StepEdits(steps), ("other",), READING)
    assert sorted(read) == ["a", "a", "b", "b"]


def test_without_steps_there_is_nothing_to_work_with(editor: StepEditor) -> None:
    editor.work_on(StepEdits(), ("text",), READING)
    assert (editor.works, editor.list.current, editor.about.text()) == (False, -1, "")
    assert not any(form.isVisible() for form in editor._forms.values())


def test_a_filter_names_columns_by_their_roles_where_their_names_are_no_words(look: Any, show: Any) -> None:
    form = FilterForm(look)
    show(form)
    form.set_words(("column 1", "column 2", "stars", "a b"), READING, "")
    assert form.columns.text() == 'Columns: label, text, stars, column("a b")'
    form.set_words([f"c{number}" for number in range(20)], READING, "Broken.")
    assert form.columns.text().endswith("c11, …")
    assert (form.problem.text(), form.problem.isVisible()) == ("Broken.", True)
    told: list[Any] = []
    form.changed.connect(told.append)
    form.set_value(Filter("a"))
    assert told == []
    QTest.keyClicks(form.editor, "b")
    assert told == [Filter("ba")] or told == [Filter("ab")]


# --- the list itself ------------------------------------------------------------------------------------------------


@pytest.fixture
def steps(look: Any, show: Any) -> StepList:
    steps = StepList(look)
    steps.set_lines([StepLine(f"step {number}", "−1") for number in range(3)], 0)
    show(steps)
    return steps


def moved_by(steps: StepList, point: QPoint, buttons: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
    where = QPointF(point)
    event = QMouseEvent(QEvent.Type.MouseMove, where, where, Qt.MouseButton.NoButton, buttons,
                        Qt.KeyboardModifier.NoModifier)  # fmt: skip
    QApplication.sendEvent(steps, event)


def test_the_arrows_stay_within_the_list(steps: StepList) -> None:
    chosen: list[int] = []
    steps.chosen.connect(chosen.append)
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down):
        QTest.keyClick(steps, key)
    assert chosen == [1, 2]
    moved: list[tuple[int, int]] = []
    steps.moved.connect(lambda place, to: moved.append((place, to)))
    QTest.keyClick(steps, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert moved == []


def test_a_small_move_of_the_mouse_is_no_drag(steps: StepList) -> None:
    moved: list[tuple[int, int]] = []
    steps.moved.connect(lambda place, to: moved.append((place, to)))
    QTest.mousePress(steps, Qt.MouseButton.LeftButton, pos=QPoint(60, ROW - 3))
    moved_by(steps, QPoint(60, ROW + 1), Qt.MouseButton.LeftButton)
    QTest.mouseRelease(steps, Qt.MouseButton.LeftButton, pos=QPoint(60, ROW + 1))
    assert (moved, steps.current) == ([], 0)


def test_what_the_mouse_rests_on_is_explained(steps: StepList) -> None:
    point = QPoint(60, ROW + 5)
    QApplication.sendEvent(steps, QHelpEvent(QEvent.Type.ToolTip, point, steps.mapToGlobal(point)))
    assert QToolTip.text().startswith("step 1\n−1\nDrag to move it")
    QToolTip.hideText()


def test_the_list_is_as_high_as_its_steps_and_paints_in_every_state(steps: StepList) -> None:
    assert steps.sizeHint().height() == 3 * ROW
    plain = steps.grab().toImage()
    moved_by(steps, QPoint(60, 2 * ROW + 5))
    assert steps.grab().toImage() != plain
    steps.set_lines([StepLine("a step with far more words than there is room for in such a list", wrong=True)], 0)
    assert steps.sizeHint().height() == ROW
    assert steps.grab().toImage() != plain
    steps.set_lines([], -1)
    QTest.keyClick(steps, Qt.Key.Key_Delete)
    QTest.keyClick(steps, Qt.Key.Key_Down)
    assert steps.current == -1
