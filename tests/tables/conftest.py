"""The stage of panels' tests, and small datasets that every test may change: a change makes a new version."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget

from studio.rows.kinds import Reading
from studio.store.datasets import Dataset
from tests.panels.conftest import look as look
from tests.panels.conftest import on_screen as on_screen
from tests.panels.conftest import session as session

LABELLED = Reading("labelled", {"text": "text", "label": "label"}, "There are columns named “text” and “label”.")


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """A table of forty short messages, half of them spam."""
    lines = [f"{'spam' if number % 2 else 'ham'},message {number} about ships" for number in range(40)]
    path = tmp_path / "letters.csv"
    path.write_text("label,text\n" + "\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture
def dataset(session: Any, letters: Path) -> Dataset:
    """The same as a dataset of the project."""
    made: Dataset = session.project.add_dataset(letters, None, LABELLED, name="letters")
    return made


@pytest.fixture
def show(on_screen: Callable[[QWidget], None], scripted_run: Any) -> Callable[[QWidget], None]:
    """Shows a widget and lets every job end."""

    def do(widget: QWidget) -> None:
        on_screen(widget)
        scripted_run.settle()

    return do
