"""The way to the samples: cards with what each is good for, one is added by mouse or keyboard, and called off."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from studio.core.errors import StudioError
from studio.samples import Sample
from studio.store import sample_datasets
from studio.tables.sample_data import SampleData
from studio.tables.samples_dialog import SamplesDialog

pytestmark = pytest.mark.gui
ROLES = {"text": "text", "label": "label"}


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Rows wait until it is set; a test that fails lets them go, too."""
    event = threading.Event()
    event.set()
    yield event
    event.set()


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch, gate: threading.Event) -> dict[str, Sample]:
    """Three small samples instead of the real ones."""

    def rows(seed: int) -> Iterator[dict[str, Any]]:
        yield {"text": f"one {seed}", "label": "a"}
        gate.wait(5)
        yield from ({"text": f"more {number}", "label": "b"} for number in range(600))

    found = {
        name: Sample(name, label, f"About {label}.", "labelled", ROLES, rows, seed, count=601)
        for seed, (name, label) in enumerate((("one", "First"), ("two", "Second"), ("three", "Third")))
    }

    class Shelf:
        def names(self) -> tuple[str, ...]:
            return tuple(found)

        def load(self, name: str) -> Sample:
            return found[name]

    monkeypatch.setattr(sample_datasets, "SAMPLES", Shelf())
    return found


@pytest.fixture
def dialog(session: Any, look: Any, show: Any, shelf: dict[str, Sample]) -> SamplesDialog:
    dialog = SamplesDialog(session, look)
    show(dialog)
    return dialog


def names(session: Any) -> list[str]:
    return [dataset.title for dataset in session.project.datasets()]


def test_each_card_says_what_it_is_and_the_first_is_chosen(dialog: SamplesDialog) -> None:
    cards = dialog.cards.cards
    assert [card.title.text() for card in cards.values()] == ["First", "Second", "Third"]
    assert cards["two"].about.text() == "About Second."
    assert cards["two"].facts.text() == "601 rows · Text and label"
    assert dialog.cards.value() == "one"
    assert dialog.add_button.text() == "Add “First”"
    assert all(card.accessibleName() and card.accessibleDescription() for card in cards.values())


def test_one_is_added_by_the_keyboard_alone(dialog: SamplesDialog, session: Any, scripted_run: Any) -> None:
    made: list[Any] = []
    dialog.made.connect(made.append)
    QTest.keyClick(dialog.cards.cards["one"], Qt.Key.Key_Right)
    assert (dialog.cards.value(), dialog.add_button.text()) == ("two", "Add “Second”")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    scripted_run.until(lambda: bool(made))
    scripted_run.settle()
    assert names(session) == ["two@1"]
    assert made[0].rows == 601
    assert not dialog.isVisible()


def test_one_is_added_by_the_mouse_and_another_click_does_nothing(
    dialog: SamplesDialog, session: Any, scripted_run: Any, gate: threading.Event
) -> None:
    gate.clear()
    QTest.mouseClick(dialog.cards.cards["three"], Qt.MouseButton.LeftButton)
    QTest.mouseClick(dialog.add_button, Qt.MouseButton.LeftButton)
    assert dialog.progress.isVisible()
    assert not dialog.add_button.isEnabled()
    assert not dialog.cards.isEnabled()
    dialog.add()
    gate.set()
    scripted_run.settle()
    assert names(session) == ["three@1"]
    assert not dialog.isVisible()


def test_escape_calls_it_off_and_leaves_nothing(
    dialog: SamplesDialog, session: Any, scripted_run: Any, gate: threading.Event
) -> None:
    gate.clear()
    dialog.add()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    gate.set()
    scripted_run.settle()
    assert names(session) == []
    assert not dialog.isVisible()


def test_called_off_by_its_own_link_another_can_be_chosen(
    dialog: SamplesDialog, session: Any, scripted_run: Any, gate: threading.Event
) -> None:
    gate.clear()
    dialog.add()
    dialog.progress.cancel.click()
    gate.set()
    scripted_run.settle()
    assert dialog.isVisible()
    assert dialog.add_button.isEnabled()
    assert dialog.cards.isEnabled()
    assert names(session) == []


def test_what_is_here_already_is_marked_and_shown_instead(
    session: Any, look: Any, show: Any, shelf: dict[str, Sample], scripted_run: Any
) -> None:
    sample_datasets.add_sample(session.project, "one")
    dialog = SamplesDialog(session, look)
    show(dialog)
    assert dialog.cards.cards["one"].facts.text() == "601 rows · here already"
    assert dialog.add_button.text() == "Show “First”"
    made: list[Any] = []
    dialog.made.connect(made.append)
    dialog.add()
    scripted_run.settle()
    assert [dataset.title for dataset in made] == names(session) == ["one@1"]


def test_a_refusal_is_said_in_the_dialog(
    dialog: SamplesDialog, session: Any, scripted_run: Any, monkeypatch: Any
) -> None:
    def refused(*_arguments: Any, **_more: Any) -> Any:
        raise StudioError("The disk is full.", "Make room.")

    monkeypatch.setattr(sample_datasets, "making", refused)
    dialog.add()
    scripted_run.settle()
    assert dialog.banner.message.text() == "The disk is full."
    assert dialog.add_button.isEnabled()
    session.close_project()
    dialog.add()
    assert dialog.isVisible()
    assert dialog.banner.isVisible()


# --- the way to it ----------------------------------------------------------------------------------------------------


@pytest.fixture
def way(session: Any, look: Any, show: Any, shelf: dict[str, Sample]) -> SampleData:
    window = QWidget()
    show(window)
    return SampleData(session, look, window)


def test_the_link_opens_the_dialog_and_passes_on_what_was_made(way: SampleData, scripted_run: Any) -> None:
    made: list[Any] = []
    way.made.connect(made.append)
    way.button().click()
    assert isinstance(way.dialog, SamplesDialog)
    way.dialog.add()
    scripted_run.settle()
    assert made[0].title == "one@1"
    assert way.dialog is None


def test_a_project_is_made_for_it(way: SampleData, session: Any, scripted_run: Any) -> None:
    session.close_project()
    way.ask()
    assert session.project.name == "My project"
    assert way.dialog is not None
    way.dialog.reject()
    scripted_run.settle()
