"""Settings: every row is a knob of Preferences and counts at once."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from studio.core.knobs import knobs_of
from studio.panels import PANELS
from studio.panels.pretrain import PRIMARY_KEYS
from studio.panels.settings import KEYS, SettingsPanel
from studio.shell.docks import LogFeed
from studio.shell.window import StudioWindow
from studio.store.places import places
from studio.store.preferences import Preferences, load_preferences
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


@pytest.fixture
def settings(qtbot: QtBot, scripted_run: Any) -> Iterator[SettingsPanel]:
    panel = SettingsPanel(scripted_run.session, Look(places().resources))
    qtbot.addWidget(panel)
    panel.resize(1000, 700)
    with qtbot.waitExposed(panel):
        panel.show()
    scripted_run.session.changed.connect(panel.refresh)
    panel.refresh(frozenset())
    yield panel
    scripted_run.session.changed.disconnect(panel.refresh)


def test_every_preference_has_a_row_but_the_one_the_window_keeps(settings: SettingsPanel) -> None:
    rows = {name for form in settings.forms.values() for name in form._rows}
    assert set(knobs_of(Preferences)) - rows == {"last_project"}


def test_an_edit_counts_at_once_and_is_on_disk(settings: SettingsPanel, scripted_run: Any) -> None:
    form = settings.forms["general"]
    row = form.row("reduce_motion")
    row.set_value(True)
    form._edited()
    assert scripted_run.session.preferences.reduce_motion
    assert load_preferences(scripted_run.session.places.preferences).reduce_motion


def test_an_edit_in_one_tab_leaves_the_others_alone(settings: SettingsPanel, scripted_run: Any) -> None:
    settings.forms["compute"].row("threads").set_value(2)
    settings.forms["compute"]._edited()
    settings.forms["general"].row("theme").set_value("light")
    settings.forms["general"]._edited()
    preferences = scripted_run.session.preferences
    assert (preferences.threads, preferences.theme) == (2, "light")


def test_what_changed_elsewhere_is_shown(settings: SettingsPanel, scripted_run: Any) -> None:
    from dataclasses import replace

    session = scripted_run.session
    session.set_preferences(replace(session.preferences, theme="dark"))
    assert settings.forms["general"].value().theme == "dark"


def test_another_language_says_when_it_will_be_seen(settings: SettingsPanel, scripted_run: Any) -> None:
    settings.forms["general"].row("language").set_value("pseudo")
    settings.forms["general"]._edited()
    assert scripted_run.session.preferences.language == "pseudo"
    assert "next start" in settings.banner.message.text()


def test_folders_are_shown_and_opened(
    settings: SettingsPanel, scripted_run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    assert settings.places["home"].text() == str(scripted_run.session.places.home)
    settings.forms["folders"].row("projects_folder").set_value(str(tmp_path))
    settings.forms["folders"]._edited()
    assert settings.places["projects"].text() == str(tmp_path)
    show = next(button for button in settings.findChildren(QPushButton) if "New projects" in button.accessibleName())
    show.click()
    assert opened[0].toLocalFile() == str(tmp_path)


def test_the_doctor_examines_when_it_is_first_seen(settings: SettingsPanel, scripted_run: Any, qtbot: QtBot) -> None:
    doctor = settings.doctor
    assert not doctor.examined
    settings.focus_on("doctor")
    assert doctor.examined
    scripted_run.settle()
    assert len(doctor.findings) == 11
    assert doctor.verdict.text()
    qtbot.mouseClick(doctor.copy, Qt.MouseButton.LeftButton)
    assert "Python" in QGuiApplication.clipboard().text()
    qtbot.mouseClick(doctor.again, Qt.MouseButton.LeftButton)
    scripted_run.settle()
    assert len(doctor.findings) == 11


def test_what_was_measured_stands_beside_the_choice(settings: SettingsPanel) -> None:
    assert settings.facts["torch"].text() == "measuring…"
    machine = settings._machine
    machine.facts = {
        "device": "cpu", "gpu": "", "precision": "bf16", "largest_model": 350_000_000, "torch": "2.13.0",
        "fp32_mode": "highest", "fp32_error_medium": 1e-7, "fp32_error_highest": 1e-7,
    }  # fmt: skip
    machine.changed.emit()
    assert settings.facts["device"].text() == "CPU"
    assert settings.facts["largest_model"].text() == "≈ 350 M"
    assert settings.doctor.findings[0].name == "PyTorch"


def test_the_keys_it_lists_are_those_that_work(look: Look, scripted_run: Any, qtbot: QtBot) -> None:
    feed = LogFeed(logging.getLogger("atelier"))
    window = StudioWindow(look, {}, PANELS)
    window.furnish(scripted_run.session, feed)
    qtbot.addWidget(window)
    known = {action.shortcut for action in window.actions_list._own} | {"Ctrl+K", PRIMARY_KEYS}
    listed = {part for keys, _ in KEYS for part in keys.split(" … ")}
    assert listed <= known
    feed.close()
