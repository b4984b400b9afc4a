"""The window as a whole: pages, title, docks, drops, layout."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from pytestqt.qtbot import QtBot

from studio.shell.window import StudioWindow
from tests.scripted_run import UNTIL_STOPPED, started, steps

pytestmark = pytest.mark.gui
NO_BUTTONS, NO_KEYS = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier


def action(window: StudioWindow, name: str) -> Any:
    return next(action for action in window.actions_list.all() if action.name == name)


def drop(window: StudioWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window.dragEnterEvent(QDragEnterEvent(QPoint(10, 10), Qt.DropAction.CopyAction, data, NO_BUTTONS, NO_KEYS))
    assert window.curtain.isVisible()
    window.dropEvent(QDropEvent(QPointF(10, 10), Qt.DropAction.CopyAction, data, NO_BUTTONS, NO_KEYS))


def test_it_opens_on_home_with_the_frame_around(window: StudioWindow) -> None:
    assert window.pages.name == "home"
    assert window.rail.buttons["home"].isChecked()
    assert window.status.isVisible()
    assert window.top.isVisible()
    assert not window.docks.jobs.isVisible()
    assert not window.docks.log.isVisible()


def test_the_keyboard_reaches_every_page(window: StudioWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    assert window.pages.name == "settings"
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.pages.name == "home"
    assert window.rail.buttons["home"].isChecked()


def test_ctrl_k_opens_the_palette_over_every_action(window: StudioWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window.palette_view.isVisible()
    shown = {match.action.name for match in window.palette_view.model.rows}
    assert {"go.home", "go.settings", "project.new", "theme.toggle", "run.pause", "quit"} <= shown
    window.palette_view.close_again()


def test_every_action_has_words_and_shortcuts_are_not_given_twice(window: StudioWindow) -> None:
    actions = window.actions_list.all()
    keys = [action.shortcut for action in actions if action.shortcut]
    assert all(action.text for action in actions)
    assert len(keys) == len(set(keys))


def test_the_title_tells_the_project_and_how_far_the_run_is(window: StudioWindow, scripted_run: Any) -> None:
    assert window.windowTitle() == "Tales – Atelier"
    run = scripted_run.start([started(50), *steps(10), UNTIL_STOPPED])
    scripted_run.until(lambda: run.step == 10)
    scripted_run.until(lambda: window.windowTitle() == "20 % · tale – Tales – Atelier")
    scripted_run.session.stop_run(run)
    scripted_run.settle()
    assert window.windowTitle() == "Tales – Atelier"


def test_the_status_follows_the_run_from_every_page(window: StudioWindow, scripted_run: Any) -> None:
    window.pages.open("settings")
    run = scripted_run.start([started(50), *steps(10), UNTIL_STOPPED])
    scripted_run.until(lambda: window.status.steps.text() == "10 / 50")
    action(window, "run.pause").slot()
    scripted_run.until(lambda: run.state == "paused")
    assert window.status.phase.text() == "Paused · tale"
    action(window, "run.stop").slot()
    scripted_run.settle()
    assert window.status.phase.text() == "Ready"


def test_notices_become_toasts(window: StudioWindow, scripted_run: Any) -> None:
    scripted_run.session.notices.post("good", "The run is finished.")
    assert [toast.text for toast in window.toasts.toasts] == ["The run is finished."]


def test_docks_are_shown_and_hidden_by_their_actions(window: StudioWindow) -> None:
    for name, dock in (("dock.jobs", window.docks.jobs), ("dock.log", window.docks.log)):
        action(window, name).slot()
        assert dock.isVisible()
        action(window, name).slot()
        assert not dock.isVisible()


def test_dropped_texts_go_into_the_project_and_data_is_asked_for(
    window: StudioWindow, scripted_run: Any, tmp_path: Path
) -> None:
    asked: list[str] = []
    scripted_run.session.focus_requested.connect(lambda page, thing: asked.append(page))
    text = tmp_path / "wood.txt"
    text.write_text("Once there was a wood.\n" * 40, "utf-8")
    drop(window, text)
    scripted_run.settle()
    assert [text.name for text in scripted_run.session.project.texts()] == ["wood"]
    assert asked == ["data"]
    assert not window.curtain.isVisible()


def test_dropping_without_a_project_makes_one(window: StudioWindow, scripted_run: Any, tmp_path: Path) -> None:
    scripted_run.session.close_project()
    text = tmp_path / "wood.txt"
    text.write_text("Once there was a wood.\n" * 40, "utf-8")
    drop(window, text)
    scripted_run.settle()
    assert scripted_run.session.project.name == "My project"


def test_what_is_dragged_away_again_leaves_nothing(window: StudioWindow, tmp_path: Path) -> None:
    window.curtain.show_words("Drop to add")
    window.dragLeaveEvent(QDragLeaveEvent())
    assert not window.curtain.isVisible()


def test_words_dragged_from_elsewhere_are_not_files(window: StudioWindow) -> None:
    data = QMimeData()
    data.setText("just words")
    event = QDragEnterEvent(QPoint(1, 1), Qt.DropAction.CopyAction, data, NO_BUTTONS, NO_KEYS)
    event.ignore()
    window.dragEnterEvent(event)
    assert not event.isAccepted()
    assert not window.curtain.isVisible()


def test_the_layout_comes_back(make_window: Callable[..., StudioWindow]) -> None:
    first = make_window()
    first.resize(960, 640)  # the offscreen screen is 800 wide and more would be cut to it
    first.docks.toggle_log()
    memory = first.layout_state()
    assert memory["page"] == "home"
    second = make_window(memory, shown=False)
    assert second.height() == 640
    assert not second.docks.log.isHidden()
    assert second.docks.jobs.isHidden()


@pytest.mark.parametrize("damaged", [{"geometry": 7}, {"geometry": "no base 64"}, {"docks": "§"}, {"recent": []}])
def test_a_damaged_layout_costs_nothing(make_window: Callable[..., StudioWindow], damaged: dict[str, Any]) -> None:
    window = make_window(damaged, shown=False)
    assert window.width() >= window.minimumWidth()


def test_the_window_can_be_put_back_in_order(window: StudioWindow) -> None:
    window.docks.toggle_jobs()
    window.docks.toggle_log()
    window.reset_layout()
    assert window.docks.jobs.isHidden()
    assert window.docks.log.isHidden()


def test_the_theme_is_switched_and_remembered(window: StudioWindow, scripted_run: Any) -> None:
    action(window, "theme.toggle").slot()
    assert scripted_run.session.preferences.theme == "light"


def test_unloading_is_possible_only_with_a_model(window: StudioWindow) -> None:
    unload = next(action for action in window.run_actions.actions() if action.name == "model.unload")
    assert not unload.enabled()
    unload.slot()


def test_the_machine_is_told_in_the_status_when_it_was_measured(window: StudioWindow) -> None:
    window.machine.facts = {"device": "cpu", "cores": 2, "precision": "bf16"}
    window.machine.changed.disconnect()
    window._machine_changed()
    assert window.status.device.text() == "CPU · 2 threads · bf16"


def test_everything_in_the_frame_that_takes_input_has_a_name(window: StudioWindow) -> None:
    from PySide6.QtWidgets import QAbstractButton, QLineEdit

    window.docks.toggle_jobs()
    window.docks.toggle_log()
    frame = [window.top, window.rail, window.status, window.palette_view, window.docks.jobs, window.docks.log]
    inputs = [widget for part in frame for kind in (QAbstractButton, QLineEdit) for widget in part.findChildren(kind)]
    seen = [widget for widget in inputs if not widget.isHidden()]
    assert len(seen) > 8
    assert not [widget for widget in seen if not (widget.accessibleName() or getattr(widget, "text", str)())]


def test_the_log_opens_wider_than_the_jobs(window: StudioWindow, qtbot: QtBot) -> None:
    window.docks.toggle_jobs()
    window.docks.show_log()
    qtbot.waitUntil(lambda: window.docks.sized and window.docks.log.width() > window.docks.jobs.width())
