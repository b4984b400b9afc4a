"""The ways of the Data page that go through a dialog."""

from typing import Any

import pytest
from PySide6.QtWidgets import QDialog, QWidget

from studio.core.errors import StudioError
from studio.tables import one_dialog
from studio.tables.one_dialog import OneDialog
from studio.tables.public_data import PublicData
from studio.tables.sample_data import SampleData

pytestmark = pytest.mark.gui


@pytest.fixture
def window(on_screen: Any) -> QWidget:
    window = QWidget()
    on_screen(window)
    return window


@pytest.mark.parametrize("kind", [PublicData, SampleData])
def test_without_a_place_for_a_project_nothing_is_asked(
    session: Any, look: Any, window: QWidget, monkeypatch: pytest.MonkeyPatch, kind: type[PublicData | SampleData]
) -> None:
    def refused(*_arguments: Any) -> None:
        raise StudioError("The disk is full.")

    monkeypatch.setattr(one_dialog, "ensure_project", refused)
    way, told = kind(session, look, window), list[StudioError]()
    way.refused.connect(told.append)
    way.ask()
    assert [error.message for error in told] == ["The disk is full."]
    assert way.dialog is None


@pytest.mark.parametrize("end", [QDialog.accept, QDialog.reject, QWidget.close])
def test_a_dialog_is_forgotten_in_whatever_way_it_is_closed(
    session: Any, look: Any, window: QWidget, qtbot: Any, end: Any
) -> None:
    way, dialog = OneDialog(session, look, window), QDialog(window)
    way.open(dialog)
    assert way.dialog is dialog
    assert dialog.isVisible()
    with qtbot.waitSignal(dialog.destroyed):
        end(dialog)
    assert way.dialog is None


def test_a_project_that_is_open_is_the_one_that_things_come_into(session: Any, look: Any, window: QWidget) -> None:
    before = session.project
    assert OneDialog(session, look, window).has_project()
    assert session.project is before
    session.close_project()
    assert OneDialog(session, look, window).has_project()
    assert session.project is not None
