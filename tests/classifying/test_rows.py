"""The list of rows: its texts, its labels, and what becomes of those that a person changes."""

from typing import Any

import pytest
from PySide6.QtCore import Qt

from studio.classifying.relabels import Relabels, like, save_relabelled
from studio.classifying.results import results_of
from studio.classifying.row_list import MOST, RowList
from studio.core.errors import StudioError
from studio.rows.kinds import Reading
from studio.store.datasets import edited
from studio.widgets.look import Look
from tests.classifying.guesses import guessed

pytestmark = pytest.mark.gui


@pytest.fixture
def rows(look: Look, qtbot: Any) -> RowList:
    found = RowList(look, Relabels())
    qtbot.addWidget(found)
    found.resize(700, 400)
    found.set_results(results_of(guessed(rows=60)))
    return found


def test_only_texts_that_are_not_there_yet_are_asked_for(rows: RowList, qtbot: Any):
    with qtbot.waitSignal(rows.texts_wanted) as told:
        rows.show_list("worst")
    assert len(told.args[0]) == 60
    rows.set_texts({number: f"text {number}" for number in told.args[0][:-1]})
    with qtbot.waitSignal(rows.texts_wanted) as again:
        rows.show_places("some", list(range(60)))
    assert again.args[0] == told.args[0][-1:]
    assert rows.rows()[0].text.startswith("text")


def test_a_long_list_says_that_it_is_cut(look: Look, qtbot: Any):
    found = RowList(look, Relabels())
    qtbot.addWidget(found)
    found.set_results(results_of(guessed(rows=MOST + 20)))
    found.show_places("all", list(range(MOST + 20)))
    assert len(found.rows()) == MOST
    assert found.note.text() == "the first 500 of 520"


def test_of_two_classes_relabelling_takes_the_other_one_and_can_be_taken_back(rows: RowList):
    rows.show_list("worst")
    first = rows.table.rows()[0]
    rows.table.link_clicked.emit(first, "")
    assert rows.relabels.labels == {first.number: "ham" if first.truth == "spam" else "spam"}
    assert not rows.bar.isHidden()
    assert rows.count.text() == "1 row has another label"
    assert rows.save.text() == "Save as the next version of “spam”"
    rows.table.link_clicked.emit(rows.table.rows()[0], "")
    assert rows.relabels.labels == {}
    rows.undo.click()
    assert first.number in rows.relabels.labels
    rows.undo.click()
    assert rows.relabels.labels == {}
    assert rows.bar.isHidden()


def test_of_many_classes_the_guess_is_offered_first(look: Look, qtbot: Any):
    found = RowList(look, Relabels())
    qtbot.addWidget(found)
    found.set_results(results_of(guessed(classes=4, rows=60)))
    found.show_list("worst")
    wrong = found.rows()[0]
    menu = found.menu_for(wrong)
    assert next(action.text() for action in menu.actions()) == wrong.guess
    assert len(menu.actions()) == 3
    menu.actions()[0].trigger()
    assert found.relabels.labels == {wrong.number: wrong.guess}
    menu.deleteLater()


def test_where_a_row_may_have_several_classes_all_that_were_guessed_are_offered_together(look: Look, qtbot: Any):
    found = RowList(look, Relabels())
    qtbot.addWidget(found)
    found.set_results(results_of(guessed(classes=3, rows=60, several=True)))
    found.show_list("worst")
    wrong = found.rows()[0]
    menu = found.menu_for(wrong)
    assert [action.text() for action in menu.actions()] == [wrong.guess]
    menu.deleteLater()


def test_the_list_of_doubtful_labels_says_how_many_there_are(rows: RowList):
    rows.show_list("doubtful")
    assert rows._results is not None
    assert rows.title.text() == f"{len(rows._results.doubtful):,} rows may be mislabelled"
    assert len(rows.rows()) == len(rows._results.doubtful)


def test_a_row_is_chosen_by_the_keyboard(rows: RowList, qtbot: Any):
    rows.show_list("worst")
    rows.show()
    rows.table.setFocus()
    with qtbot.waitSignal(rows.row_chosen) as told:
        qtbot.keyClick(rows.table, Qt.Key.Key_Down)
    assert told.args[0].place == rows._places[0]


def test_several_changes_undo_in_their_order():
    found = Relabels()
    found.set(1, "ham")
    found.set(1, "spam")
    found.set(2, "ham")
    found.undo()
    assert found.labels == {1: "spam"}
    found.undo()
    assert found.labels == {1: "ham"}
    found.clear()
    found.undo()
    assert found.labels == {}


def test_labels_keep_the_type_of_their_column():
    assert like("ham", "spam") == "spam"
    assert like(0, "1") == 1
    assert isinstance(like(0, "1"), int)
    assert like(0, "unsure") == "unsure"
    assert like(True, "False") is False
    assert like(0.5, "1.5") == 1.5


def test_the_new_labels_become_one_next_version(session: Any):
    made = save_relabelled(session.project, "spam@1", {0: "ham", 3: "ham"})
    assert (made.title, made.parent) == ("spam@2", 1)
    assert [row["label"] for row in made.page(0, 4)] == ["ham", "ham", "ham", "ham"]
    assert made.page(0, 1)[0]["text"] == session.project.dataset("spam@1").page(0, 1)[0]["text"]
    assert made.changed == "2 rows changed."


def test_a_dataset_without_a_label_column_is_refused(session: Any):
    first = session.project.dataset("spam@1")
    edited(first, {}, reading=Reading("text", {"text": "text"}))
    with pytest.raises(StudioError, match="holds the labels"):
        save_relabelled(session.project, "spam@2", {0: "ham"})


def test_all_rows_of_a_cell_are_asked_for_on_the_data_page_by_their_numbers(rows: RowList, qtbot: Any):
    rows.set_results(results_of(guessed(rows=700)))
    rows.show_list("worst")
    assert rows.data.isVisibleTo(rows)
    rows.show_places("ham read as spam · 600 rows", list(range(600)))
    with qtbot.waitSignal(rows.data_requested) as told:
        qtbot.mouseClick(rows.data, Qt.MouseButton.LeftButton)
    assert told.args[0] == "ham read as spam · 600 rows"
    assert told.args[1] == tuple(range(600))  # more than are listed here
    rows.show_places("none", [])
    assert not rows.data.isVisibleTo(rows)
