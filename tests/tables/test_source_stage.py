"""The middle of the Data page: which views there are, rows that a view asks for, and the way back."""

from typing import Any

import pytest
from PySide6.QtTest import QTest

from studio.parts.source_view import SourceView
from studio.store.corpus import Text
from studio.store.datasets import Dataset
from studio.tables import source_stage
from studio.tables.rows_view import RowsView
from studio.tables.source_stage import SourceStage

pytestmark = pytest.mark.gui


class Seen(SourceView):
    """Stands where Contents stands, and remembers what it was told."""

    def __init__(self, session: Any, look: Any) -> None:
        super().__init__(session, look)
        self.told: list[Any] = []

    def set_source(self, source: Any) -> None:
        self.told.append(source)

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        self.told.append(what)


@pytest.fixture
def stage(session: Any, look: Any, show: Any, monkeypatch: Any) -> SourceStage:
    views = {name: source_stage._VIEWS[name] for name in ("text", "rows")}
    views["contents"] = ("Contents", __name__, "Seen")
    views |= {name: (name.title(), "studio.tables.nothing_here", "Nothing") for name in ("clean", "windows")}
    monkeypatch.setattr(source_stage, "_VIEWS", views)
    stage = SourceStage(session, look)
    show(stage)
    return stage


@pytest.fixture
def story(session: Any) -> Text:
    text: Text = session.project.text("story")
    return text


def rows_of(stage: SourceStage) -> RowsView:
    view = stage.view_named("rows")
    assert isinstance(view, RowsView)
    return view


def test_each_kind_of_source_has_its_own_views(stage: SourceStage, story: Text, dataset: Dataset) -> None:
    stage.set_source(story)
    assert list(stage.switches["text"].row._buttons) == ["text", "contents", "clean", "windows"]
    assert list(stage.switches["dataset"].row._buttons) == ["rows", "contents", "clean"]
    assert stage.switches["text"].isVisible()
    assert not stage.switches["dataset"].isVisible()
    stage.open_view("rows")
    assert stage.name == "text"
    stage.set_source(dataset)
    assert stage.name == "rows"
    assert stage.title.text() == "letters@1"
    assert stage.note.text() == "40 rows"


def test_a_view_is_made_when_it_is_opened_and_told_only_what_is_new(
    stage: SourceStage, story: Text, dataset: Dataset
) -> None:
    stage.set_source(story)
    stage.open_view("contents")
    seen: Any = stage.view
    assert seen.told == [story]
    stage.open_view("text")
    stage.refresh(frozenset({"draft"}))
    stage.open_view("contents")
    assert seen.told == [story]
    stage.set_source(dataset)  # it has its own last view
    stage.open_view("contents")
    stage.refresh(frozenset({"draft"}))
    assert seen.told == [story, dataset, frozenset({"draft"})]


def test_rows_that_a_view_asks_for_have_a_way_back(stage: SourceStage, dataset: Dataset) -> None:
    stage.set_source(dataset)
    stage.open_view("contents")
    seen: Any = stage.view
    seen.rows_requested.emit("Duplicates", [3, 5])
    rows = rows_of(stage)
    assert stage.view is rows
    assert rows.picks.label.text() == "Duplicates · 2 rows"
    assert rows.grid.rows.rowCount() == 2
    rows.picks.buttons[0].click()
    assert stage.view is seen
    stage.open_view("rows")
    assert rows.grid.rows.rowCount() == 40
    assert not rows.picks.isVisible()


def test_pieces_of_a_text_have_a_way_back_too(stage: SourceStage, story: Text, scripted_run: Any) -> None:
    stage.set_source(story)
    stage.open_view("contents")
    stage.show_rows("Long ones", [0])
    scripted_run.until(lambda: rows_of(stage).grid.rows.rowCount() == 1)
    rows_of(stage).picks.buttons[0].click()
    assert stage.name == "contents"
    stage.show_rows("Long ones", [0])
    stage.switches["text"].row._buttons["contents"].click()
    assert stage.name == "contents"


def test_what_views_make_and_refuse_is_passed_on(stage: SourceStage, dataset: Dataset, qtbot: Any) -> None:
    stage.set_source(dataset)
    with qtbot.waitSignal(stage.made) as made:
        rows_of(stage).made.emit(dataset)
    assert made.args == [dataset]


def test_the_switch_becomes_a_list_where_there_is_no_room(stage: SourceStage, story: Text) -> None:
    stage.set_source(story)
    stage.resize(260, 400)
    QTest.qWait(1)
    assert stage.switches["text"].list.isVisible()
    stage.resize(900, 400)
    QTest.qWait(1)
    assert stage.switches["text"].row.isVisible()


def test_the_first_lines_and_only_they_say_how_many_they_are(
    stage: SourceStage, session: Any, dataset: Dataset, tmp_path: Any, scripted_run: Any
) -> None:
    path = tmp_path / "long.txt"
    path.write_text("line\n" * 900, "utf-8")
    stage.set_source(session.project.add_text([path], "long"))
    scripted_run.settle()
    assert stage.note.text() == "first 400 of 900 lines"
    stage.open_view("contents")
    assert stage.note.text() == ""
    stage.open_view("text")
    assert stage.note.text() == "first 400 of 900 lines"
    stage.set_source(dataset)
    assert stage.note.text() == "40 rows"


def test_views_of_what_was_saved_say_what_is_not_in_it(stage: SourceStage, dataset: Dataset) -> None:
    stage.set_source(dataset)
    rows_of(stage).edits.remove([3])
    assert stage.note.text() == "40 rows"  # the rows show it themselves
    stage.open_view("contents")
    assert stage.note.text() == "40 rows · unsaved: 1 row deleted"
