"""The list of what is in the project: what each line says, and to whom."""

from typing import Any

import pytest
from PySide6.QtCore import Qt

from studio.store.datasets import Dataset, edited
from studio.tables.source_list import SourceList, SourceRow

pytestmark = pytest.mark.gui


@pytest.fixture
def shown(session: Any, look: Any, show: Any, dataset: Dataset) -> SourceList:
    sources = SourceList(look)
    sources.set_sources([session.project.text("story"), edited(dataset, {0: None})], dataset, "story")
    show(sources)
    return sources


def test_texts_have_bytes_and_datasets_have_rows(shown: SourceList) -> None:
    rows: list[SourceRow] = shown.table.rows()
    assert [row.words for row in rows] == ["story", "letters@2"]
    assert [row.weight for row in rows] == ["20 kB", "39 rows"]
    assert shown.title.text() == "Texts and datasets"


def test_the_chosen_one_is_found_whatever_its_version(shown: SourceList) -> None:
    assert [row.name for row in shown.table.selected_rows()] == ["letters"]


def test_a_screen_reader_hears_what_the_pictures_say(shown: SourceList) -> None:
    model = shown.table.model()
    role = Qt.ItemDataRole.AccessibleTextRole
    said = [model.data(model.index(place, 0), role) for place in (0, 1)]
    assert said == ["story, in use", "letters: dataset, 39 rows, version 2"]


def test_choosing_tells_kind_and_name(shown: SourceList, qtbot: Any) -> None:
    with qtbot.waitSignal(shown.chosen) as told:
        shown.table.select(shown.table.rows()[0])
    assert told.args == ["text", "story"]


def test_only_texts_are_called_texts(shown: SourceList, session: Any) -> None:
    shown.set_sources([session.project.text("story")], None, "")
    assert shown.title.text() == "Texts"
    assert shown.table.selected_rows() == []
