"""The doctor's tab: checks and arithmetic come in the background, can be stopped, and can be sent to somebody."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from studio.core.errors import StudioError
from studio.parts import arithmetic
from studio.parts.checkup import Finding
from studio.parts.doctor import Doctor
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


def row(verdict: str = "good", **given: Any) -> dict[str, Any]:
    return {
        "device": "cpu", "what": "Forward", "error": 6e-7, "tolerance": 2e-5, "verdict": verdict, "note": "",
    } | given  # fmt: skip


@pytest.fixture
def doctor(session: Any, look: Look, on_screen: Callable[[QWidget], None], qtbot: QtBot) -> Doctor:
    shown = Doctor(session, look)
    on_screen(shown)
    return shown


def examine_with(monkeypatch: pytest.MonkeyPatch, target: Callable[..., Any]) -> None:
    monkeypatch.setattr(arithmetic, "EXAMINE", target)


def test_what_wants_attention_stands_first(doctor: Doctor) -> None:
    doctor._found = [
        Finding("Fine", "good", "fine"),
        Finding("Bad", "danger", "bad", "Mend it."),
        Finding("Hm", "warning", "hm"),
    ]
    doctor._draw()
    names = [doctor._grid.itemAtPosition(line, 1) for line in range(0, 6, 2)]
    assert [item.widget().text() for item in names if item] == ["Bad", "Hm", "Fine"]
    assert doctor.verdict.text() == "2 things to look at"


def test_old_lines_go_when_new_ones_come(doctor: Doctor, qtbot: QtBot) -> None:
    for text in ("one", "two"):
        doctor._found = [Finding("Disk", "good", text)]
        doctor._draw()

    def shown() -> set[str]:
        return {label.text() for label in doctor.findChildren(QLabel) if label.isVisibleTo(doctor)}

    qtbot.waitUntil(lambda: "two" in shown())
    assert "one" not in shown()


def test_nothing_is_examined_before_torch_is_there(doctor: Doctor, scripted_run: Any) -> None:
    doctor.examine()
    scripted_run.settle()
    assert doctor.arithmetic.rows == []
    assert not doctor.arithmetic.button.isEnabled()


def test_the_rows_come_with_their_conclusion(
    doctor: Doctor, scripted_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def examine(progress: Callable[[int, int], None]) -> Iterator[dict[str, Any]]:
        progress(0, 1)
        yield row()

    examine_with(monkeypatch, examine)
    doctor.arithmetic.examine()
    assert doctor.arithmetic.button.text() == "Stop"
    scripted_run.settle()
    assert doctor.arithmetic.table.rows() == [row()]
    assert doctor.arithmetic.words.text() == "1 check, right on CPU"
    assert doctor.arithmetic.button.text() == "Examine again"
    assert doctor.arithmetic.trouble == []


def test_a_wrong_device_is_a_finding_of_its_own(
    doctor: Doctor, scripted_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = row("failed", device="cuda:0", error=None, note="no kernel image")
    examine_with(monkeypatch, lambda: iter([row(), bad]))
    doctor.arithmetic.examine()
    scripted_run.settle()
    assert doctor.arithmetic.trouble[0].level == "danger"
    assert doctor.arithmetic.said.text() == "GPU 0: no kernel image"
    assert doctor.arithmetic.said.isVisible()
    assert doctor.arithmetic.words.property("role") == "danger"


def test_an_examination_can_be_stopped_and_says_how_far_it_came(
    doctor: Doctor, scripted_run: Any, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    go_on = threading.Event()

    def examine(keep_going: Callable[[], bool]) -> Iterator[dict[str, Any]]:
        yield row()
        go_on.wait(5)
        while keep_going():
            yield row()

    examine_with(monkeypatch, examine)
    doctor.arithmetic.examine()
    qtbot.waitUntil(lambda: len(doctor.arithmetic.rows) == 1)
    monkeypatch.setattr(type(doctor._session), "torch_state", "ready")
    doctor.arithmetic._show()
    qtbot.mouseClick(doctor.arithmetic.button, Qt.MouseButton.LeftButton)
    go_on.set()
    scripted_run.settle()
    assert doctor.arithmetic.rows == [row()]
    assert doctor.arithmetic.words.text() == "stopped after 1 check"
    assert doctor.arithmetic.button.text() == "Examine again"


def test_an_examination_that_cannot_begin_is_a_row(
    doctor: Doctor, scripted_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise StudioError("PyTorch is not there.")

    examine_with(monkeypatch, broken)
    doctor.arithmetic.examine()
    scripted_run.settle()
    assert doctor.arithmetic.rows[0]["verdict"] == "failed"


def test_the_copied_report_holds_the_rows_and_says_what_is_left_out(doctor: Doctor, scripted_run: Any) -> None:
    doctor._found, doctor.arithmetic.rows = [Finding("Disk", "good", "1 GB free")], [row()]
    told: list[str] = []
    doctor._session.notices.posted.connect(lambda notice: told.append(notice.text))
    doctor.copy_report()
    text = QGuiApplication.clipboard().text()
    assert "[ok] Disk: 1 GB free" in text
    assert "6.0e-7" in text
    assert "login name" in told[0]
