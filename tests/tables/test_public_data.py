"""The way to public datasets, and into a project that is made if need be."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QWidget

from studio.tables import hub_dialog
from studio.tables.public_data import PublicData

pytestmark = pytest.mark.gui


class Dialog(QDialog):
    """Stands where the dialog stands."""

    fetched = Signal(list)

    def __init__(self, session: Any, look: Any, parent: QWidget) -> None:
        super().__init__(parent)

    def open(self) -> None:
        """Never on the screen."""


@pytest.fixture
def way(session: Any, look: Any, show: Any, monkeypatch: Any) -> PublicData:
    monkeypatch.setattr(hub_dialog, "HubDatasetDialog", Dialog)
    window = QWidget()
    show(window)
    return PublicData(session, look, window)


def test_what_was_fetched_is_passed_on(way: PublicData, qtbot: Any) -> None:
    way.button().click()
    assert isinstance(way.dialog, Dialog)
    with qtbot.waitSignal(way.fetched) as told:
        way.dialog.fetched.emit([Path("mail.parquet")])
    assert told.args == [[Path("mail.parquet")]]
    way.dialog.reject()
    assert way.dialog is None


def test_a_project_is_made_for_it(way: PublicData, session: Any) -> None:
    session.close_project()
    way.ask()
    assert session.project.name == "My project"
    assert way.dialog is not None
    way.dialog.reject()
