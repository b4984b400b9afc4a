"""Cleaning: steps are chosen, edited, moved and taken back; what they would do is seen before it is done."""

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from studio.rows import Values
from studio.rows.kinds import Reading
from studio.rows.steps import STEPS, DropByLength, DropDuplicates, Filter, Normalise, Redact
from studio.store import cleaning_trial
from studio.store.cleaning_trial import GONE, NEW, SAME, Shown
from studio.store.datasets import Dataset
from studio.tables.change_list import LINES, ChangeList
from studio.tables.cleaning_view import CleaningView
from studio.tables.step_list import ROW, StepLine, StepList
from studio.widgets.label import Label
from tests.store.rows import dataset_of

pytestmark = pytest.mark.gui
SMS = Reading("labelled", {"text": "text", "label": "label"})
ROWS: list[Values] = [
    {"label": "ham", "text": "Hello you"},
    {"label": "spam", "text": "Write to anna@example.org"},
    {"label": "ham", "text": "Hello  you "},
    {"label": "ham", "text": "Hello you"},
    {"label": "spam", "text": "Win"},
]


@pytest.fixture
def view(session: Any, look: Any, show: Any, scripted_run: Any) -> CleaningView:
    """The view of five messages, without a step."""
    view = CleaningView(session, look)
    view._timer.setInterval(0)
    show(view)
    view.set_source(dataset_of(session.project, ROWS, SMS, "sms"))
    scripted_run.settle()
    return view


@pytest.fixture
def add(view: CleaningView, scripted_run: Any) -> Any:
    """Adds steps and waits for what they would do."""

    def do(*names: str) -> None:
        for name in names:
            view.editor.add(name)
        rest(view, scripted_run)

    return do


def rest(view: CleaningView, stage: Any) -> None:
    """Waits until the steps as they are now were tried out."""
    stage.until(lambda: view._fresh is not None or not view.editor.works)
    stage.settle()


def results(view: CleaningView) -> list[str]:
    return [line.result for line in view.editor.list.lines]


def press(widget: Any, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(widget, key, modifier)


def test_in_a_low_window_the_kinds_of_steps_scroll_instead_of_being_squeezed(
    view: CleaningView, add: Any, show: Any
) -> None:
    add("redact")
    view.editor.edits.clear()
    view.set_source(view.source)
    window = QWidget()
    view.setParent(window)
    view.setGeometry(0, 0, 488, 240)
    show(window)
    assert view.height() == 240
    assert view.undo_all.isVisible()
    for card in view.cards.values():
        for words in filter(QWidget.isVisible, card.findChildren(Label)):
            assert words.height() >= words.heightForWidth(words.width())
    view.setParent(None)


# --- steps ----------------------------------------------------------------------------------------------------------


def test_before_the_first_step_all_kinds_are_offered(view: CleaningView, scripted_run: Any) -> None:
    assert view.stack.currentIndex() == 0
    assert list(view.cards) == list(STEPS)
    QTest.mouseClick(view.cards["drop_duplicates"], Qt.MouseButton.LeftButton)
    rest(view, scripted_run)
    assert view.stack.currentIndex() == 1
    assert view.editor.edits.steps == (DropDuplicates(),)
    assert results(view) == ["−1"]


def test_what_each_step_does_is_counted_and_the_button_says_the_sum(view: CleaningView, add: Any) -> None:
    add("normalise", "drop_duplicates", "redact")
    assert results(view) == ["1 changed", "−2", "1 changed"]
    assert view.extent.text() == "all of it: 5 rows"
    assert view.make.text() == "Make version 2 (−2 rows)"
    assert [(change.number, change.dropped) for change in view.changes.shown] == [(1, False), (2, True), (3, True)]


def test_only_what_one_step_did_is_shown_on_request(view: CleaningView, add: Any) -> None:
    add("drop_duplicates", "redact")
    view.which._buttons["one"].click()
    assert [change.number for change in view.changes.shown] == [1]
    press(view.editor.list, Qt.Key.Key_Up)
    assert [change.number for change in view.changes.shown] == [3]
    view.which._buttons["all"].click()
    assert len(view.changes.shown) == 2


def test_a_step_is_edited_and_the_preview_follows(view: CleaningView, add: Any, scripted_run: Any) -> None:
    add("drop_by_length")
    assert results(view) == ["nothing to do"]
    assert (view.make.text(), view.make.isEnabled()) == ("Nothing would change", False)
    assert view.nothing.isVisible()
    form = view.editor._form()
    editor = form.row("minimum").editor  # type: ignore[union-attr]
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, "5")
    rest(view, scripted_run)
    assert view.editor.edits.steps == (DropByLength(5),)
    assert results(view) == ["−1"]
    assert view.make.text() == "Make version 2 (−1 row)"


