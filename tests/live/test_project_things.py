"""What datasets and tokenizers of a project share: news when something changes, and the way out of the trash."""

from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError

pytestmark = pytest.mark.gui


def test_a_deleted_dataset_comes_back_with_its_rows_and_both_are_told(scripted_run: Any, tmp_path: Path) -> None:
    session, told = scripted_run.session, list[frozenset[str]]()
    table = tmp_path / "sms.csv"
    table.write_text("label,text\nham,hello\nspam,win\n", "utf-8")
    dataset = session.project.add_dataset(table)
    session.datasets.changed.connect(told.append)
    undo = session.datasets.delete(dataset.name)
    assert session.project.datasets() == []
    undo.undo()
    assert [found.rows for found in session.project.datasets()] == [2]
    assert told == [frozenset({"datasets"})] * 2


def test_what_cannot_come_back_is_said_and_the_lists_are_looked_at_anew(scripted_run: Any, notices: Any) -> None:
    class Stuck:
        def restore(self) -> None:
            raise StudioError("There is another one of this name.", "Rename it first.")

    told = list[frozenset[str]]()
    tokenizers = scripted_run.session.tokenizers
    tokenizers.changed.connect(told.append)
    tokenizers._restore(Stuck())
    assert "another one of this name" in notices[-1].text
    assert told == [frozenset({"tokenizers"})]
