"""A dataset becomes a text to learn from: every row of it, once, and whatever goes wrong is told."""

import re
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.tables.writing_out import WritingOut

pytestmark = pytest.mark.gui


@pytest.fixture
def dataset(scripted_run: Any, tmp_path: Path) -> Any:
    path = tmp_path / "notes.csv"
    path.write_text("text\n" + "".join(f"note number {number}\n" for number in range(20)), "utf-8")
    return scripted_run.session.project.add_dataset(path)


def test_the_text_holds_every_row_and_lies_in_the_project(scripted_run: Any, dataset: Any) -> None:
    writing, made, busy = WritingOut(scripted_run.session, scripted_run.session), [], []
    writing.written.connect(made.append)
    writing.changed.connect(lambda: busy.append(writing.busy))
    writing.write(dataset)
    scripted_run.settle()
    (text,) = made
    assert re.findall(r"note number \d+", text.path.read_text("utf-8")) == [f"note number {n}" for n in range(20)]
    assert text.name in [found.name for found in scripted_run.session.project.texts()]
    assert busy == [True, False]


def test_what_cannot_be_written_is_told_and_another_can_be_begun(
    scripted_run: Any, dataset: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: Any, **_more: Any) -> None:
        raise StudioError("The disk is full.", "Make room.")

    monkeypatch.setattr("studio.store.dataset_texts.text_from", full)
    writing, told = WritingOut(scripted_run.session, scripted_run.session), list[StudioError]()
    writing.refused.connect(told.append)
    writing.write(dataset)
    scripted_run.settle()
    assert [error.message for error in told] == ["The disk is full."]
    assert not writing.busy
    assert scripted_run.session.project.texts() == []
