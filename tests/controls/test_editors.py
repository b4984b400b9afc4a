"""The editors that are not numbers: a list, a switch, a line, a path."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from studio.controls.editors import ChoiceEdit, PathEdit, StopsEdit, Switch, TextEdit, editor_for
from studio.core.knobs import Knob
from studio.widgets.look import Look

pytestmark = pytest.mark.gui
Show = Callable[..., None]


@pytest.mark.parametrize(
    ("kind", "knob", "editor"),
    [
        (bool, Knob("", ""), Switch), (str, Knob("", ""), TextEdit), (str, Knob("", "", path="file"), PathEdit),
        (str, Knob("", "", choices=(("a", "A"),)), ChoiceEdit),
    ],
)  # fmt: skip
def test_the_kind_of_field_decides_the_editor(kind: type, knob: Knob, editor: type, look: Look, qtbot: QtBot) -> None:
    made = editor_for(kind, knob, kind(), look)
    qtbot.addWidget(made)
    assert isinstance(made, editor)


def test_a_list_keeps_its_value_when_its_choices_change(look: Look, on_screen: Show) -> None:
    edit = ChoiceEdit([("a", "Alpha"), ("b", "Beta")], look)
    on_screen(edit)
    edit.set_value("b")
    edit.set_choices([("b", "Beta"), ("c", "Gamma")])
    assert edit.value() == "b"
    edit.set_choices([("c", "Gamma")])
    assert edit.value() == "b", "what is not offered is still shown as it is"
    edit.set_value("c")
    assert edit.value() == "c"


def test_setting_a_list_is_silent(look: Look, on_screen: Show, qtbot: QtBot) -> None:
    edit = ChoiceEdit([("a", "Alpha"), ("b", "Beta")], look)
    on_screen(edit)
    with qtbot.assertNotEmitted(edit.changed):
        edit.set_value("b")
        edit.set_choices([("b", "Beta")])
    assert not edit.grab().isNull()


def test_a_switch_turns_by_mouse_and_space(look: Look, on_screen: Show, qtbot: QtBot) -> None:
    switch = Switch(look)
    on_screen(switch)
    with qtbot.assertNotEmitted(switch.changed):
        switch.set_value(True)
    with qtbot.waitSignal(switch.changed):
        qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert switch.value() is False
    with qtbot.waitSignal(switch.changed):
        qtbot.keyClick(switch, Qt.Key.Key_Space)
    assert switch.value() is True


def test_a_switch_looks_different_on_off_focused_and_locked(look: Look, on_screen: Show) -> None:
    switch, other = Switch(look), Switch(look)
    on_screen(switch, other)
    pictures = []
    for on, focused, enabled in ((False, False, True), (True, False, True), (True, True, True), (True, False, False)):
        switch.setEnabled(enabled)
        switch.set_value(on)
        (switch if focused else other).setFocus()
        pictures.append(switch.grab().toImage())
    assert all(one != two for index, one in enumerate(pictures) for two in pictures[:index])


def test_a_line_says_changed_only_when_typed_into(look: Look, on_screen: Show, qtbot: QtBot) -> None:
    line = TextEdit()
    on_screen(line)
    with qtbot.assertNotEmitted(line.changed):
        line.set_value("ROMEO:")
    with qtbot.waitSignal(line.changed):
        qtbot.keyClicks(line, "x")
    assert line.value().replace("x", "") == "ROMEO:"


def test_browsing_for_a_folder_fills_the_line(
    look: Look, on_screen: Show, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit = PathEdit("folder", look)
    on_screen(edit)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    with qtbot.waitSignal(edit.changed):
        qtbot.mouseClick(edit.button, Qt.MouseButton.LeftButton)
    assert edit.value() == str(tmp_path)


def test_leaving_the_dialog_changes_nothing(
    look: Look, on_screen: Show, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit = PathEdit("file", look)
    on_screen(edit)
    edit.set_value("/here.txt")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    with qtbot.assertNotEmitted(edit.changed):
        edit.browse()
    assert edit.value() == "/here.txt"


def test_several_short_texts_are_typed_in_one_line(look: Look, on_screen: Show, qtbot: QtBot) -> None:
    edit = editor_for(tuple[str, ...], Knob("Stop at", ""), (), look)
    assert isinstance(edit, StopsEdit)
    on_screen(edit)
    edit.set_value(("User:", "\n"))
    assert edit.text() == "User: | \\n"
    edit.clear()
    with qtbot.waitSignal(edit.changed):
        qtbot.keyClicks(edit, "The end | ")
    assert edit.value() == ("The end",)
    edit.set_value(("The end",))  # what comes back from the form leaves alone what is being typed
    assert edit.text() == "The end | "
