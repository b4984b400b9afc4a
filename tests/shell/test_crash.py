"""What nobody expected reaches the log and one dialog, never a silent end; a StudioError reaches a sentence."""

import logging
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QtMsgType
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.core.errors import StudioError
from studio.shell.crash import CrashWatch, fingerprint, leftover_faults
from studio.shell.crash_dialog import CrashDialog
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


@pytest.fixture
def watch(tmp_path: Path, qapp: QApplication) -> Iterator[CrashWatch]:
    made = CrashWatch(tmp_path / "logs")
    made.write_log()
    yield made
    made.uninstall()


def fail(words: str = "inside") -> tuple[type[BaseException], BaseException, object]:
    try:
        raise RuntimeError(words)
    except RuntimeError as error:
        return RuntimeError, error, error.__traceback__


def log_text(tmp_path: Path) -> str:
    return (tmp_path / "logs" / "atelier.log").read_text("utf-8")


def test_a_failure_is_logged_and_announced(watch: CrashWatch, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    watch.crashed.connect(told.append)
    watch.report(*fail())  # type: ignore[arg-type]
    assert "RuntimeError: inside" in told[0]
    assert "RuntimeError: inside" in log_text(tmp_path)


def test_the_same_failure_is_announced_once_and_logged_each_time(
    watch: CrashWatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    watch.crashed.connect(told.append)
    for number in range(3):
        watch.report(*fail(f"inside {number}"))  # type: ignore[arg-type]
    assert len(told) == 1
    assert log_text(tmp_path).count("RuntimeError: inside") == 3


def test_two_places_are_two_failures() -> None:
    first, second = fail(), None
    try:
        raise RuntimeError("elsewhere")
    except RuntimeError as error:
        second = error.__traceback__
    assert fingerprint(RuntimeError, first[2]) != fingerprint(RuntimeError, second)  # type: ignore[arg-type]
    assert fingerprint(RuntimeError, second) != fingerprint(ValueError, second)


def test_a_studio_error_that_reached_nobody_is_a_sentence_and_no_crash(
    watch: CrashWatch, caplog: pytest.LogCaptureFixture
) -> None:
    crashes: list[str] = []
    sentences: list[StudioError] = []
    watch.crashed.connect(crashes.append)
    watch.refused.connect(sentences.append)
    watch.report(StudioError, StudioError("The disk is full.", "Free some space."), None)
    assert crashes == []
    assert sentences[0].hint == "Free some space."


def test_the_hooks_are_taken_and_given_back(watch: CrashWatch) -> None:
    before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    watch.install()
    assert sys.excepthook != before[0]
    watch.uninstall()
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == before


def test_a_failure_in_a_thread_is_caught(watch: CrashWatch, qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    watch.install()
    try:
        with qtbot.waitSignal(watch.crashed) as crashed:
            thread = threading.Thread(target=lambda: 1 / 0)
            thread.start()
            thread.join()
    finally:
        watch.uninstall()
    assert "ZeroDivisionError" in crashed.args[0]


def test_ctrl_c_is_no_crash(watch: CrashWatch) -> None:
    told: list[str] = []
    watch.crashed.connect(told.append)
    watch._on_exception(KeyboardInterrupt, KeyboardInterrupt(), None)  # type: ignore[arg-type]
    assert told == []


def test_what_qt_says_goes_to_the_log(watch: CrashWatch, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    watch._on_qt_message(QtMsgType.QtWarningMsg, None, "a layout is unhappy")  # type: ignore[arg-type]
    assert "Qt: a layout is unhappy" in log_text(tmp_path)


def test_the_log_rotates(watch: CrashWatch, tmp_path: Path) -> None:
    logger = logging.getLogger("atelier")
    for _ in range(30):
        logger.info("x" * 100_000)
    files = sorted(path.name for path in (tmp_path / "logs").iterdir())
    assert files == ["atelier.log", "atelier.log.1", "atelier.log.2"]


def test_what_a_dead_process_left_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "fault-999999999.txt").write_text("Fatal Python error: Segmentation fault\n", "utf-8")
    (tmp_path / "fault-999999998.txt").write_text("", "utf-8")
    assert "Segmentation fault" in leftover_faults(tmp_path)
    assert leftover_faults(tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


def test_the_file_of_a_living_process_is_left_alone(tmp_path: Path) -> None:
    parent = tmp_path / f"fault-{os.getppid()}.txt"
    parent.write_text("still being written", "utf-8")
    assert leftover_faults(tmp_path) == ""
    assert parent.exists()


def test_the_fault_file_goes_away_when_nothing_happened(watch: CrashWatch, tmp_path: Path) -> None:
    was_on = __import__("faulthandler").is_enabled()
    assert watch.watch_faults() == ""
    assert (tmp_path / "logs" / f"fault-{os.getpid()}.txt").exists()
    watch.uninstall()
    assert not list((tmp_path / "logs").glob("fault-*"))
    if was_on:
        __import__("faulthandler").enable()


def test_the_dialog_says_what_is_safe_and_copies_the_details(qtbot: QtBot, look: Look, tmp_path: Path) -> None:
    dialog = CrashDialog("Traceback: the details", tmp_path / "atelier.log", look)
    qtbot.addWidget(dialog)
    dialog.copy()
    assert QGuiApplication.clipboard().text() == "Traceback: the details"
    assert dialog.copy_button.text() == "Copied"
    words = f"{dialog.headline.text()} {dialog.line.text()}"
    assert "not touched" in words


def test_after_an_abrupt_end_the_dialog_says_so(qtbot: QtBot, look: Look, tmp_path: Path) -> None:
    dialog = CrashDialog("Fatal", tmp_path / "atelier.log", look, earlier=True)
    qtbot.addWidget(dialog)
    words = f"{dialog.headline.text()} {dialog.line.text()}"
    assert "last time" in words
    assert "resumed" in words