def test_steps_are_moved_with_alt_and_arrows_and_dropped_with_delete(
    view: CleaningView, add: Any, scripted_run: Any
) -> None:
    add("drop_duplicates", "normalise")
    assert results(view) == ["−1", "1 changed"]
    press(view.editor.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    rest(view, scripted_run)
    assert [type(step) for step in view.editor.edits.steps] == [Normalise, DropDuplicates]
    assert results(view) == ["1 changed", "−2"]
    assert view.editor.list.current == 0
    press(view.editor.list, Qt.Key.Key_Delete)
    rest(view, scripted_run)
    assert [type(step) for step in view.editor.edits.steps] == [DropDuplicates]


def test_everything_is_taken_back_by_the_keyboard(view: CleaningView, add: Any, scripted_run: Any) -> None:
    add("drop_duplicates", "redact")
    press(view.editor.list, Qt.Key.Key_Delete)
    press(view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert view.editor.edits.steps == (DropDuplicates(), Redact())
    QTest.mouseClick(view.editor.undo_button, Qt.MouseButton.LeftButton)
    QTest.mouseClick(view.editor.undo_button, Qt.MouseButton.LeftButton)
    assert view.stack.currentIndex() == 0
    QTest.keySequence(view, "Ctrl+Shift+Z")
    assert view.editor.edits.steps == (DropDuplicates(),)
    rest(view, scripted_run)


def test_a_filter_that_cannot_be_read_says_why_where_it_is_typed(
    view: CleaningView, add: Any, scripted_run: Any
) -> None:
    add("filter")
    form: Any = view.editor._form()
    assert form.columns.text() == "Columns: label, text"
    form.editor.setFocus()
    form.editor.selectAll()
    QTest.keyClicks(form.editor, 'lable == "ham"')
    assert "Did you mean “label”?" in form.problem.text()
    assert (results(view), view.make.isEnabled()) == (["cannot work like this"], False)
    assert view.make.text() == "A step cannot work"
    press(form.editor, Qt.Key.Key_Home)
    for _ in range(5):
        press(form.editor, Qt.Key.Key_Delete)
    QTest.keyClicks(form.editor, "label")
    rest(view, scripted_run)
    assert view.editor.edits.steps == (Filter('label == "ham"'),)
    assert not form.problem.isVisible()
    assert results(view) == ["−2"]


def test_every_kind_of_step_can_be_added_from_the_menu(view: CleaningView, add: Any, scripted_run: Any) -> None:
    add("sample")
    for action in view.editor.menu().actions():
        action.trigger()
    rest(view, scripted_run)
    assert [type(step) for step in view.editor.edits.steps[1:]] == list(STEPS.values())
    assert all(result and result != "…" for result in results(view))


def test_the_threshold_is_there_for_near_duplicates_only(view: CleaningView, add: Any, scripted_run: Any) -> None:
    add("drop_duplicates")
    form: Any = view.editor._form()
    assert not form.row("threshold").isVisible()
    editor = form.row("how").editor
    editor.setFocus()
    press(editor, Qt.Key.Key_Down)
    rest(view, scripted_run)
    assert view.editor.edits.steps == (DropDuplicates("near"),)
    assert form.row("threshold").isVisible()


# --- making ---------------------------------------------------------------------------------------------------------


def test_the_button_makes_the_next_version_and_the_steps_are_done(
    view: CleaningView, add: Any, scripted_run: Any, session: Any
) -> None:
    made: list[Any] = []
    view.made.connect(made.append)
    add("normalise", "drop_duplicates")
    QTest.mouseClick(view.make, Qt.MouseButton.LeftButton)
    assert not view.make.isEnabled()
    scripted_run.until(lambda: bool(made))
    assert isinstance(made[0], Dataset)
    assert (made[0].title, made[0].rows) == ("sms@2", 3)
    assert session.project.dataset("sms").parent == 1
    view.set_source(made[0])
    assert view.stack.currentIndex() == 0
    view.undo_all.click()
    rest(view, scripted_run)
    assert view.editor.edits.steps == (Normalise(), DropDuplicates())
    assert results(view) == ["nothing to do", "nothing to do"]


def test_steps_that_are_chosen_while_the_next_version_is_made_stay(
    view: CleaningView, add: Any, scripted_run: Any
) -> None:
    made: list[Any] = []
    view.made.connect(made.append)
    add("drop_duplicates")
    view.make.click()
    view.editor.add("normalise")
    scripted_run.until(lambda: bool(made))
    assert made[0].rows == 4
    assert view.editor.edits.steps == (DropDuplicates(), Normalise())
    view.set_source(made[0])
    rest(view, scripted_run)
    assert results(view)[0] == "nothing to do"


def test_a_text_becomes_a_cleaner_text(view: CleaningView, scripted_run: Any, session: Any, tmp_path: Any) -> None:
    (tmp_path / "twice.txt").write_text("One.\n\nTwo.\n\nOne.", "utf-8")
    made: list[Any] = []
    view.made.connect(made.append)
    view.set_source(session.project.add_text([tmp_path / "twice.txt"]))
    view.editor.add("drop_duplicates")
    rest(view, scripted_run)
    assert view.make.text() == "Make a cleaned text (−1 paragraph)"
    view.make.click()
    scripted_run.until(lambda: bool(made))
    assert session.project.text("twice cleaned").path.read_text("utf-8") == "One.\n\nTwo."


def test_where_only_the_first_rows_were_tried_no_figure_is_promised(
    view: CleaningView, add: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning_trial, "MOST_ROWS", 3)
    add("normalise")
    assert view.extent.text() == "tried on the first 3 rows"
    assert (view.make.text(), view.make.isEnabled()) == ("Make version 2", True)


def test_each_source_keeps_its_own_steps(view: CleaningView, add: Any, scripted_run: Any, session: Any) -> None:
    first = view.source
    add("redact")
    view.set_source(dataset_of(session.project, ROWS[:2], SMS, "other"))
    assert view.stack.currentIndex() == 0
    view.set_source(first)
    rest(view, scripted_run)
    assert view.editor.edits.steps == (Redact(),)


def test_a_refusal_is_told_to_the_page(view: CleaningView, add: Any, scripted_run: Any, session: Any) -> None:
    refused: list[Any] = []
    view.refused.connect(refused.append)
    add("redact")
    (view.source.folder / "rows.jsonl").write_bytes(b"{\n")  # type: ignore[union-attr]
    view.make.click()
    scripted_run.until(lambda: bool(refused))
    assert "damaged" in refused[0].message
    scripted_run.settle()
    assert view.make.isEnabled()


def test_a_row_and_all_shown_rows_are_asked_for(view: CleaningView, add: Any) -> None:
    wanted: list[tuple[str, list[int]]] = []
    view.rows_requested.connect(lambda title, numbers: wanted.append((title, numbers)))
    add("drop_duplicates", "redact")
    QTest.mouseClick(view.changes, Qt.MouseButton.LeftButton, pos=QPoint(60, 10))
    view.changes.setFocus()
    press(view.changes, Qt.Key.Key_Down)
    press(view.changes, Qt.Key.Key_Return)
    view.rows_link.click()
    assert wanted == [("Row 2", [1]), ("Row 4", [3]), ("Cleaning", [1, 3])]


# --- the two lists --------------------------------------------------------------------------------------------------


def test_a_step_is_dragged_to_its_place(look: Any, show: Any) -> None:
    steps = StepList(look)
    steps.set_lines([StepLine(word) for word in ("one", "two", "three")], 0)
    show(steps)
    moved: list[tuple[int, int]] = []
    steps.moved.connect(lambda place, to: moved.append((place, to)))
    QTest.mousePress(steps, Qt.MouseButton.LeftButton, pos=QPoint(60, 10))
    for y in (20, 60, 2 * ROW + 10):
        QTest.mouseMove(steps, QPoint(60, y))
    assert not steps.grab().isNull()
    QTest.mouseRelease(steps, Qt.MouseButton.LeftButton, pos=QPoint(60, 2 * ROW + 10))
    assert moved == [(0, 2)]
    QTest.mousePress(steps, Qt.MouseButton.LeftButton, pos=QPoint(60, 10))
    QTest.mouseMove(steps, QPoint(60, 2 * ROW))
    press(steps, Qt.Key.Key_Escape)
    QTest.mouseRelease(steps, Qt.MouseButton.LeftButton, pos=QPoint(60, 2 * ROW))
    assert len(moved) == 1


def test_the_cross_takes_a_step_away_and_the_list_says_what_it_holds(look: Any, show: Any) -> None:
    steps = StepList(look)
    steps.set_lines([StepLine("one", "−3"), StepLine("two", "nothing to do")], 1)
    show(steps)
    removed: list[int] = []
    steps.removed.connect(removed.append)
    QTest.mouseClick(steps, Qt.MouseButton.LeftButton, pos=QPoint(steps.width() - 10, 10))
    assert removed == [0]
    assert steps.accessibleDescription() == "1. one, −3; 2. two, nothing to do"
    assert (steps.place_at(ROW + 1), steps.place_at(5 * ROW)) == (1, -1)


def test_a_long_change_takes_three_lines_and_says_that_there_is_more(look: Any, show: Any) -> None:
    changes = ChangeList(look)
    changes.resize(200, 400)
    show(changes)
    changes.resize(200, 400)
    changes.set_changes([Shown(0, 0, False, ((SAME, "many words " * 40), (GONE, " "), (NEW, "new")))], ["Step"])
    words = changes._laid[0].words
    assert max(line for _, line, *_ in words) == LINES - 1
    assert words[-1][-1] == "…"
    assert all(x + width <= 201 for x, _, width, *_ in words)
    assert not changes.grab().isNull()
    assert changes.accessibleDescription().startswith("Row 1, changed: many words")


def test_the_keyboard_walks_through_the_changes(look: Any, show: Any) -> None:
    changes = ChangeList(look)
    changes.set_changes([Shown(n, 0, True, ((SAME, f"row {n}"),)) for n in range(3)], ["Step"])
    show(changes)
    reached: list[int] = []
    changes.reached.connect(lambda top, height: reached.append(top // height))
    changes.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up):
        press(changes, key)
    assert reached == [0, 1, 2, 2, 1]
